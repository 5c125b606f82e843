"""The flow `retrain`: new data, the same pipeline, the gate, a person where one is asked for, and promote or keep."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed

from flows import artifacts, commands, pages
from flows.approval import refusal
from flows.stage import StageFailed, push
from flows.step import step
from flows.train import alone_in, train

COLLECTED, CONCLUDED = "data/monitoring/collect.json", "data/monitoring/retrain.json"
Json = dict[str, Any]


@flow(name="retrain")
def retrain(reason: str = "by hand", check: str | None = None) -> State:
    """Trains on what was learned since; the state's name is the outcome.

    Args:
        reason: why, such as ``drift`` or ``feedback``.
        check: the id of the check that asked for it.
    """
    root = Path.cwd()
    try:
        # A lock of the kernel's, which ends with the process: Prefect's own limit outlives a power cut.
        held = FileLock(root / ".dvc" / "tmp" / "retrain.lock").acquire(timeout=0)
    except Timeout:
        return Completed(name="Not begun", message="another retrain is at work in this workspace")
    with held:
        try:
            return _retrain(root, [reason, *(["--check", check] if check else [])])
        except StageFailed as failure:
            return Failed(message=failure.cause)


def _retrain(root: Path, why: list[str]) -> State:
    with alone_in(root):
        begun = step(root, COLLECTED, "collect", *why)
    if not begun["begun"]:
        return Completed(name="Not begun", message=begun["why"])
    with _ended_whatever_happens(root):
        trained = train(return_state=True)
        gate = artifacts.read_figures(root).get("gate")
        if trained.is_completed():
            ended = _promote(root, begun, gate) if gate and begun["approval"] else _conclude(root)
        elif gate and not gate["passed"] and str(trained.message).startswith("package: "):
            ended = _conclude(root)
            push(root, return_state=True)  # which the pipeline leaves out where a stage fails
        else:
            gate = None  # of an earlier run
            ended = _conclude(root, "--failed", str(trained.message))
    create_markdown_artifact(
        pages.of_retrain(begun, ended, gate), key="retrain", description=pages.quoted(ended["why"])
    )
    name = ended["outcome"].capitalize()
    return (Failed if name == "Failed" else Completed)(name=name, message=ended["why"])


def _promote(root: Path, begun: Json, gate: Json) -> Json:
    """Promotes the model of the workspace if a person approves it."""
    asked_about = _model(root)
    why = refusal(
        pages.of_question(begun, gate, artifacts.address(root, "reports/index.html")), begun["approval_hours"]
    )
    return _conclude(root, "--declined", why) if why else _conclude(root, approved=asked_about)


def _conclude(root: Path, *how: str, approved: bytes | None = None) -> Json:
    with alone_in(root):
        if approved is not None and _model(root) != approved:
            how = ("--declined", "the workspace holds another model than the one that was approved")
        return step(root, CONCLUDED, "conclude", *how)


def _model(root: Path) -> bytes:
    """What tells the workspace's model, and all that it was made of, from any other."""
    return (root / "dvc.lock").read_bytes()


@contextmanager
def _ended_whatever_happens(root: Path) -> Iterator[None]:
    """Concludes a retrain that is cancelled or breaks, so that the next one finds nothing half done."""
    try:
        yield
    except BaseException as error:
        commands.end_all()
        cause = getattr(error, "cause", str(error)) if isinstance(error, Exception) else "the run was cancelled"
        try:
            step(root, CONCLUDED, "conclude", "--failed", cause)
        except Exception:
            get_run_logger().warning("the retrain could not be concluded; the next one will do it", exc_info=True)
        raise
