"""The flow `approval`: a person says on Prefect's page whether a model is promoted."""

from typing import Any

from prefect import flow, pause_flow_run
from prefect.client.schemas.objects import State
from prefect.exceptions import FlowPauseTimeout
from prefect.input import RunInput
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed
from prefect.utilities.urls import url_for
from pydantic import Field

POLL_SECONDS = 2


class Approval(RunInput):
    """The form on the page."""

    approve: bool = Field(title="Promote this model", description="If not, the champion stays.")
    note: str = Field("", title="Note", description="Why; it is kept with the retrain.")


def refusal(question: str, hours: float) -> str | None:
    """Asks a person; why a model is not to be promoted, ``None`` if it is.

    Args:
        question: what the person is shown, as markdown.
        hours: after which no answer is a refusal.
    """
    try:
        answer: Any = approval(question, hours)
    except FlowPauseTimeout:
        return f"nobody approved within {hours:g} hours"
    return None if answer.approve else f"refused{_because(answer)}"


@flow(name="approval")
def approval(question: str, hours: float) -> State:
    """Waits for an answer, as a run of its own: a pause takes away a run's place under a deployment's limit."""
    place = url_for("flow-run", obj_id=flow_run.id)
    get_run_logger().warning("approval is asked for, for %g hours: press Resume at %s", hours, place)
    form = Approval.with_initial_data(description=question)
    answer = pause_flow_run(wait_for_input=form, timeout=max(1, round(hours * 3600)), poll_interval=POLL_SECONDS)
    name = "Approved" if answer.approve else "Refused"
    return Completed(name=name, message=f"{name.lower()}{_because(answer)}", data=answer)


def _because(answer: Approval) -> str:
    return f": {answer.note}" if answer.note else ""
