"""What a check looked at, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from sensorium.monitoring.drift.check import Outcome, Reference
from sensorium.monitoring.feedback.judged import Feedback
from sensorium.monitoring.feedback.performance import Performance
from sensorium.monitoring.log.window import Window
from sensorium.serving.predictor import Predictor


@dataclass(frozen=True)
class Checked:
    """All that a check looked at and found.

    Attributes:
        now: when.
        hours: how far back it looked.
        predictor: the served model.
        reference: what it travels with.
        window: what was predicted.
        rows: those of them that may count as independent.
        feedback: what was told.
        performance: by target.
        outcome: of the comparison; None where there is too little to tell.
    """

    now: datetime
    hours: float
    predictor: Predictor
    reference: Reference
    window: Window
    rows: pd.DataFrame
    feedback: Feedback
    performance: Mapping[str, Performance]
    outcome: Outcome | None
