"""An encoder whose values have differing numbers of tokens."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.identity import Identity


class Letters(Preprocess):
    """A token a letter of a text, at most ``most``; texts go through the network one behind the other."""

    axes: ClassVar = {"letters": {0: "letters"}}

    @property
    def most_tokens(self) -> int:
        return self.constants["most"]

    def __call__(self, value: str) -> Arrays:
        codes = np.array([ord(letter) for letter in value[: self.most_tokens]], np.float32)
        return {"letters": np.stack([np.sin(codes), np.cos(codes), codes / 100], axis=1)}

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        return {"letters": np.concatenate([sample["letters"] for sample in samples])}

    def pool(self, output: np.ndarray, samples: Sequence[Arrays]) -> list[np.ndarray]:
        return np.split(output, np.cumsum([len(sample["letters"]) for sample in samples])[:-1])


def letters(most: int = 4) -> Encoder:
    return Encoder(Letters(most=most), Identity(), "letters 1")
