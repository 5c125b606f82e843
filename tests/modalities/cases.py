"""A kind of input with some values, which the conformance suites of modalities and of encoders read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sensorium.modalities import Audio, Image, Modality, Tabular, Text, Video
from tests.clips import copied, drawn, encoded
from tests.conftest import png, wav
from tests.extremes import colours, picture

CLIP = encoded()
SPOTTED = picture(colours(60, 40))


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
        if not self.kind.is_cell:
            return dict(raw)
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
    "tabular": Case(
        Tabular(numbers=["age", "weight"], categories=["town"]),
        [{"age": 3, "weight": 2.5, "town": "Ulm & Bonn"}, {"age": 5}, {"weight": -1, "town": "<b>"}],
        ({"age": "old"}, "column 'age' holds 'old' where a number is expected"),
        {"town": " Ulm  & Bonn", "weight": "2.50", "age": "3"},
    ),
}
