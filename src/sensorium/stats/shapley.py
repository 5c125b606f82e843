"""What each input did for a prediction: exact Shapley values over the subsets of inputs."""

from math import factorial

import numpy as np


def shapley(worth: np.ndarray) -> np.ndarray:
    """Shapley values (Shapley 1953): an input's mean gain over all orders in which inputs may join.

    Args:
        worth: of every subset ``[2 ** inputs, ...]``; bit ``i`` of a place says whether input ``i`` is in the subset.

    Returns:
        ``[inputs, ...]``; over the inputs they sum to the worth of all less that of none.
    """
    subsets = np.arange(len(worth))
    count = len(worth).bit_length() - 1
    sizes = np.bitwise_count(subsets)
    values = []
    for number in range(count):
        without = subsets[subsets >> number & 1 == 0]
        chance = [factorial(size) * factorial(count - size - 1) / factorial(count) for size in sizes[without]]
        values.append(np.tensordot(chance, worth[without | 1 << number] - worth[without], axes=1))
    return np.stack(values)
