"""The scale of training features, which a few absurd numbers among them do not change."""

import numpy as np

SAMPLE = 1000  # rows that are enough to tell what is far
SHARES = (0.25, 0.5, 0.75)  # of the distances from the median
FENCE = 50  # times as far as is usual: a missing value's mark (-9999), no measurement
LEAP = 1e6  # from a quartile to the next: such a mark (-3.4e38) in more than a quarter of the rows
BOUND = 10.0  # deviations; what is farther off counts as so far
CONSTANT = 1e-6  # a deviation that is only rounding, of features around zero
ROUNDING = 1e-5  # the same, of others, as a share of the mean: two ways to compute an encoder differ by so much


def scale(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each column of features ``[rows, dims]``; a constant has the deviation 1.

    Numbers absurdly far from the others do not count: a hundredth of them would make all others look alike. How far is
    usual is the highest quartile of the distances from the median up to which there is no leap.
    """
    values = np.asarray(features, np.float64)
    sample = values[:: max(1, -(-len(values) // SAMPLE))]
    median = np.median(sample, axis=0)
    usual = _usual(np.sort(np.abs(sample - median), axis=0))
    near = (np.abs(values - median) <= FENCE * usual) | (usual == 0)
    count = near.sum(0)
    mean = np.where(near, values, 0).sum(0) / count
    deviation = np.sqrt((np.where(near, values - mean, 0) ** 2).sum(0) / count)
    return mean, np.where(deviation > np.maximum(CONSTANT, ROUNDING * np.abs(mean)), deviation, 1.0)


def _usual(distances: np.ndarray) -> np.ndarray:
    """The usual distance among sorted ones ``[rows, dims]``, those that are zero left out; zero if all are."""
    equal = (distances == 0).sum(0)
    places = [np.minimum(equal + share * (len(distances) - equal), len(distances) - 1).astype(int) for share in SHARES]
    quartiles = [np.take_along_axis(distances, place[None], axis=0)[0] for place in places]
    usual = quartiles[0]
    for quartile in quartiles[1:]:
        usual = np.where(quartile <= LEAP * usual, quartile, usual)
    return usual
