"""Columns of a row as numbers, which need no network to be features."""

import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.identity import Identity

BUCKETS = 32


class Columns(Preprocess):
    """Two numbers a numeric column (value, known or not) and a hashed one-hot of 32 a category.

    Hashing (Weinberger et al. 2009, arXiv:0902.2206) needs no list of the categories, so that one never seen before is
    served like any other. The network behind standardises, so numbers stay as they are.
    """

    axes: ClassVar = {"columns": {0: "batch"}}

    def __call__(self, value: Mapping[str, Any]) -> Arrays:
        parts: list[float] = []
        for column in self.constants["numbers"]:
            number = value.get(column)
            parts += [0.0, 0.0] if number is None else [number, 1.0]
        for column in self.constants["categories"]:
            one_hot = [0.0] * BUCKETS
            if (category := value.get(column)) is not None:
                one_hot[checksum(column, category) % BUCKETS] = 1.0
            parts += one_hot
        return {"columns": np.array([parts], dtype=np.float32)}


def columns(numbers: list[str], categories: list[str]) -> Encoder:
    """The encoder of these columns."""
    return Encoder(Columns(numbers=numbers, categories=categories), Identity(), "columns 1")


def checksum(column: str, name: str) -> int:
    """Of a category in its column."""
    return zlib.crc32(f"{column}={name}".encode())
