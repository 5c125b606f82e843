"""Areas under curves in resampled groups of rows, for any number of classes."""

import numpy as np
from scipy.sparse import csr_array

DRAWS_AT_ONCE = 50  # bounds the memory
CHEAP = 20  # comparisons that a matrix product makes in the time of one step of a running sum
MOST_STEPS, FEWEST_DRAWS = 10**11, 100


def areas(
    probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Mean ROC-AUC and PR-AUC (average precision) over classes in every draw ``[draws]``; ties as scikit-learn's.

    Both areas are means over the rows of a class of what lies above each, and a row is of one class only: so time
    grows with rows rather than with rows times classes. Where it would be long the first draws are enough.

    Args:
        probabilities: ``[rows, classes]``.
        labels: class numbers ``[rows]``.
        groups: a number ``[rows]``, from 0 without gaps.
        weights: how often each group is drawn ``[draws, groups]``.

    Returns:
        Not-a-number where a draw tells no class apart.
    """
    present, rows = np.unique(labels), len(labels)
    steps = rows * min(weights.shape[1], CHEAP * len(present))
    drawn = np.ascontiguousarray(weights[: max(FEWEST_DRAWS, MOST_STEPS // steps)].T)
    everything = np.bincount(groups) @ drawn
    sums, defined = np.zeros((2, drawn.shape[1])), np.zeros(drawn.shape[1])
    for number in present:
        of_class = np.flatnonzero(labels == number)
        scores, own = probabilities[:, number], drawn[groups[of_class]]
        taken, higher = _above(scores[of_class], scores, groups, drawn)
        right, hits = _above(scores[of_class], scores[of_class], groups[of_class], drawn)
        positives = own.sum(0)
        negatives = everything - positives
        wrong = (own * ((taken - right) + (higher - hits))).sum(0) / 2  # a tie is half above
        precise = (own * np.divide(right, taken, out=np.zeros_like(right), where=taken > 0)).sum(0)
        known = (positives > 0) & (negatives > 0)  # without negatives precision is 1 whatever the model does
        with np.errstate(invalid="ignore", divide="ignore"):
            sums += np.where(known, [1 - wrong / (positives * negatives), precise / positives], 0)
        defined += known
    with np.errstate(invalid="ignore"):
        return dict(zip(("roc_auc", "pr_auc"), sums / defined, strict=True))


def _above(
    thresholds: np.ndarray, scores: np.ndarray, groups: np.ndarray, drawn: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """How many drawn rows have at least each threshold, and how many have more ``[thresholds, draws]``.

    Args:
        thresholds: some scores.
        scores: of all rows ``[rows]``.
        groups: of all rows ``[rows]``.
        drawn: ``[groups, draws]``.
    """
    if len(thresholds) * len(drawn) <= CHEAP * len(scores):
        members = csr_array(
            (np.ones(len(groups), np.float32), (groups, np.arange(len(groups)))), (len(drawn), len(groups))
        )
        at_least, more = (
            (members @ found.astype(np.float32)).T
            for found in (scores[:, None] >= thresholds, scores[:, None] > thresholds)
        )
        return at_least @ drawn, more @ drawn
    order = np.argsort(-scores, kind="stable")
    upto, before = (np.searchsorted(-scores[order], -thresholds, side) for side in ("right", "left"))
    pieces = []
    for start in range(0, drawn.shape[1], DRAWS_AT_ONCE):
        rows = drawn[:, start : start + DRAWS_AT_ONCE][groups[order]]
        running = np.concatenate([np.zeros((1, rows.shape[1]), rows.dtype), np.cumsum(rows, axis=0, dtype=rows.dtype)])
        pieces.append((running[upto], running[before]))
    at_least, more = (np.concatenate(parts, axis=1) for parts in zip(*pieces, strict=True))
    return at_least, more
