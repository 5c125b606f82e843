"""The flow `monitor`: a check of what was predicted, which asks for a retrain where one is due."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.events.worker import EventsWorker
from prefect.states import Completed, Failed

from flows import artifacts, pages
from flows.stage import StageFailed
from flows.step import step

CHAMPION = {"prefect.resource.id": "sensorium.champion"}


@flow(name="monitor")
def monitor(hours: float | None = None) -> State:
    """Checks the log of predictions; the state's name is the verdict.

    Args:
        hours: how far back to look; as params.yaml has it by default.
    """
    root = Path.cwd()
    try:
        check = step(
            root, "reports/monitoring/check.json", "monitor", *([] if hours is None else ["--hours", f"{hours:g}"])
        )
    except StageFailed as failure:
        return Failed(message=failure.cause)
    create_markdown_artifact(pages.of_check(check), key="monitoring", description=pages.quoted(check["words"]))
    artifacts.link(root, check["page"], text="the check's page", key="monitoring-page")
    if check["retrain"]:
        _ask_for_retrain(check)
    return Completed(name=check["verdict"].capitalize(), message=check["words"])


def _ask_for_retrain(check: dict[str, Any]) -> None:
    payload = {"reason": check["retrain"], "check": check["id"], "words": check["words"]}
    emit_event(f"sensorium.{check['retrain']}", resource=CHAMPION, payload=payload)
    # Events are sent by a thread that a process which ends does not wait for.
    EventsWorker.instance().drain()
