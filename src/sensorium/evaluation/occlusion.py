"""How much each part of an input matters: parts are hidden one by one (Zeiler and Fergus 2014, arXiv:1311.2901)."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from sensorium.dataset.embedding import features_of
from sensorium.encoders.tokens import padded
from sensorium.modalities import Modality
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.forward import predict

Weights = dict[str, list[tuple[Any, float]]]


def occlude(network: Network, inputs: Mapping[str, Modality], values: Mapping[str, Any], target: str) -> Weights:
    """By input its parts, each with what hiding it takes from the worth of the prediction, as a share of its unit.

    A part without which the value cannot be encoded is left out.

    Args:
        network: in evaluation mode.
        inputs: as declared.
        values: the cleaned values that one row has.
        target: whose prediction to explain.
    """
    learnt = network.targets[target]
    features = {name: np.stack(features_of(inputs[name], [value])) for name, value in values.items()}
    predictions = learnt.predict_from(predict(network, _rows(network, features))[target])
    whole = learnt.brief(predictions)
    before = float(learnt.worth(predictions, whole)[0])
    found: Weights = {}
    for name, value in values.items():
        parts = inputs[name].occlusions(value)
        left = features_of(inputs[name], [left for _, left in parts])
        encoded = {place: one for place, one in enumerate(left) if not isinstance(one, str)}
        if encoded:
            most = max(map(len, encoded.values()))
            hidden = _rows(network, features | {name: padded(list(encoded.values()), most)})
            left_over = learnt.predict_from(predict(network, hidden)[target])
            after = learnt.worth(left_over, np.repeat(whole, len(left_over), axis=0)).tolist()
            found[name] = [(parts[at][0], (before - one) / learnt.unit) for at, one in zip(encoded, after, strict=True)]
    return found


def _rows(network: Network, features: Mapping[str, np.ndarray]) -> Rows:
    """Rows with these features, one for all rows or one a row; other inputs are missing."""
    count = max(map(len, features.values()))
    given, items = {}, {}
    for name, dim in network.config.inputs.items():
        given[name] = torch.from_numpy(features.get(name, np.zeros((1, 1, dim), np.float32)))
        own = torch.arange(count) if len(given[name]) == count else torch.zeros(count, dtype=torch.long)
        items[name] = own if name in features else torch.full((count,), -1)
    return Rows(given, items, {})
