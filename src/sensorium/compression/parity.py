"""Whether the served model computes what the trained one does, step by step."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from sensorium.compression.parts import Reader
from sensorium.compression.uncompressed import TorchFusion
from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.errors import UserError
from sensorium.models.network import Network
from sensorium.runtime.predictor import Predictor

SAME = 1e-3  # largest relative difference between torch and ONNX Runtime that counts as none
SIZES = (1, 3, 8)  # of random batches

Parity = dict[str, float]


def check(
    readers: Mapping[str, Reader], network: Network, served: Predictor, values: Mapping[str, Sequence[Any]]
) -> Parity:
    """How far each step of a served model in fp32 is from its original, as relative differences.

    Preprocessing and encoders are given real values, alone and in batches; encoders random arrays of several shapes
    too, and the fusion random features of several batches with tokens missing at random.

    Args:
        readers: the inputs with the encoders that training used.
        network: the fusion.
        served: what serving loads.
        values: real cleaned values of every input.

    Returns:
        ``INPUT.preprocess``, ``INPUT.encoder``, ``INPUT.random`` and ``fusion``.

    Raises:
        UserError: naming the step, if it does not compute what its original does.
    """
    found: Parity = {}
    for name, reader in readers.items():
        preprocess, encoder = served.encoders[name]
        original = reader.encoder
        together = [original.preprocess(value) for value in values[name]]
        alone = [preprocess(value) for value in values[name]]
        found[f"{name}.preprocess"] = largest(
            difference(array, other[key])
            for one, other in zip(together, alone, strict=True)
            for key, array in one.items()
        )
        rest = together[2:]  # in the pieces that serving makes of it: of clips a whole batch takes gigabytes
        pieces = [
            together[:1],
            together[1:2],
            *([rest[at] for at in places] for places in original.preprocess.groups(rest)),
        ]
        real = [original.preprocess.collate(piece) for piece in pieces if piece]
        found[f"{name}.encoder"] = _largest(original.network, encoder, real)
        drawn = [batch for one in real for batch in random_batches(original.preprocess, one)]
        found[f"{name}.random"] = _largest(original.network, encoder, drawn)
    found["fusion"] = _largest_of_fusion(network, served)
    return require(found)


def require(found: Parity) -> Parity:
    """The same, if all is as near as rounding allows.

    Raises:
        UserError: naming the step that is not.
    """
    for step, distance in found.items():
        if not distance <= SAME:  # not-a-number is wrong too
            raise UserError(
                f"compress: {step} of the served model differs from the trained one by {distance:.2g} of its largest "
                f"number, more than {SAME:g}; this encoder cannot be served."
            )
    return found


def random_batches(preprocess: Preprocess, real: Arrays) -> list[Arrays]:
    """Batches of several sizes whose numbers are drawn, place by place, from those at this place in a real batch.

    So ids stay ids and masks masks, and other axes keep a length that they have in reality.
    """
    random = np.random.default_rng(0)
    batches = []
    for size in SIZES:
        batch: Arrays = {}
        for name, axes in preprocess.axes.items():
            rows = size if 0 in axes else len(real[name])
            places = np.indices((rows, *real[name].shape[1:]))
            places[0] = random.integers(0, len(real[name]), places[0].shape)
            batch[name] = real[name][tuple(places)]
        batches.append(batch)
    return batches


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest difference between two arrays, as a share of the largest number in the first."""
    if one.shape != other.shape:
        return float("inf")
    if not one.size:
        return 0.0
    distances = np.abs(one.astype(np.float64) - other)
    return float(distances.max() / max(np.abs(one).max(), np.finfo(np.float32).tiny))


def largest(distances: Iterable[float]) -> float:
    """The largest; not-a-number if one of them is none."""
    return float(np.max([0.0, *distances]))


def _largest(original: Any, served: Any, batches: Sequence[Arrays]) -> float:
    return largest(difference(original(batch), served(batch)) for batch in batches)


def _largest_of_fusion(network: Network, served: Predictor) -> float:
    random, torch_fusion = np.random.default_rng(0), TorchFusion(network)
    distances = []
    for rows in SIZES:
        batch: Arrays = {}
        for name, (tokens, dim) in served.shapes.items():
            batch[f"features.{name}"] = random.normal(size=(rows, tokens, dim)).astype(np.float32)
            batch[f"mask.{name}"] = random.integers(0, 2, (rows, tokens)).astype(np.float32)
        original, exported = torch_fusion.outputs(batch), served.fusion.outputs(batch)
        distances += [difference(original[name], exported[name]) for name in original]
    return largest(distances)
