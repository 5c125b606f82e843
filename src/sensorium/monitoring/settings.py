"""The sections ``monitor`` and ``retrain`` of params.yaml."""

from pydantic import Field

from sensorium.runtime.settings import Keep
from sensorium.section import Section


class Monitor(Keep):
    """What is kept of requests, and how checks compare them with the model's reference."""

    hours: float = Field(24.0, gt=0, le=24 * 366, description="how far back a check looks")
    false_alarms: float = Field(
        0.05, ge=0.001, le=0.5, description="chance that a check finds drift, of any input, although there is none"
    )


class Retrain(Section):
    """When a retrain begins, what it learns from, and who approves its model."""

    feedback: int = Field(100, ge=1, description="new labelled predictions that are reason enough")
    feedback_on_drift: int = Field(20, ge=1, description="new labelled predictions that are enough when inputs drifted")
    cooldown_hours: float = Field(24.0, ge=0, description="from one retrain to the next, at least")
    budget: int = Field(4, ge=1, description="retrains in any seven days, at most")
    approval: bool = Field(False, description="a person decides whether a model that passed the gate is promoted")
    approval_hours: float = Field(72.0, gt=0, description="that the decision is waited for; then the champion stays")
    trusted: list[str] = Field([], description="API keys (names) whose labels are learnt from, of any prediction")
