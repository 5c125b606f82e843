"""Texts as the ids of a tokenizer."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.errors import BadInput

LETTERS = 100  # of a token, at most: WordPiece knows no longer word
LONGER = 1.5  # than the shortest of its group a text may be


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
