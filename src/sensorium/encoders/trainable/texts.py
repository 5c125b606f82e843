"""Texts read by networks that are trained here: pieces of words that the training texts have, and a reader of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sensorium.encoders.tokenize import Tokenize
from sensorium.encoders.trainable.readers import reader as new_reader
from sensorium.encoders.trainable.trainable import Trainable

PIECES = 8000  # of words, at most
ALPHABET = 1000  # letters, the commonest
FEWEST = 2  # texts or places that have a piece
UNKNOWN = "[UNK]"
SPECIAL = ["[PAD]", UNKNOWN]  # by their ids
NEW = 0.02  # deviation of the embedding of a piece that nothing is known of
QUICK = 4  # times as fast as other weights a piece learns, which few texts have
HIDDEN = 0.2  # share of pieces that are hidden while it is trained


class TextNetwork(nn.Module):
    """An embedding of each piece, and a reader."""

    def __init__(self, reader: str, pieces: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(pieces, width)
        nn.init.normal_(self.embedding.weight, std=NEW / QUICK)  # rare pieces, which hardly learn, stay near nothing
        self.dropout = nn.Dropout(0.2)
        self.reader = new_reader(reader, width)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        if self.training:
            hidden = torch.rand(input_ids.shape, device=input_ids.device) < HIDDEN
            input_ids = input_ids.masked_fill(hidden, SPECIAL.index(UNKNOWN))
        mask = attention_mask.float()
        states: Tensor = self.reader(self.dropout(QUICK * self.embedding(input_ids)) * mask[..., None], mask)
        return states


def read_texts(reader: str, max_tokens: int, values: Iterable[str], width: int, folder: Path) -> Trainable:
    """A network over pieces of words.

    Args:
        reader: a name in `READERS`.
        max_tokens: pieces that texts are cut to.
        values: training texts.
        width: of the hidden state.
        folder: where the tokenizer is written.
    """
    path = folder / "tokenizer.json"
    tokenizer = _tokenizer(values)
    path.write_text(tokenizer.to_str(), encoding="utf-8")
    preprocess = Tokenize({path.name: path}, max_tokens=max_tokens, pad_id=0)
    return Trainable(preprocess, TextNetwork(reader, tokenizer.get_vocab_size(), width), f"{reader} of texts 1", width)


def _tokenizer(values: Iterable[str]) -> Any:
    """Pieces of words by how often they stand together (byte-pair encoding: Sennrich et al. 2016, arXiv:1508.07909)."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    found = Tokenizer(models.BPE(unk_token=UNKNOWN))
    found.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=FEWEST,
        limit_alphabet=ALPHABET,
        special_tokens=SPECIAL,
        show_progress=False,
    )
    found.train_from_iterator(values, trainer)
    return found
