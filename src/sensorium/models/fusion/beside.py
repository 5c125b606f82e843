"""Any fusion with a linear one beside it: wide and deep (Cheng et al. 2016, arXiv:1606.07792)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.linear import LinearFusion, holding


class BesideMap(nn.Module):
    """The numbers of a fusion's tokens, and behind them those of the linear one's.

    Args:
        deep: the token map of the fusion.
        inputs: how many there are.
        dim: numbers of a token's features.
        wide: size of the linear one's fused vector.
    """

    def __init__(self, deep: nn.Module, inputs: int, dim: int, wide: int) -> None:
        super().__init__()
        self.deep, self.wide = deep, LinearFusion.token_map(inputs, dim, wide, 0.0)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([self.deep(features), self.wide(features)], dim=-1)


class BesideFusion(nn.Module):
    """The fused vector of a fusion, and behind it that of the linear one.

    Args:
        deep: the fusion.
        inputs: names of the inputs.
        wide: size of the linear one's fused vector.
    """

    def __init__(self, deep: nn.Module, inputs: Sequence[str], wide: int) -> None:
        super().__init__()
        self.deep, self.wide = deep, LinearFusion(inputs, wide, 1, 0.0)
        self.numbers = len(holding(len(inputs), 0)) * wide  # of a token of the linear one's

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens as `BesideMap` gives them, there where the masks are 1, to ``[batch, width + wide]``."""
        deep = {name: states[..., : -self.numbers] for name, states in tokens.items()}
        wide = {name: states[..., -self.numbers :] for name, states in tokens.items()}
        return torch.cat([self.deep(deep, masks), self.wide(wide, masks)], dim=1)
