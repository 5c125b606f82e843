"""Several fusions of the same inputs side by side: wide and deep (Cheng et al. 2016, arXiv:1606.07792)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn


class BesideMap(nn.Module):
    """The numbers of every fusion's tokens, one fusion's behind the other's.

    Args:
        maps: the token maps of the fusions.
    """

    def __init__(self, maps: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(maps)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([one(features) for one in self.members], dim=-1)


class BesideFusion(nn.Module):
    """The fused vector of every fusion, one behind the other.

    Args:
        fusions: made with the same inputs.
        numbers: how many a token has of each fusion.
    """

    def __init__(self, fusions: Sequence[nn.Module], numbers: Sequence[int]) -> None:
        super().__init__()
        self.members, self.numbers = nn.ModuleList(fusions), list(numbers)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens as `BesideMap` gives them, there where the masks are 1, to ``[batch, sum of widths]``."""
        parts = {name: states.split(self.numbers, dim=-1) for name, states in tokens.items()}
        fused = [
            one({name: own[place] for name, own in parts.items()}, masks) for place, one in enumerate(self.members)
        ]
        return torch.cat(fused, dim=1)
