"""Fusion by weights of their own for every set of inputs that a row may have."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.patterns import MOST_INPUTS, Patterns, patterns
from sensorium.models.masks import mean_token


def holding(inputs: int, place: int) -> list[int]:
    """The numbers of the patterns that read an input; the last is that of other rows, where there can be any."""
    listed = patterns(inputs)
    others = [len(listed)] if inputs > MOST_INPUTS else []
    return [number for number, chosen in enumerate(listed) if place in chosen] + others


class LinearFusion(Fusion):
    """A linear map of all features, another one for every pattern of present inputs: so is the whole network.

    A token of an input holds ``width`` numbers for every pattern that reads the input. Those of the pattern that a row
    has are added up over its inputs.

    Args:
        inputs: names of the inputs.
        width: size of the fused vector; as many as there are classes of all targets are enough.
        layers: not used.
        dropout: not used.
    """

    learns_by = "linear"

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.patterns = Patterns(len(inputs))
        self.biases = nn.Parameter(torch.randn(len(self.patterns), width) * 0.02)
        self.holding = [holding(len(inputs), place) for place in range(len(inputs))]

    @staticmethod
    def token_map(inputs: int, dim: int, width: int, dropout: float) -> nn.Module:
        """Linear, and nothing more."""
        return nn.Linear(dim, LinearFusion.numbers(inputs, width), bias=False)

    @staticmethod
    def numbers(inputs: int, width: int) -> int:
        """A vector for every pattern that reads an input."""
        return len(holding(inputs, 0)) * width

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, patterns * width]``, there where the masks are 1, to ``[batch, width]``."""
        matches = self.patterns(list(masks.values()))
        fused = (matches[..., None] * self.biases).sum(1)
        for (name, states), numbers in zip(tokens.items(), self.holding, strict=True):
            of_input = torch.stack([matches[:, number] for number in numbers], dim=1)
            parts = mean_token(states, masks[name]).unflatten(1, (len(numbers), self.biases.shape[1]))
            fused = fused + (of_input[..., None] * parts).sum(1)
        return fused
