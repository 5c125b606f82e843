"""The result of a check: what it read, what it found, and whether it asks for a retrain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from sensorium.files import rounded
from sensorium.monitoring import retrains
from sensorium.monitoring.drift import words
from sensorium.monitoring.drift.detection import DriftResult, Reference
from sensorium.monitoring.evidently.columns import EvidentlyReport
from sensorium.monitoring.feedback.labels import Feedback
from sensorium.monitoring.feedback.performance import Performance
from sensorium.monitoring.feedback.selection import Selection
from sensorium.monitoring.log.lines import counted
from sensorium.monitoring.log.window import Window
from sensorium.monitoring.settings import Retrain
from sensorium.runtime.predictor import Predictor


@dataclass(frozen=True)
class CheckResult:
    """What a check read and found.

    Attributes:
        now: time of the check.
        hours: how far back it looked.
        predictor: the served model.
        reference: of that model.
        window: the predictions of these hours.
        rows: those of them that may count as independent.
        feedback: all labels, accepted or not.
        selection: the feedback that a retrain can learn from; a sentence that says why, if that is not known.
        performance: by target.
        drift: of ``rows`` from the reference; ``None`` if there are too few rows.
        evidently: the same for Evidently's pages; ``None`` likewise.
    """

    now: datetime
    hours: float
    predictor: Predictor
    reference: Reference
    window: Window
    rows: pd.DataFrame
    feedback: Feedback
    selection: Selection | str
    performance: Mapping[str, Performance]
    drift: DriftResult | None
    evidently: EvidentlyReport | None


def to_json(found: CheckResult, settings: Retrain) -> dict[str, Any]:
    """The check as it is written to check.json, with the retrain that it asks for, if any."""
    inputs, drift = list(found.predictor.inputs), found.drift
    tests = drift.findings if drift else []
    moved = words.drifted(tests, inputs)
    verdict = words.TOO_FEW if not drift else words.DRIFT if moved else words.NO_DRIFT
    sentences = words.answer(tests, inputs, found.performance) if drift else [_too_few(found)]
    reason, why = decide_retrain(verdict, found.selection, settings)
    return rounded({
        "id": found.now.strftime("%Y%m%dT%H%M%SZ"),
        "time": found.now.isoformat(timespec="seconds"),
        "hours": found.hours,
        "model_version": found.predictor.version,
        "predictions": found.window.predictions,
        "independent": len(found.rows),
        "verdict": verdict,
        "words": sentences[0],
        "notes": [*sentences[1:], *found.window.notes, *found.feedback.notes, *_of_feedback(found.selection)],
        "drifted": moved,
        "tests": [
            {"about": test.about, "what": test.what, "p_value": test.p_value, "bound": drift.bound,
             "effect": test.effect, "drifted": test.drifted, "words": test.words}
            for test in tests if drift
        ],
        "performance": {target: _performance_json(one) for target, one in found.performance.items()},
        "feedback": _counts(found.selection),
        "retrain": reason,
        "why": why,
    })  # fmt: skip


def decide_retrain(verdict: str, selection: Selection | str, settings: Retrain) -> tuple[str | None, str]:
    """Whether to ask for a retrain.

    Args:
        verdict: of the check.
        selection: the feedback to learn from, or why it is not known.
        settings: how much of it a retrain needs.

    Returns:
        The reason of the retrain, ``None`` if none is asked for; and a sentence that explains it.
    """
    if isinstance(selection, str):
        return None, "No retrain is asked for: what can be learnt from is not known."
    available = f"{counted(selection.untrained, 'new labelled prediction')} can be learnt from"
    for reason, holds in ((retrains.DRIFT, verdict == words.DRIFT), (retrains.FEEDBACK, True)):
        if holds and selection.untrained >= retrains.needed_labels(reason, settings):
            return reason, f"A retrain is asked for on {reason}: {available}."
    wanted = retrains.needed_labels(retrains.DRIFT if verdict == words.DRIFT else retrains.FEEDBACK, settings)
    return None, f"No retrain is asked for: {available}, {wanted} are needed."


def _too_few(found: CheckResult) -> str:
    model, predictions = found.predictor.version, found.window.predictions
    return words.too_few(found.hours, model, predictions, len(found.rows), found.reference.grouped_by)


def _of_feedback(selection: Selection | str) -> list[str]:
    if isinstance(selection, str):
        return [f"What can be learnt from feedback is not known: {selection}"]
    return words.rejected({str(reason): int(n) for reason, n in selection.rejected["reason"].value_counts().items()})


def _counts(selection: Selection | str) -> dict[str, int]:
    """Predictions that can be learnt from, how many of them are new, and labels that are rejected."""
    if isinstance(selection, str):
        return {"usable": 0, "new": 0, "rejected": 0}
    usable, rejected = len(selection.earlier) + len(selection.new), len(selection.rejected)
    return {"usable": usable, "new": selection.untrained, "rejected": rejected}


def _performance_json(found: Performance) -> dict[str, Any]:
    low, high = found.interval or (None, None)
    return {
        "labelled": found.labelled,
        "figure": found.kind.main,
        found.kind.main: found.figure,
        "low": low,
        "high": high,
        "reference": found.reference,
        "estimated": found.estimated,
        "unknown": dict(found.unknown),
    } | ({} if found.baseline is None else {"baseline": found.baseline})
