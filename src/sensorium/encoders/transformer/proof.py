"""A network is proven on an example before it is used: it runs, nothing that its features depend on is random."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from sensorium.encoders.torch_network import TorchNetwork
from sensorium.encoders.transformer.loading import Loaded, load, wrapper
from sensorium.errors import UserError, reason

Arrays = Mapping[str, np.ndarray]
Readings = Callable[[Any], list[nn.Module]]
SHOWN = 3  # weights that are named


def proven(loaded: Loaded, readings: Readings, examples: Sequence[Arrays]) -> TorchNetwork:
    """The network of the first reading that no random weight reaches.

    Args:
        loaded: the model.
        readings: of a model, in the order of preference.
        examples: batches that it must be able to read.

    Raises:
        UserError: if there is no such reading, or the network does not run or answers otherwise every time.
    """
    network, random = _first_certain(loaded, readings, examples)
    if random and (prefix := wrapper(loaded)):
        loaded = load(loaded.folder, prefix)
        network, random = _first_certain(loaded, readings, examples)
    if random:
        raise UserError(_missing_weights(random, loaded))
    for example in examples[1:]:
        _ran(network, example, loaded)
    first, second = (_ran(network, examples[0], loaded) for _ in range(2))
    if not np.allclose(first, second, rtol=1e-3, atol=1e-5):
        raise UserError(
            f"it gives other features of the same example each time, as it draws at random; {_sort(loaded)} cannot be "
            "used, choose another encoder."
        )
    return network


def _first_certain(loaded: Loaded, readings: Readings, examples: Sequence[Arrays]) -> tuple[TorchNetwork, list[str]]:
    """The first reading without random weights, or the last one with those that it depends on."""
    for reading in readings(loaded.model):
        network = TorchNetwork(reading)
        _ran(network, examples[0], loaded)
        if not (random := _random(network, loaded, examples[0])):
            break
    return network, random


def _random(network: TorchNetwork, loaded: Loaded, example: Arrays) -> list[str]:
    """Some of the missing weights without which there are no features.

    They are made not-a-number: whatever depends on them is none then. So weights of a head that is not read are not
    needed, whatever a model calls them.
    """
    weights = dict(loaded.model.named_parameters(remove_duplicate=False)) | dict(loaded.model.named_buffers())
    missing = {name: weights[name] for name in loaded.missing if name in weights and weights[name].is_floating_point()}
    if not _spoilt(network, missing, example):
        return []
    found: list[str] = []
    for name, weight in missing.items():
        if len(found) < SHOWN and _spoilt(network, {name: weight}, example):
            found.append(name)
    return found or list(missing)


@torch.no_grad()
def _spoilt(network: TorchNetwork, weights: Mapping[str, torch.Tensor], example: Arrays) -> bool:
    kept = {name: weight.clone() for name, weight in weights.items()}
    for weight in weights.values():
        weight.fill_(torch.nan)
    try:
        return not np.isfinite(network(example)).all()
    except Exception:  # a layer that cannot bear them reads them
        return True
    finally:
        for name, weight in weights.items():
            weight.copy_(kept[name])


def _ran(network: TorchNetwork, example: Arrays, loaded: Loaded) -> np.ndarray:
    shown = ", ".join(f"{name} {list(array.shape)}" for name, array in example.items())
    try:
        features = network(example)
    except Exception as error:  # whatever a layer makes torch trip over
        raise UserError(
            f"it does not run on its example ({shown}): {reason(error)}; {_sort(loaded)} may be for "
            "another kind of input, or its files do not belong together."
        ) from error
    if features.ndim != 3 or not np.isfinite(features).all():
        raise UserError(f"its features of the example ({shown}) are no numbers; {_sort(loaded)} cannot be used.")
    return features


def _missing_weights(random: Sequence[str], loaded: Loaded) -> str:
    folder = loaded.folder
    files = folder.weights[0].name if len(folder.weights) == 1 else "its files of weights"
    if odd := [name for name in random if name in loaded.odd]:
        found, wanted = loaded.odd[odd[0]]
        return (
            f"{odd[0]} is {found} and not {wanted} in {files}: it would be random. Its config.json is of another "
            "model; fetch both again."
        )
    total, had = len(loaded.model.state_dict()), next(iter(folder.shapes), "none")
    return (
        f"{files} lacks {', '.join(random[:SHOWN])}, which its features depend on ({len(loaded.missing)} of {total} "
        f"weights of {_sort(loaded)} are missing): they would be random, and others at every load. The "
        f"file's names begin with {had!r}; save the model with `save_pretrained`, or choose another encoder."
    )


def _sort(loaded: Loaded) -> str:
    return f"a model of the sort {loaded.model.config.model_type!r}"
