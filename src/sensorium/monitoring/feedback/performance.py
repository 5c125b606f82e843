"""How well the model does in service: its main figure by feedback, and an estimate of it from its confidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sensorium.monitoring import names
from sensorium.monitoring.feedback.labels import FeedbackLabel
from sensorium.targets import Learnt

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Performance:
    """The performance on one target, by its main figure.

    Attributes:
        kind: of the target.
        labelled: how many predictions have an accepted label.
        figure: of these; ``None`` if there are none. People report mistakes more often than right answers.
        interval: of the figure, low and high; ``None`` if they are too few.
        unknown: names in labels that the model cannot say, each with its fraction of all labels.
        unknown_labels: the fraction of labels with any of these.
        reference: the figure on the reference; ``None`` if that has no labels.
        estimated: the figure of all predictions, estimated from their confidence; ``None`` without ``reference``, and
            for a kind without a confidence.
        baseline: the figure of always saying what the training rows alone suggest, by the same labels; ``None`` for a
            kind that is not held against it.
    """

    kind: type[Learnt]
    labelled: int
    figure: float | None
    interval: tuple[float, float] | None
    unknown: Mapping[str, float]
    reference: float | None
    estimated: float | None
    baseline: float | None = None
    unknown_labels: float = 0.0


def measure(
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    labelled: Sequence[tuple[FeedbackLabel, Mapping[str, Any]]],
    targets: Mapping[str, Learnt],
) -> dict[str, Performance]:
    """Measures the performance on every target.

    The estimate is the mean confidence (of a calibrated model it is the accuracy) minus its error on the reference. It
    means little for inputs of a kind that the model never saw, since its confidence does.

    Args:
        rows: predictions of the window.
        reference: rows of the model's reference.
        labelled: accepted labels, with the predictions of the window that they are about.
        targets: of the model.
    """
    return {name: _of_target(name, target, rows, reference, labelled) for name, target in targets.items()}


def _of_target(
    name: str,
    target: Learnt,
    rows: pd.DataFrame,
    reference: pd.DataFrame,
    labelled: Sequence[tuple[FeedbackLabel, Mapping[str, Any]]],
) -> Performance:
    pairs = [(one.value, prediction["predicted"][name]) for one, prediction in labelled if one.target == name]
    labels = [label for label, _ in pairs]
    scores = _scores(target, [predicted.remembered for _, predicted in pairs], labels)
    label = names.label(name)
    known = reference[reference[label].notna()] if label in reference else reference[:0]
    truth = _figure(target, _scores(target, known[names.answer(name, target)], known[label])) if len(known) else None
    constant = _scores(target, [target.constant] * len(labels), labels) if target.constant is not None else scores[:0]
    return Performance(
        kind=type(target),
        labelled=len(labels),
        figure=_figure(target, scores),
        interval=target.interval(scores, CONFIDENCE) if len(scores) else None,
        unknown=_unknown(target, labels),
        reference=truth,
        estimated=_estimated(names.prediction(name, target.promised), rows, known, truth) if target.promised else None,
        baseline=_figure(target, constant),
        unknown_labels=sum(bool(target.unknown(label)) for label in labels) / max(1, len(labels)),
    )


def _scores(target: Learnt, predictions: Iterable[Any], labels: Iterable[Any]) -> np.ndarray:
    return np.array([target.score(one, label) for one, label in zip(predictions, labels, strict=True)])


def _figure(target: Learnt, scores: np.ndarray) -> float | None:
    return float(target.figure_of(scores.mean())) if len(scores) else None


def _unknown(target: Learnt, labels: Sequence[str]) -> dict[str, float]:
    """The names in labels that the model cannot say, each with the part of labels that have it."""
    unknown = pd.Series([name for label in labels for name in target.unknown(label)], dtype=object).value_counts()
    return {str(name): int(count) / len(labels) for name, count in unknown.items()}


def _estimated(promised: str, rows: pd.DataFrame, known: pd.DataFrame, truth: float | None) -> float | None:
    """The mean of what the model promises, less by what it promised too much on the reference."""
    if truth is None or not len(rows):
        return None
    off = float(known[promised].mean()) - truth
    return float(min(1.0, max(0.0, rows[promised].mean() - off)))
