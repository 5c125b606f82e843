"""Features of several values in one array ``[values, tokens, dim]``, whatever number of tokens each value has.

A token that a value does not have is not-a-number, which no feature is: so an array says itself what is there, and
whoever selects, joins or keeps such arrays has nothing else to carry along. A value that is missing has no token.
"""

from collections.abc import Sequence

import numpy as np


def padded(features: Sequence[np.ndarray], tokens: int | None = None) -> np.ndarray:
    """Features ``[tokens, dim]`` of one value or more in one array.

    Args:
        features: of each value.
        tokens: of the array; if not given, all values have the same number.

    Raises:
        ValueError: if a value has more tokens, or none.
    """
    if tokens is None:
        return np.stack(features)
    found = absent(len(features), tokens, features[0].shape[1])
    for place, one in enumerate(features):
        if not 1 <= len(one) <= tokens:
            raise ValueError(f"a value has {len(one)} tokens, which are to be from 1 to {tokens}")
        found[place, : len(one)] = one
    return found


def absent(values: int, tokens: int, dim: int) -> np.ndarray:
    """Features of so many values that are missing."""
    return np.full((values, tokens, dim), np.nan, np.float32)


def take(features: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Features ``[places, tokens, dim]`` of the values at these places; at -1 there is none."""
    if not len(features):
        return absent(len(places), *features.shape[1:])
    found = features[places]
    found[places < 0] = np.nan
    return found


def is_there(features: np.ndarray) -> np.ndarray:
    """Whether a value has a token ``[values, tokens]``."""
    return ~np.isnan(features[..., 0])


def filled(features: np.ndarray) -> np.ndarray:
    """The same with zeros for tokens that are not there."""
    here = is_there(features)
    return features if here.all() else np.where(here[..., None], features, np.float32(0))
