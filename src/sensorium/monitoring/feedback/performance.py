"""How well the model does in service: its accuracy by feedback, and an estimate of it from its confidence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from sensorium.monitoring import names
from sensorium.monitoring.feedback.labels import FeedbackLabel
from sensorium.spelling import spelled

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Performance:
    """The performance on one target.

    Attributes:
        labelled: how many predictions have an accepted label.
        accuracy: of these; ``None`` if there are none. People report mistakes more often than right answers.
        interval: of the accuracy (Wilson 1927), low and high.
        unknown: labels that the model has no class for, each with its fraction of all labels.
        reference: accuracy on the reference; ``None`` if that has no labels.
        estimated: accuracy of all predictions, estimated from their confidence; ``None`` without ``reference``.
    """

    labelled: int
    accuracy: float | None
    interval: tuple[float, float] | None
    unknown: Mapping[str, float]
    reference: float | None
    estimated: float | None


def measure(
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    labelled: Sequence[tuple[FeedbackLabel, Mapping[str, Any]]],
    targets: Mapping[str, Sequence[str]],
) -> dict[str, Performance]:
    """Measures the performance on every target.

    The estimate is the mean confidence (of a calibrated model it is the accuracy) minus its error on the reference. It
    means little for inputs of a kind that the model never saw, since its confidence does.

    Args:
        rows: predictions of the window.
        reference: rows of the model's reference.
        labelled: accepted labels, with the predictions of the window that they are about.
        targets: classes by target.
    """
    return {
        target: _of_target(target, rows, reference, labelled, set(map(spelled, targets[target]))) for target in targets
    }


def _of_target(
    target: str,
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    labelled: Sequence[tuple[FeedbackLabel, Mapping[str, Any]]],
    classes: set[str],
) -> Performance:
    pairs = [(one.value, prediction["labels"].get(target)) for one, prediction in labelled if one.target == target]
    right = sum(value == prediction for value, prediction in pairs)
    unknown = pd.Series([value for value, _ in pairs if value not in classes], dtype=object).value_counts()
    label, predicted, confidence = names.label(target), names.predicted(target), names.confidence(target)
    known = reference[reference[label].notna()] if label in reference else reference[:0]
    truth = float((known[label] == known[predicted]).mean()) if len(known) else None
    promised = rows[confidence].mean() if len(rows) else None
    off = float(known[confidence].mean()) - truth if truth is not None else None
    return Performance(
        labelled=len(pairs),
        accuracy=right / len(pairs) if pairs else None,
        interval=proportion_confint(right, len(pairs), 1 - CONFIDENCE, "wilson") if pairs else None,
        unknown={str(value): int(count) / len(pairs) for value, count in unknown.items()},
        reference=truth,
        estimated=None if promised is None or off is None else float(min(1.0, max(0.0, promised - off))),
    )
