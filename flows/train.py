"""The flow `train`: the pipeline of dvc.yaml, a task a stage.

python -m flows.train -S search.trials=5 --target evaluate
"""

import argparse
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.exceptions import InvalidArgumentError
from dvc.utils.hydra import apply_overrides
from filelock import FileLock, Timeout
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.states import Completed, Failed
from prefect.task_runners import ThreadPoolTaskRunner

from flows import artifacts, commands
from flows.graph import read_stages
from flows.stage import StageFailed, push, run_stage

# Stages at once; DVC and the machine's cores set the pace.
ABREAST: Any = ThreadPoolTaskRunner(max_workers=4)


@flow(name="train", task_runner=ABREAST)
def train(overrides: list[str] | None = None, target: str | None = None, force: bool = False) -> State:
    """Brings the workspace up to date with data, params and code.

    Args:
        overrides: changes of params.yaml in the syntax of ``dvc exp run -S``, such as ``search.trials=5``; as with
            DVC they stay in the file, so that it tells what the results were made with.
        target: the last stage to run; all by default.
        force: run every stage, changed or not.
    """
    root = Path.cwd()
    with alone_in(root), _ending_together():
        if overrides:
            override(root, overrides)
            get_run_logger().info("params.yaml: %s", ", ".join(overrides))
        before = artifacts.read_figures(root)
        futures: dict[str, PrefectFuture[Any]] = {}
        for stage in read_stages(root, target):
            task = run_stage.with_options(tags={*stage.tags})
            futures[stage.name] = task.submit(
                stage.name, root, force, wait_for=[futures[need] for need in stage.needs], return_state=False
            )
        causes = [cause for name, future in futures.items() if (cause := _cause(name, future))]
        artifacts.leave(root, before, artifacts.read_figures(root))
        if not causes:
            causes = [cause for cause in [_cause("push", push.submit(root))] if cause]
        if causes:
            return Failed(message="; ".join(causes))
    return Completed(message=f"{len(futures)} stages are up to date")


@contextmanager
def alone_in(root: Path) -> Iterator[None]:
    """Waits until no other run uses the workspace; a killed run's hold ends with it."""
    lock = FileLock(root / ".dvc" / "tmp" / "train.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        get_run_logger().info("another run is using this workspace; waiting for it to end")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _ending_together() -> Iterator[None]:
    """Ends the stages' commands when the run is cancelled: Prefect then raises in the middle of the flow."""
    try:
        yield
    except BaseException:
        commands.end_all()
        raise


def override(root: Path, overrides: list[str]) -> None:
    """Changes params.yaml at one stroke: a kill or a full disk leaves the old or the new.

    Raises:
        ValueError: if a change is none.
    """
    path, beside = root / "params.yaml", root / ".dvc" / "tmp" / "params.yaml"  # which git does not see
    shutil.copy(path, beside)
    try:
        apply_overrides(beside, overrides)
    except InvalidArgumentError as error:
        raise ValueError(f"params.yaml: {' '.join(overrides)}: {error.__cause__ or error}") from error
    with beside.open() as file:
        os.fsync(file.fileno())
    beside.replace(path)


def _cause(name: str, future: PrefectFuture[Any]) -> str | None:
    """Why a stage failed; ``None`` if it did not, or only waited for one that did."""
    future.wait()
    state = future.state
    if state.is_completed() or state.name == "NotReady":
        return None
    try:
        state.result()
    except StageFailed as failure:
        return failure.cause
    except Exception as error:
        return f"{name}: {error}"
    return f"{name}: {state.name}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m flows.train", description="Run the pipeline as a Prefect flow.")
    parser.add_argument("-S", "--set-param", action="append", metavar="KEY=VALUE", help="a change of params.yaml")
    parser.add_argument("--target", help="the last stage to run")
    parser.add_argument("--force", action="store_true", help="run every stage, changed or not")
    given = parser.parse_args()
    raise SystemExit(train(given.set_param, given.target, given.force, return_state=True).is_failed())
