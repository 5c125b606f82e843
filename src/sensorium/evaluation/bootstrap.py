"""Intervals by bootstrap over groups of rows, all draws at once."""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.sparse import csr_array, hstack
from statsmodels.stats.proportion import proportion_confint

from sensorium.evaluation.metrics import BINS, LOWER_IS_BETTER, Predictions, bins_of, figures

DRAWS_AT_ONCE, COLUMNS_AT_ONCE = 50, 64  # bound the memory

Samples = dict[str, np.ndarray]
Interval = list[float]


def draw(groups: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yields how often each group is drawn, ``[draws, groups]``, some draws at a time.

    Whole groups are drawn with replacement (Field and Welsh 2007), since their rows are not independent.
    """
    random = np.random.default_rng(seed)
    for start in range(0, draws, DRAWS_AT_ONCE):
        count = min(DRAWS_AT_ONCE, draws - start)
        drawn = random.integers(0, groups, (count, groups)) + groups * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * groups).reshape(count, groups).astype(np.float32)


def resample(predictions: Predictions, draws: int, seed: int = 0) -> Samples:
    """The figures of `metrics.figures` in every draw ``[draws]``; not-a-number where a draw has none.

    Predictions for the same rows are resampled alike, so that the difference of two is a paired one.
    """
    groups = np.unique(predictions.groups, return_inverse=True)[1]
    counts = _sums_of_groups(predictions, groups)
    rankings = _rankings(predictions, groups)
    pieces: dict[str, list[np.ndarray]] = {}
    for weights in draw(int(groups.max()) + 1, draws, seed):
        found = _figures_of_sums((counts.T @ weights.T).T, predictions)
        if predictions.probabilities is not None:
            found |= _areas(weights, rankings)
        for name, values in found.items():
            pieces.setdefault(name, []).append(values)
    return {name: np.concatenate(values) for name, values in pieces.items()}


def interval(samples: np.ndarray, confidence: float) -> Interval | None:
    """The percentile interval; ``None`` if no draw has the figure."""
    tail = (1 - confidence) / 2
    defined = samples[~np.isnan(samples)]
    return [float(q) for q in np.quantile(defined, [tail, 1 - tail])] if len(defined) else None


def share_interval(samples: np.ndarray, groups: np.ndarray, confidence: float) -> Interval | None:
    """`interval` of a share of rows; where all or none of them are right, resampling them says nothing.

    There the interval is Wilson's (1927) for as many rows as there are groups: eight right of eight are no certainty.
    """
    bounds = interval(samples, confidence)
    if bounds and bounds in ([0.0, 0.0], [1.0, 1.0]):
        count = len(np.unique(groups))
        low, high = proportion_confint(bounds[0] * count, count, 1 - confidence, method="wilson")
        return [float(low), float(high)]
    return bounds


def unseen(rows: int, confidence: float) -> float:
    """The share of rows that may change though none of so many did: Wilson's bound."""
    return float(proportion_confint(0, rows, 1 - confidence, method="wilson")[1])


def paired(
    groups: np.ndarray, gains: np.ndarray, draws: int, confidence: float, least: float
) -> tuple[float, Interval]:
    """The mean of what each row gains, and its interval.

    Args:
        groups: a number ``[rows]``.
        gains: by row ``[rows]``; of two answers, 1 where only the first is right and -1 where only the second is.
        draws: of the bootstrap.
        confidence: of the interval.
        least: how far the interval reaches to either side at the least. Rows without a change are resampled to no
            change, however few they are, so `unseen` belongs here unless it is known that nothing can change.
    """
    drawn = means(groups, gains[:, None], np.ones((len(gains), 1)), draws)[:, 0]
    low, high = interval(drawn, confidence) or (np.nan, np.nan)
    gain = float(gains.mean())
    if high - low < 2 * least:
        low, high = min(low, gain - least), max(high, gain + least)
    return gain, [low, high]


def intervals(samples: Mapping[str, np.ndarray], confidence: float) -> dict[str, Interval | None]:
    """The interval of every figure."""
    return {name: interval(values, confidence) for name, values in samples.items()}


def means(groups: np.ndarray, columns: np.ndarray, masks: np.ndarray, draws: int, seed: int = 0) -> np.ndarray:
    """Weighted means of many columns over their rows in every draw.

    Args:
        groups: a number ``[rows]``.
        columns: numbers ``[rows, columns]``, or one column for all masks ``[rows, 1]``.
        masks: 1 where a row counts for a column, else 0 ``[rows, columns]``.
        draws: how many.
        seed: of the draws; the same as that of `resample` draws the same groups.

    Returns:
        ``[draws, columns]``; not-a-number where a draw has none of a column's rows.
    """
    groups = np.unique(groups, return_inverse=True)[1]
    rows = np.arange(len(groups))
    gather = csr_array((np.ones(len(groups)), (groups, rows)))
    pieces = [slice(start, start + COLUMNS_AT_ONCE) for start in range(0, columns.shape[1], COLUMNS_AT_ONCE)]
    wide = np.broadcast_to(columns, masks.shape)
    sums = np.concatenate([gather @ (wide[:, piece] * masks[:, piece]) for piece in pieces], axis=1)
    counts = np.concatenate([gather @ masks[:, piece].astype(float) for piece in pieces], axis=1)
    with np.errstate(invalid="ignore"):
        return np.concatenate([(w @ sums) / (w @ counts) for w in draw(len(sums), draws, seed)])


def _sums_of_groups(predictions: Predictions, groups: np.ndarray) -> csr_array:
    """What the figures are made of, summed over each group: ``[groups, 3 * classes + bins + 1]``.

    Hits, labels and predictions by class; confidence less hits by bin; and log loss.
    """
    count, classes, rows = int(groups.max()) + 1, predictions.classes, len(groups)
    labels, predicted, hit = predictions.labels, predictions.predicted, predictions.labels == predictions.predicted

    def summed(columns: np.ndarray, values: np.ndarray, width: int) -> csr_array:
        return csr_array((values, (groups, columns)), shape=(count, width))

    ones = np.ones(rows)
    parts = [
        summed(labels, hit.astype(float), classes),
        summed(labels, ones, classes),
        summed(predicted, ones, classes),
    ]
    if predictions.probabilities is not None:
        confidence = predictions.probabilities.max(1)
        chance = predictions.probabilities[np.arange(rows), labels]
        surprise = -np.log(np.clip(chance, np.finfo(np.float64).eps, 1))
        parts += [
            summed(bins_of(confidence), confidence - hit, BINS),
            summed(np.zeros(rows, int), surprise, 1),
        ]
    return csr_array(hstack(parts))


def _figures_of_sums(sums: np.ndarray, predictions: Predictions) -> Samples:
    """The figures of many draws ``[draws, columns]`` of `_sums_of_groups`."""
    classes = predictions.classes
    hits, labelled, predicted = (sums[:, place * classes : (place + 1) * classes] for place in range(3))
    rows = labelled.sum(1)
    occurs = (labelled + predicted) > 0

    def share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)

    by_class = {
        "precision": share(hits, predicted),
        "recall": share(hits, labelled),
        "f1": share(2 * hits, labelled + predicted),
    }
    accuracy = hits.sum(1) / rows
    found = {"accuracy": accuracy, "balanced_accuracy": by_class["recall"].sum(1) / (labelled > 0).sum(1)}
    found |= {f"macro_{name}": values.sum(1) / occurs.sum(1) for name, values in by_class.items()}
    found |= {f"micro_{name}": accuracy for name in by_class}
    found |= {f"weighted_{name}": (values * labelled).sum(1) / rows for name, values in by_class.items()}
    if predictions.probabilities is not None:
        gaps, surprise = sums[:, 3 * classes : -1], sums[:, -1]
        found |= {"log_loss": surprise / rows, "calibration_error": np.abs(gaps).sum(1) / rows}
    return found


