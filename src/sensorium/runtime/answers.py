"""Answers of the service as JSON, and which subsets of the inputs are predicted with; what a kind says, it knows."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MOST_EXPLAINED = 10  # inputs; each more doubles the subsets that are predicted
TOO_FAR = "the inputs lie so far from what the model knows that it cannot tell anything"


def presence_masks(present: Sequence[bool], explained: bool) -> np.ndarray:
    """The presence masks ``[masks, inputs]`` that a sample is predicted with.

    Args:
        present: of every input, whether the sample has it.
        explained: a mask for each subset of these inputs, the last with all of them, rather than one with all. Bit
            ``i`` of a mask's number says whether it has the ``i``-th of the inputs present.
    """
    if not explained:
        return np.array([present], bool)
    places = np.flatnonzero(present)
    masks = np.zeros((2 ** len(places), len(present)), bool)
    masks[:, places] = np.arange(len(masks))[:, None] >> np.arange(len(places)) & 1
    return masks


def answer(
    request_id: str,
    version: str,
    inputs: Sequence[str],
    targets: Mapping[str, dict[str, Any]],
    unread: Mapping[str, str],
) -> dict[str, Any]:
    """The answer for one sample.

    Args:
        request_id: of its request.
        version: of the model.
        inputs: that were used.
        targets: what is answered of each.
        unread: why inputs that were given a value cannot use it; they count as missing.
    """
    about = {"request_id": request_id, "model_version": version, "inputs": list(inputs)}
    return about | ({"unread": dict(unread)} if unread else {}) | {"targets": dict(targets)}


def are_finite(predictions: Mapping[str, np.ndarray]) -> bool:
    """Whether the predictions of all targets are finite; features that overflow give some that are not."""
    return all(bool(np.isfinite(values).all()) for values in predictions.values())
