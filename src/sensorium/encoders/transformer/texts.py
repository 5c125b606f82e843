"""Texts read by a transformer from a folder."""

import math
from pathlib import Path
from typing import Any

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.tokenize import Tokenize
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.loading import load, longest
from sensorium.encoders.transformer.proof import proven
from sensorium.encoders.transformer.sentence import Recipe
from sensorium.errors import UserError, reason

PROVEN = 1024  # tokens at most of the text that a network is tried with
PADDED = ("siglip_text_model", "siglip2_text_model")  # that were trained on padding as if it were words


def read_texts(folder: Folder, recipe: Recipe, max_tokens: int, example: str) -> Encoder:
    """The encoder in a folder.

    Args:
        folder: with the tokenizer and the network.
        recipe: how its features are made of what it gives.
        max_tokens: to which texts are cut, if the network reads as many.
        example: a text that the network is tried with.

    Raises:
        UserError: if it cannot be used.
    """
    tokenizer = _tokenizer(folder)
    loaded = load(folder)
    words = loaded.model.config.get_text_config()
    _require_ids(tokenizer, getattr(words, "vocab_size", math.inf))
    most = int(min(max_tokens, recipe.longest, longest(loaded.model)))
    constants: dict[str, Any] = {"max_tokens": most, "pad_id": getattr(words, "pad_token_id", None) or 0}
    constants |= {"prompt": recipe.prompt} if recipe.prompt else {}
    constants |= {"lower": True} if recipe.lower else {}
    constants |= {"padded": True} if words.model_type in PADDED else {}
    preprocess = Tokenize({"tokenizer.json": tokenizer}, **constants)
    samples = [preprocess(text) for text in (example, " ".join([example] * min(most, PROVEN)))]
    whole = [preprocess.collate([{name: ids[:PROVEN] for name, ids in sample.items()}]) for sample in samples]
    return Encoder(preprocess, proven(loaded, recipe.readings, whole), "transformer texts 1", folder.decisive)


def _tokenizer(folder: Folder) -> Path:
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
