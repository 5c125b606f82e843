"""Answers of the service as JSON: from probabilities to labels, and to what each input contributed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.runtime.settings import Serve
from sensorium.stats.shapley import shapley

DIGITS = 6
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
    request_id: str, version: str, inputs: Sequence[str], targets: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """The answer for one sample."""
    return {"request_id": request_id, "model_version": version, "inputs": list(inputs), "targets": dict(targets)}


def class_answer(target: str, classes: Sequence[str], probabilities: np.ndarray, settings: Serve) -> dict[str, Any]:
    """The answer for a target of classes: a label, unless the model is too unsure, and all probabilities.

    Args:
        target: its name.
        classes: in the order of the probabilities.
        probabilities: ``[classes]``.
        settings: how many classes ``top`` lists, and below which probability no label is given.
    """
    likeliest = np.argsort(-probabilities, kind="stable")
    abstained = settings.abstains(target, probabilities)
    return {
        "label": None if abstained else classes[likeliest[0]],
        "abstained": abstained,
        "confidence": _rounded(probabilities[likeliest[0]]),
        "top": [
            {"label": classes[place], "probability": _rounded(probabilities[place])}
            for place in likeliest[: settings.top]
        ],
        "probabilities": {
            name: _rounded(probability) for name, probability in zip(classes, probabilities, strict=True)
        },
    }


def attribution(inputs: Sequence[str], classes: Sequence[str], probabilities: np.ndarray) -> dict[str, Any]:
    """What each input contributed to the probability of each class: Shapley values, which add up to it with ``base``.

    Args:
        inputs: those that the sample has.
        classes: of the target.
        probabilities: with every subset of these inputs ``[2 ** inputs, classes]``, as `presence_masks` orders them.
    """
    values = shapley(probabilities)
    contributions = {
        name: {label: _rounded(value) for label, value in zip(classes, values[place], strict=True)}
        for place, name in enumerate(inputs)
    }
    return {
        "base": {name: _rounded(probability) for name, probability in zip(classes, probabilities[0], strict=True)},
        "attribution": contributions,
    }


def are_finite(probabilities: Mapping[str, np.ndarray]) -> bool:
    """Whether the probabilities of all targets are finite; features that overflow give some that are not."""
    return all(bool(np.isfinite(values).all()) for values in probabilities.values())


def _rounded(value: np.floating) -> float:
    return round(float(value), DIGITS)
