"""What a check looked at, and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from sensorium.files import rounded
from sensorium.monitoring import retrains
from sensorium.monitoring.drift import words
from sensorium.monitoring.drift.check import Outcome, Reference
from sensorium.monitoring.evidently.columns import Compared
from sensorium.monitoring.feedback.choice import Choice
from sensorium.monitoring.feedback.judged import Feedback
from sensorium.monitoring.feedback.performance import Performance
from sensorium.monitoring.log.lines import counted
from sensorium.monitoring.log.window import Window
from sensorium.monitoring.settings import Retrain
from sensorium.runtime.predictor import Predictor


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
        learnt: what of that can be learnt from; a sentence where it cannot be told.
        performance: by target.
        outcome: of the comparison; None where there is too little to tell.
        compared: what Evidently made of it.
    """

    now: datetime
    hours: float
    predictor: Predictor
    reference: Reference
    window: Window
    rows: pd.DataFrame
    feedback: Feedback
    learnt: Choice | str
    performance: Mapping[str, Performance]
    outcome: Outcome | None
    compared: Compared | None


def describe(found: Checked, settings: Retrain) -> dict[str, Any]:
    """The check as data, with a retrain that it asks for."""
    inputs, outcome = list(found.predictor.inputs), found.outcome
    tests = outcome.findings if outcome else []
    moved = words.drifted(tests, inputs)
    verdict = words.TOO_FEW if not outcome else words.DRIFT if moved else words.NO_DRIFT
    said = words.answer(tests, inputs, found.performance) if outcome else [_too_few(found)]
    wish, why = decide(verdict, found.learnt, settings)
    return rounded({
        "id": found.now.strftime("%Y%m%dT%H%M%SZ"),
        "time": found.now.isoformat(timespec="seconds"),
        "hours": found.hours,
        "model_version": found.predictor.version,
        "predictions": found.window.predictions,
        "independent": len(found.rows),
        "verdict": verdict,
        "words": said[0],
        "notes": [*said[1:], *found.window.notes, *found.feedback.notes, *_of_feedback(found.learnt)],
        "drifted": moved,
        "tests": [
            {"about": test.about, "what": test.what, "p": test.p_value, "bound": outcome.bound,
             "effect": test.effect, "drifted": test.drifted, "words": test.words}
            for test in tests if outcome
        ],
        "performance": {target: _shown(one) for target, one in found.performance.items()},
        "feedback": _counts(found.learnt),
        "retrain": wish,
        "why": why,
    })  # fmt: skip


def decide(verdict: str, learnt: Choice | str, settings: Retrain) -> tuple[str | None, str]:
    """The reason for which a retrain is asked for, if it is, and why or why not."""
    if isinstance(learnt, str):
        return None, "No retrain is asked for: what can be learnt from is not known."
    told = f"{counted(learnt.fresh, 'new labelled prediction')} can be learnt from"
    for reason, holds in ((retrains.DRIFT, verdict == words.DRIFT), (retrains.FEEDBACK, True)):
        if holds and learnt.fresh >= retrains.needed(reason, settings):
            return reason, f"A retrain is asked for on {reason}: {told}."
    wanted = retrains.needed(retrains.DRIFT if verdict == words.DRIFT else retrains.FEEDBACK, settings)
    return None, f"No retrain is asked for: {told}, {wanted} are needed."


def _too_few(found: Checked) -> str:
    model, predictions = found.predictor.version, found.window.predictions
    return words.too_few(found.hours, model, predictions, len(found.rows), found.reference.grouped_by)


def _of_feedback(learnt: Choice | str) -> list[str]:
    if isinstance(learnt, str):
        return [f"What can be learnt from feedback is not known: {learnt}"]
    return words.set_aside({str(reason): int(n) for reason, n in learnt.rejected["reason"].value_counts().items()})


def _counts(learnt: Choice | str) -> dict[str, int]:
    """Predictions that can be learnt from, those of them that are new, and labels that are set aside."""
    if isinstance(learnt, str):
        return {"usable": 0, "new": 0, "rejected": 0}
    return {"usable": len(learnt.earlier) + len(learnt.new), "new": learnt.fresh, "rejected": len(learnt.rejected)}


def _shown(found: Performance) -> dict[str, Any]:
    low, high = found.interval or (None, None)
    return {
        "told": found.told,
        "accuracy": found.accuracy,
        "low": low,
        "high": high,
        "reference": found.reference,
        "estimated": found.estimated,
        "unknown": dict(found.unknown),
    }
