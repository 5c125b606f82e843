"""A kind of input that only tests know: moves over a chessboard, such as ``north 3, east 1``, and its encoder."""

import html
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from sensorium.encoders.encoder import Arrays, Encoder, Packaged, Preprocess
from sensorium.encoders.identity import Identity
from sensorium.errors import BadInput, UserError
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.modalities.weighted import weighted

WAYS = {"north": (0, 1), "east": (1, 0), "south": (0, -1), "west": (-1, 0)}
Value = list[tuple[str, int]]


class Ends(Preprocess):
    """Where the moves lead to, and how many there are."""

    axes: ClassVar = {"columns": {0: "batch"}}

    def __call__(self, value: Value) -> Arrays:
        steps = [(x * count, y * count) for way, count in value for x, y in [WAYS[way]]]
        return {"columns": np.array([[*map(sum, zip(*steps, strict=True)), len(value)]], np.float32)}


class Moves(Cell):
    """What a piece does, move by move."""

    kind: Literal["moves"] = "moves"
    encoder: Literal["ends"] = "ends"

    has_weights: ClassVar[bool] = False
    has_names: ClassVar[bool] = True
    comparatives: ClassVar = {"moves": Comparative("fewer moves", "more moves", "moves")}
    packaged: ClassVar = {"ends": Packaged(lambda _: Encoder(Ends(), Identity(), "ends 1"))}
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {"ends": Ends}

    def example(self) -> str:
        return "north 1"

    def decode(self, raw: Any) -> Value:
        words = raw.decode("ascii", "replace") if isinstance(raw, bytes) else raw
        if not isinstance(words, str):
            raise BadInput(f"moves are expected as a text, not {type(words).__name__}")
        found = [re.fullmatch(r"(\w{1,9}) (\d{1,3})", part.strip()) for part in words.split(",")]
        return [(match[1], int(match[2])) if match else ("", 0) for match in found]

    def check(self, value: Value) -> None:
        if not all(way in WAYS and count for way, count in value):
            raise BadInput("moves are expected as in 'north 3, east 1'")

    def clean(self, value: Value) -> Value:
        return value

    def pack(self, value: Value) -> bytes:
        return ", ".join(f"{way} {count}" for way, count in value).encode()

    def unpack(self, packed: bytes) -> Value:
        return self.decode(packed)

    def describe(self, value: Value) -> Descriptors:
        return {"moves": float(len(value))}

    def names(self, value: Value) -> list[str]:
        return [way for way, _ in value]

    def occlusions(self, value: Value) -> list[tuple[int, Value]]:
        return [(place, value[:place] + value[place + 1 :]) for place in range(len(value) if len(value) > 1 else 0)]

    def show(self, value: Value, weights: Sequence[tuple[int, float]]) -> str:
        of_place = dict(weights)
        return " ".join(
            f"<span {weighted(of_place.get(place, 0.0))}>{html.escape(way)} {count}</span>"
            for place, (way, count) in enumerate(value)
        )

    def load_folder(self, folder: Path) -> Encoder:
        raise UserError("moves have no encoder to choose")


def _tired(value: Value, strength: int, random: np.random.Generator) -> Value:
    """Moves are shorter, to a half, a third or a quarter."""
    return [(way, max(1, count // (strength + 2))) for way, count in value]


Moves.corruptions = {"tired": _tired}
