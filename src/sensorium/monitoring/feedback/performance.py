"""How well the model does: by the labels that were told, and without any by what its confidence promises."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from sensorium.monitoring import names
from sensorium.monitoring.feedback.judged import Told
from sensorium.spelling import spelled

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Performance:
    """Of one target.

    Attributes:
        told: predictions whose label is known from feedback.
        accuracy: of these, if there are any; people report mistakes rather than what is right.
        interval: of it (Wilson 1927), low and high.
        unknown: shares of the told labels that the model has no class for, by label.
        reference: accuracy on the reference.
        estimated: of all predictions, by their confidence; None where the reference has no labels.
    """

    told: int
    accuracy: float | None
    interval: tuple[float, float] | None
    unknown: Mapping[str, float]
    reference: float | None
    estimated: float | None


def measure(
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    told: Sequence[tuple[Told, Mapping[str, Any]]],
    targets: Mapping[str, Sequence[str]],
) -> dict[str, Performance]:
    """The performance on every target.

    The estimate is the mean confidence, which is the accuracy of a calibrated model, less what it is off by on the
    reference; where inputs are of a sort that the model never saw, its confidence means little, and so does this.

    Args:
        rows: of the window.
        reference: of the model.
        told: labels that are believed, with the predictions of the window that they are about.
        targets: classes by target.
    """
    return {target: _of_target(target, rows, reference, told, set(map(spelled, targets[target]))) for target in targets}


def _of_target(
    target: str,
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    told: Sequence[tuple[Told, Mapping[str, Any]]],
    classes: set[str],
) -> Performance:
    pairs = [(one.label, prediction["labels"].get(target)) for one, prediction in told if one.target == target]
    right = sum(given == predicted for given, predicted in pairs)
    news = pd.Series([given for given, _ in pairs if given not in classes], dtype=object).value_counts()
    label, said, confidence = names.label(target), names.said(target), names.confidence(target)
    known = reference[reference[label].notna()] if label in reference else reference[:0]
    truth = float((known[label] == known[said]).mean()) if len(known) else None
    promised = rows[confidence].mean() if len(rows) else None
    off = float(known[confidence].mean()) - truth if truth is not None else None
    return Performance(
        told=len(pairs),
        accuracy=right / len(pairs) if pairs else None,
        interval=proportion_confint(right, len(pairs), 1 - CONFIDENCE, "wilson") if pairs else None,
        unknown={str(given): int(count) / len(pairs) for given, count in news.items()},
        reference=truth,
        estimated=None if promised is None or off is None else float(min(1.0, max(0.0, promised - off))),
    )
