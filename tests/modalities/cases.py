"""A kind of input with some values, which the conformance suites of modalities and of encoders read."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.modalities import Audio, Image, Modality, Signal, Tabular, Text, Video
from tests.clips import copied, drawn, encoded
from tests.conftest import png, wav
from tests.extremes import colours, picture

CLIP = encoded()
SPOTTED = picture(colours(60, 40))
WAVE = np.sin(np.arange(40) / 3).round(3).tolist()


def lines(header: str, count: int) -> bytes:
    """CSV of two channels, the second of which has gaps; others are there to be left out."""
    part = "\t" if "\t" in header else ","
    of_name = {"<b>x": lambda place: str(place % 7), "y": lambda place: "" if place % 9 == 4 else f"{place / 4}"}
    names = header.split(part)
    rows = [part.join(of_name.get(name, str)(place) for name in names) for place in range(count)]
    return "\n".join([header, *rows]).encode()


def archive(count: int) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **{"y": np.arange(count), "<b>x": np.arange(count) % 3})
    return stream.getvalue()


@dataclass(frozen=True)
class Case:
    """A kind of input with some values.

    Attributes:
        kind: as declared.
        raws: different values that are accepted, of several lengths.
        bad: what is refused, and what is said of it.
        again: another way to write the first value.
    """

    kind: Modality
    raws: list[Any]
    bad: tuple[Any, str]
    again: Any

    @property
    def values(self) -> list[Any]:
        return [self.kind.accept(raw) for raw in self.raws]

    def row(self, raw: Any, root: Path, name: str = "it") -> dict[str, Any]:
        """A row of a table that holds a raw value."""
        if isinstance(raw, dict):
            return raw
        (column,) = self.kind.columns(name)
        if not self.kind.is_file:
            return {column: raw}
        (root / "value").write_bytes(raw)
        return {column: "value"}


CASES = {
    "text": Case(
        Text(),
        ["A small green frog sits <here>.", "一只绿色的青蛙", "frog " * 30],
        (b"\xff\xfe", "the text is not UTF-8"),
        "  A small\tgreen frog\n sits <here>. ",
    ),
    "image": Case(
        Image(),
        [SPOTTED, png((0, 90, 0), (20, 64)), png((9, 9, 200))],
        (b"hello", "not a picture (PNG, JPEG, WEBP, GIF, BMP, TIFF are read)"),
        SPOTTED + b"behind the end",
    ),
    "audio": Case(
        Audio(),
        [wav(1.0), wav(2.0, pitch=200), wav(0.3)],
        (b"just a text\n", "not a sound that can be read (WAV, FLAC, Ogg, MP3, M4A, WebM and clips can)"),
        wav(1.0) + b"LIST\4\0\0\0more",
    ),
    "video": Case(
        Video(frames=6, seconds=2),
        [CLIP, encoded("gif", "gif", "rgb8", drawn(3)), encoded("webm", "libvpx", frames=drawn(9, 30, 70)[::-1])],
        (b"just a text\n", "it is no container of moving pictures or sounds that is read"),
        copied(CLIP, "matroska"),
    ),
    "signal": Case(
        Signal(channels=["<b>x", "y"], rate=50),
        [lines("<b>x,y", 40), lines("y,<b>x", 90), archive(20)],
        (b"hello", "the file has no channel '<b>x'; it has 'hello'"),
        lines("other\t<b>x\ty", 40),
    ),
    "signal in lists": Case(
        Signal(columns=["a", "<b>"], rate=50),
        [{"a": WAVE, "<b>": WAVE[::-1]}, {"a": WAVE * 2}, {"<b>": [*WAVE[:30], None, float("nan"), *WAVE[:3]]}],
        ({"a": WAVE, "<b>": [1, "x"]}, "sample 2 of '<b>' is 'x' where a number is expected"),
        {"a": str(WAVE), "<b>": " ".join(map(str, WAVE[::-1]))},
    ),
    "tabular": Case(
        Tabular(numbers=["age", "weight"], categories=["town"]),
        [{"age": 3, "weight": 2.5, "town": "Ulm & Bonn"}, {"age": 5}, {"weight": -1, "town": "<b>"}],
        ({"age": "old"}, "column 'age' holds 'old' where a number is expected"),
        {"town": " Ulm  & Bonn", "weight": "2.50", "age": "3"},
    ),
}
