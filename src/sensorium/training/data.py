"""Rows of cached features as tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from sensorium.models.masks import is_there

Batch = tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]


@dataclass(frozen=True, eq=False)  # compared by identity, so that what is found of rows can be kept
class Rows:
    """Rows that point into features, so that rows sharing a picture share its features.

    Attributes:
        features: of every input, ``[items, tokens, dim]``; a token that an item does not have is not-a-number.
        items: of every input, the item of each row ``[rows]``; -1 where the row lacks the input.
        labels: of every target, what is true of each row ``[rows]``, as its learnt half reads it.
        groups: a number for each row ``[rows]``; rows that share it are never split. Without, each is on its own.
    """

    features: dict[str, Tensor]
    items: dict[str, Tensor]
    labels: dict[str, Tensor]
    groups: Tensor | None = None

    def __len__(self) -> int:
        return len(next(iter(self.items.values())))

    @property
    def dims(self) -> dict[str, int]:
        """Numbers a token, of every input."""
        return {name: features.shape[-1] for name, features in self.features.items()}

    def select(self, rows: Tensor) -> "Rows":
        """The rows of these numbers, in this order."""
        return Rows(
            self.features,
            {name: items[rows] for name, items in self.items.items()},
            {name: labels[rows] for name, labels in self.labels.items()},
            None if self.groups is None else self.groups[rows],
        )

    def joined(self, other: "Rows") -> "Rows":
        """These rows and the other ones behind them; groups are numbered alike in both."""
        items = {}
        for name, own in self.items.items():
            others = other.items[name]
            items[name] = torch.cat([own, torch.where(others < 0, -1, others + len(self.features[name]))])
        return Rows(
            {name: torch.cat([features, other.features[name]]) for name, features in self.features.items()},
            items,
            {name: torch.cat([labels, other.labels[name]]) for name, labels in self.labels.items()},
            None if self.groups is None or other.groups is None else torch.cat([self.groups, other.groups]),
        )

    def without(self, absent: set[str]) -> "Rows":
        """The same rows with these inputs missing everywhere."""
        gone = {name: torch.full_like(items, -1) if name in absent else items for name, items in self.items.items()}
        return replace(self, items=gone)

    def batch(self, rows: Tensor | slice) -> Batch:
        """Features, masks of their tokens and labels of some rows; tokens that are not there are zeros."""
        features, masks = {}, {}
        for name, items in self.items.items():
            chosen = items[rows]
            found = self.features[name][chosen.clamp(min=0)]
            here = is_there(found) & (chosen >= 0)[:, None]
            features[name], masks[name] = found.masked_fill_(~here[..., None], 0), here.float()
        return features, masks, {name: labels[rows] for name, labels in self.labels.items()}

    def to(self, device: torch.device) -> "Rows":
        """The rows on another device."""

        def moved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {name: tensor.to(device) for name, tensor in tensors.items()}

        return Rows(moved(self.features), moved(self.items), moved(self.labels), self.groups)
