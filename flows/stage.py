"""A stage of the pipeline as a Prefect task."""

import re
from pathlib import Path
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.commands import Finished, are_ending, run

USERS_MISTAKE = "exited with 2"  # DVC's words for the status by which sensorium tells mistakes from accidents
CUT_OFF = re.compile(r"Unable to read RWLock-file '(.+)'\. JSON structure is corrupted")  # DVC's words
# DVC's words; of a stage that always looks whether something has changed, its own.
OUTCOMES = {"didn't change": "Up to date", "is cached - skipping run": "From cache"}


class StageFailed(Exception):  # noqa: N818 - an outcome, as in the name of the state
    """A stage that ended in an error: its cause, then its last lines."""

    def __init__(self, name: str, finished: Finished) -> None:
        self.cause = f"{name}: {_cause(finished)}"
        self.is_users_mistake = finished.says(USERS_MISTAKE)
        super().__init__("\n".join([self.cause, "", "Its last lines:", *finished.lines]))


def _cause(finished: Finished) -> str:
    """The sentence that a stage printed for its user, else the last line that is not DVC's."""
    errors = [line.removeprefix("error: ") for line in finished.lines if line.startswith("error: ")]
    shown = [line for line in finished.lines if not line.startswith((" ", "Running stage", "> "))]
    return (errors or shown or [f"ended with status {finished.status}"])[-1]


def is_transient(_task: Any, _run: Any, state: State) -> bool:
    """Whether another try may help: not where the data, the params or the environment must be mended first."""
    if are_ending():
        return False
    try:
        state.result()
    except StageFailed as failure:
        return not failure.is_users_mistake
    except Exception:
        return True
    return False


def outcome_of(finished: Finished) -> str:
    """What became of a stage that succeeded."""
    return next((outcome for words, outcome in OUTCOMES.items() if finished.says(words)), "Completed")


@task(
    task_run_name="{name}",
    retries=2,
    retry_delay_seconds=[2, 10],
    retry_condition_fn=is_transient,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def run_stage(name: str, root: Path, force: bool) -> State:
    """Has DVC reproduce one stage; the state's name tells whether it ran.

    Raises:
        StageFailed: if it did not succeed.
    """
    logger = get_run_logger()
    options = ["--force"] if force else []
    command = ["dvc", "--wait-for-lock", "repro", "--single-item", *options, name]
    finished = run(command, root, logger.info)
    if finished.status:
        _heal(finished, root)
        raise StageFailed(name, finished)
    outcome = outcome_of(finished)
    return Completed(name=outcome, message=f"{name}: {outcome.lower()}")


def _heal(finished: Finished, root: Path) -> None:
    """Removes DVC's note of who reads and writes what, where a kill cut it off: DVC makes another in the next try."""
    for line in finished.lines:
        if found := CUT_OFF.search(line):
            (root / found[1]).unlink(missing_ok=True)


@task(task_run_name="push", retries=2, retry_delay_seconds=[2, 10], cache_policy=NO_CACHE, persist_result=False)
def push(root: Path) -> State:
    """Pushes data and models to the default remote of DVC, where there is one.

    Raises:
        StageFailed: if the remote does not take them.
    """
    logger = get_run_logger()
    if not run(["dvc", "config", "core.remote"], root, lambda _: None).lines:
        return Completed(name="No remote", message="no default remote is configured, so nothing is pushed")
    finished = run(["dvc", "--wait-for-lock", "push"], root, logger.info)
    if finished.status:
        raise StageFailed("push", finished)
    return Completed(message=finished.lines[-1] if finished.lines else "pushed")
