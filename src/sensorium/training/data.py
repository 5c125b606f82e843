"""Rows of cached features as tensors."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Batch = tuple[dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]


@dataclass(frozen=True)
class Rows:
    """Rows that point into features, so that rows sharing a picture share its features.

    Attributes:
        features: of every input, ``[items, tokens, dim]``.
        items: of every input, the item of each row ``[rows]``; -1 where the row lacks the input.
        labels: of every target, the class of each row ``[rows]``; -1 where it is not known.
    """

    features: dict[str, Tensor]
    items: dict[str, Tensor]
    labels: dict[str, Tensor]

    def __len__(self) -> int:
        return len(next(iter(self.items.values())))

    def select(self, rows: Tensor) -> "Rows":
        """The rows of these numbers, in this order."""
        return Rows(
            self.features,
            {name: items[rows] for name, items in self.items.items()},
            {name: labels[rows] for name, labels in self.labels.items()},
        )

    def without(self, absent: set[str]) -> "Rows":
        """The same rows with these inputs missing everywhere."""
        gone = {name: torch.full_like(items, -1) if name in absent else items for name, items in self.items.items()}
        return Rows(self.features, gone, self.labels)

    def batch(self, rows: Tensor | slice) -> Batch:
        """Features, presence (1 or 0) and labels of some rows; the features of missing inputs are zeros."""
        features, present = {}, {}
        for name, items in self.items.items():
            chosen = items[rows]
            present[name] = (chosen >= 0).float()
            features[name] = self.features[name][chosen.clamp(min=0)] * present[name][:, None, None]
        return features, present, {name: labels[rows] for name, labels in self.labels.items()}

    def to(self, device: torch.device) -> "Rows":
        """The rows on another device."""

        def moved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
            return {name: tensor.to(device) for name, tensor in tensors.items()}

        return Rows(moved(self.features), moved(self.items), moved(self.labels))
