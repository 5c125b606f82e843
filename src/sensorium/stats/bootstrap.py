"""Groups of rows drawn with replacement, all draws at once."""

from collections.abc import Iterator

import numpy as np
from scipy.sparse import csr_array

DRAWS_AT_ONCE, COLUMNS_AT_ONCE = 50, 64  # bound the memory

Samples = dict[str, np.ndarray]


def draw(groups: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yields how often each group is drawn, ``[draws, groups]``, some draws at a time.

    Whole groups are drawn with replacement (Field and Welsh 2007), since their rows are not independent.
    """
    random = np.random.default_rng(seed)
    for start in range(0, draws, DRAWS_AT_ONCE):
        count = min(DRAWS_AT_ONCE, draws - start)
        drawn = random.integers(0, groups, (count, groups)) + groups * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * groups).reshape(count, groups).astype(np.float32)


def means(groups: np.ndarray, columns: np.ndarray, masks: np.ndarray, draws: int, seed: int = 0) -> np.ndarray:
    """Weighted means of many columns over their rows in every draw.

    Args:
        groups: a number ``[rows]``.
        columns: numbers ``[rows, columns]``, or one column for all masks ``[rows, 1]``.
        masks: 1 where a row counts for a column, else 0 ``[rows, columns]``.
        draws: how many.
        seed: of the draws; the same as that of others draws the same groups.

    Returns:
        ``[draws, columns]``; not-a-number where a draw has none of a column's rows.
    """
    groups = np.unique(groups, return_inverse=True)[1]
    rows = np.arange(len(groups))
    gather = csr_array((np.ones(len(groups)), (groups, rows)))
    pieces = [slice(start, start + COLUMNS_AT_ONCE) for start in range(0, masks.shape[1], COLUMNS_AT_ONCE)]
    wide = np.broadcast_to(columns, masks.shape)
    sums = np.concatenate([gather @ (wide[:, piece] * masks[:, piece]) for piece in pieces], axis=1)
    counts = np.concatenate([gather @ masks[:, piece].astype(float) for piece in pieces], axis=1)
    with np.errstate(invalid="ignore"):
        return np.concatenate([(w @ sums) / (w @ counts) for w in draw(len(sums), draws, seed)])
