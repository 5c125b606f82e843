"""What within an input mattered: its parts are hidden one by one (Zeiler and Fergus 2014, arXiv:1311.2901)."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch

from sensorium.dataset.embedding import BATCH, load_encoder
from sensorium.encoders.encoder import encode_each
from sensorium.modalities import Modality
from sensorium.models.network import Network
from sensorium.shards import shards

Weights = dict[str, list[tuple[Any, float]]]


@torch.inference_mode()
def occlude(network: Network, inputs: Mapping[str, Modality], values: Mapping[str, Any], target: str) -> Weights:
    """By input its parts, each with what hiding it takes from the probability of the predicted class.

    A part without which the value cannot be encoded is left out.

    Args:
        network: in evaluation mode.
        inputs: as declared.
        values: the cleaned values that one row has.
        target: whose prediction to explain.
    """
    features = {name: _stack(_features(inputs[name], [value])) for name, value in values.items()}
    logits = _answer(network, features, 1)[target]
    said = int(logits.argmax())
    before = float(logits.softmax(1)[0, said])
    found: Weights = {}
    for name, value in values.items():
        parts = inputs[name].occlusions(value)
        left = _features(inputs[name], [left for _, left in parts])
        encoded = {place: one for place, one in enumerate(left) if not isinstance(one, str)}
        if encoded:
            hidden = features | {name: _stack(encoded.values())}
            after = _answer(network, hidden, len(encoded))[target].softmax(1)[:, said].tolist()
            found[name] = [(parts[place][0], before - chance) for place, chance in zip(encoded, after, strict=True)]
    return found


def _features(kind: Modality, values: list[Any]) -> list[np.ndarray | str]:
    """Of every value, or why it has none."""
    encoder = load_encoder(kind.model_dump_json())
    batches = shards(values, BATCH)
    return [one for batch in batches for one in encode_each(encoder.preprocess, encoder.network, batch)]


def _stack(arrays: Iterable[Any]) -> torch.Tensor:
    return torch.from_numpy(np.stack(list(arrays)))


def _answer(network: Network, features: Mapping[str, torch.Tensor], rows: int) -> dict[str, torch.Tensor]:
    """Logits for rows with these features, one for all rows or one a row; other inputs are missing."""
    given, present = {}, {}
    tokens = {name: array.shape[1] for name, array in features.items()}
    for name, dim in network.config.inputs.items():
        absent = torch.zeros(rows, tokens.get(name, 1), dim)
        given[name] = features[name].expand(rows, -1, -1) if name in features else absent
        present[name] = torch.full((rows,), float(name in features))
    return network(given, present)
