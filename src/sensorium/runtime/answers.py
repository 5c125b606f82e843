"""What a prediction is called in an answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.runtime.settings import Serve
from sensorium.stats.shapley import shapley

DIGITS = 6
MOST_EXPLAINED = 10  # inputs; each more doubles the subsets that are predicted
TOO_FAR = "the inputs lie so far from what the model knows that it cannot tell anything"


def views(given: Sequence[bool], explained: bool) -> np.ndarray:
    """Which inputs the model is to see, ``[views, inputs]``: all that are given, or each subset of them.

    Bit ``i`` of a subset's place says whether the ``i``-th of the given inputs is in it; the last has them all.
    """
    has = np.array(given)
    if not explained:
        return has[None]
    places = np.flatnonzero(has)
    subsets = np.zeros((2 ** len(places), len(has)), bool)
    subsets[:, places] = np.arange(len(subsets))[:, None] >> np.arange(len(places)) & 1
    return subsets


def answer(
    request_id: str, version: str, inputs: Sequence[str], targets: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """The answer for one sample."""
    return {"request_id": request_id, "model_version": version, "inputs": list(inputs), "targets": dict(targets)}


def decision(target: str, classes: Sequence[str], shares: np.ndarray, settings: Serve) -> dict[str, Any]:
    """What is said of a target: a label, unless the model is too unsure, and the probabilities ``[classes]``."""
    likeliest = np.argsort(-shares, kind="stable")
    abstained = settings.abstains(target, shares)
    return {
        "label": None if abstained else classes[likeliest[0]],
        "abstained": abstained,
        "confidence": _rounded(shares[likeliest[0]]),
        "top": [
            {"label": classes[place], "probability": _rounded(shares[place])} for place in likeliest[: settings.top]
        ],
        "probabilities": {name: _rounded(share) for name, share in zip(classes, shares, strict=True)},
    }


def explanation(inputs: Sequence[str], classes: Sequence[str], shares: np.ndarray) -> dict[str, Any]:
    """What each given input did for the probability of each class, by Shapley values.

    Args:
        inputs: those given.
        classes: of the target.
        shares: probabilities of every subset ``[2 ** inputs, classes]``.
    """
    values = shapley(shares)
    return {
        "base": {name: _rounded(share) for name, share in zip(classes, shares[0], strict=True)},
        "shares": {
            name: {label: _rounded(value) for label, value in zip(classes, values[place], strict=True)}
            for place, name in enumerate(inputs)
        },
    }


def tells(shares: Mapping[str, np.ndarray]) -> bool:
    """Whether the probabilities of all targets are numbers; features that overflow make none."""
    return all(bool(np.isfinite(values).all()) for values in shares.values())


def _rounded(value: np.floating) -> float:
    return round(float(value), DIGITS)