Ranking = tuple[np.ndarray, np.ndarray, np.ndarray]


def _rankings(predictions: Predictions, groups: np.ndarray) -> list[Ranking]:
    """For every class that some rows have and others lack: rows by falling probability.

    Each as the group of every row, whether it is of the class, and the last place of every run of equal probabilities.
    """
    if predictions.probabilities is None:
        return []
    found = []
    for number in range(predictions.classes):
        of_class = predictions.labels == number
        if 0 < of_class.sum() < len(of_class):
            scores = predictions.probabilities[:, number]
            order = np.argsort(-scores, kind="stable")
            ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
            found.append((groups[order], of_class[order], ends))
    return found


def _areas(weights: np.ndarray, rankings: list[Ranking]) -> Samples:
    """Mean ROC-AUC and PR-AUC (average precision) over classes in every draw, ties as scikit-learn counts them."""
    if not rankings:
        return {name: np.full(len(weights), np.nan) for name in ("roc_auc", "pr_auc")}
    areas: dict[str, list[np.ndarray]] = {"roc_auc": [], "pr_auc": []}
    for groups, of_class, ends in rankings:
        drawn = weights[:, groups]
        taken = np.cumsum(drawn, axis=1, dtype=np.float64)[:, ends]
        right = np.cumsum(drawn * of_class, axis=1, dtype=np.float64)[:, ends]
        wrong = taken - right
        gained = np.diff(right, axis=1, prepend=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(taken > 0, right / taken, 0)
            positives, negatives = right[:, -1], wrong[:, -1]
            below = (np.diff(wrong, axis=1, prepend=0) * (right - gained / 2)).sum(1)
            areas["roc_auc"].append(below / (positives * negatives))
            # Without negatives precision is 1 whatever the model does, so such a draw says nothing.
            average = (gained * precision).sum(1) / positives
            areas["pr_auc"].append(np.where(negatives > 0, average, np.nan))
    return {name: _nanmean(np.stack(values)) for name, values in areas.items()}


def _nanmean(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is a number."""
    defined = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(defined, values, 0).sum(0) / defined.sum(0)


def compare(
    challenger: Predictions, champion: Predictions, name: str, draws: int, seed: int = 0
) -> tuple[float | None, float | None, np.ndarray]:
    """A figure of two models on the same rows, by paired bootstrap.

    Args:
        challenger: the new model's predictions.
        champion: the old model's predictions of the same rows.
        name: of the figure.
        draws: how many; both are resampled alike.
        seed: of the draws.

    Returns:
        The figure of each, and what the new one gains in every draw where the figure is defined; better is more.
    """
    ours, theirs = (resample(one, draws, seed)[name] for one in (challenger, champion))
    gains = (theirs - ours) if name in LOWER_IS_BETTER else (ours - theirs)
    return figures(challenger)[name], figures(champion)[name], gains[~np.isnan(gains)]
