"""What an encoder is: a numpy half that training and serving share, and a network behind it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

import numpy as np

from sensorium.encoders.tokens import padded
from sensorium.errors import BadInput, reason

Arrays = dict[str, np.ndarray]
NOT_FINITE = "its features are no finite numbers"
NO_TOKENS = "there is nothing in it that its encoder reads"


class Preprocess(ABC):
    """Turns cleaned values into the arrays a network reads, and its output into features.

    An instance is described by its ``constants`` (JSON) and ``files`` (by name) alone: both travel with the model, so
    that serving rebuilds the very same object without torch.

    Attributes:
        axes: for each array of a batch, the axes whose length varies, by name (what ONNX calls dynamic axes).
        libraries: whose versions decide the arrays; features are kept under them, too.
    """

    axes: ClassVar[dict[str, dict[int, str]]]
    libraries: ClassVar[tuple[str, ...]] = ()

    def __init__(self, files: Mapping[str, Path] | None = None, **constants: Any) -> None:
        self.files = dict(files or {})
        self.constants = constants

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: libraries' objects that were made of it stay here."""
        return {"files": self.files, "constants": self.constants}

    @abstractmethod
    def __call__(self, value: Any) -> Arrays:
        """Arrays of one cleaned value, without a batch axis."""

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        """One batch of several values' arrays; here they are stacked on a new first axis."""
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def groups(self, samples: Sequence[Arrays]) -> list[list[int]]:
        """Places of samples that go through the network together; here all do."""
        return [list(range(len(samples)))]

    @property
    def most_tokens(self) -> int | None:
        """The tokens that a value has at most, where values have differing numbers of them; here all have the same."""
        return None

    def pool(self, output: np.ndarray, samples: Sequence[Arrays]) -> np.ndarray | Sequence[np.ndarray]:
        """Features ``[tokens, dim]`` of every sample from the network's output; here they are the output itself.

        They are one array ``[batch, tokens, dim]`` or, where samples have differing numbers of tokens, a list of an
        array each, of at least one token and at most ``most_tokens``. Whoever reads them is given as many for every
        value, those that are not there hidden (`sensorium.encoders.tokens`).
        """
        return output


class Network(Protocol):
    """A frozen network that reads and returns numpy arrays, whatever runs it."""

    def __call__(self, batch: Arrays) -> np.ndarray: ...

    def export(self, path: Path, example: Arrays, axes: dict[str, dict[int, str]]) -> None:
        """Writes the network as an ONNX file whose inputs carry the batch's names."""


@dataclass(frozen=True)
class Encoder:
    """A pretrained encoder: preprocessing, network, and the facts other rooms need about it.

    Attributes:
        preprocess: from cleaned values to what the network reads.
        network: from that to features.
        version: of this way to read, as ``NAME NUMBER``. Features are kept under it: raise the number whenever the same
            value, weights and constants give other features.
        weights: the files the network was read from; features are kept under their content, too.
        digests: SHA-256 of those files, of the preprocessing's too, that were read whole already.
    """

    preprocess: Preprocess
    network: Network
    version: str
    weights: tuple[Path, ...] = ()
    digests: Mapping[Path, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Packaged:
    """An encoder that Python packages carry.

    Attributes:
        load: gives the encoder for an input as it is declared.
        packages: with its weights and its code; none of ours.
    """

    load: Callable[[Any], Encoder]
    packages: tuple[str, ...] = ()


def encode(preprocess: Preprocess, network: Network, values: Sequence[Any]) -> np.ndarray:
    """Features of cleaned values in one array, float32 ``[len(values), tokens, dim]``.

    Raises:
        BadInput: if they are not finite, or a value has none.
    """
    return encode_arrays(preprocess, network, [preprocess(value) for value in values])


def encode_arrays(preprocess: Preprocess, network: Network, samples: Sequence[Arrays]) -> np.ndarray:
    """The same from what ``preprocess`` made of each value."""
    return padded(_features(preprocess, network, samples), preprocess.most_tokens)


def _features(preprocess: Preprocess, network: Network, samples: Sequence[Arrays]) -> list[np.ndarray]:
    """Features ``[tokens, dim]`` of each sample."""
    found: dict[int, np.ndarray] = {}
    for places in preprocess.groups(samples):
        group = [samples[place] for place in places]
        features = preprocess.pool(network(preprocess.collate(group)), group)
        found |= zip(places, (np.asarray(one, np.float32) for one in features), strict=True)
    if not all(map(len, found.values())):
        raise BadInput(NO_TOKENS)
    if not all(np.isfinite(one).all() for one in found.values()):
        raise BadInput(NOT_FINITE)
    return [found[place] for place in range(len(samples))]


def encode_each(preprocess: Preprocess, network: Network, values: Sequence[Any]) -> list[np.ndarray | str]:
    """Features ``[tokens, dim]`` of every cleaned value, or why it has none: one odd value takes no other along."""
    found: list[np.ndarray | str] = []
    prepared: dict[int, Arrays] = {}
    for place, value in enumerate(values):
        found.append("")
        try:
            prepared[place] = preprocess(value)
        except Exception as error:  # a library may trip over anything
            found[place] = unencoded(error)
    for place, one in zip(prepared, encode_each_of(preprocess, network, list(prepared.values())), strict=True):
        found[place] = one
    return found


def encode_each_of(preprocess: Preprocess, network: Network, samples: Sequence[Arrays]) -> list[np.ndarray | str]:
    """The same from what ``preprocess`` made of each value."""
    if not samples:
        return []
    try:
        return list(_features(preprocess, network, samples))
    except Exception as error:  # as above
        if len(samples) == 1:
            return [unencoded(error)]
    return [one for sample in samples for one in encode_each_of(preprocess, network, [sample])]


def unencoded(error: Exception) -> str:
    """Why a value has no features."""
    if isinstance(error, BadInput):
        return str(error)
    return f"it cannot be encoded ({type(error).__name__}: {reason(error)})"
