"""Fusion by weights of their own for every set of inputs that a row may have."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.masks import mean_token, presence

MOST_INPUTS = 4  # of which every set has weights of its own
Places = tuple[int, ...]


def patterns(inputs: int) -> list[Places]:
    """The sets of inputs, by their places, that have weights of their own.

    Of up to four inputs every set; of more all, all but one, and each alone. Every other row shares one more pattern.
    """
    sizes = range(1, inputs + 1) if inputs <= MOST_INPUTS else (1, inputs - 1, inputs)
    return [chosen for size in sizes for chosen in combinations(range(inputs), size)]


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

    learns_by = "solution"

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        count, listed = len(inputs), patterns(len(inputs))
        self.biases = nn.Parameter(torch.randn(len(listed) + 1, width) * 0.02)
        signs = [[1.0 if place in chosen else -1.0 for place in range(count)] for chosen in listed]
        self.signs: Tensor
        self.register_buffer("signs", torch.tensor(signs), persistent=False)
        self.holding = [holding(count, place) for place in range(count)]

    @staticmethod
    def token_map(inputs: int, dim: int, width: int, dropout: float) -> nn.Module:
        """Linear, and nothing more."""
        return nn.Linear(dim, len(holding(inputs, 0)) * width, bias=False)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, patterns * width]``, there where the masks are 1, to ``[batch, width]``."""
        here = torch.stack([presence(masks[name]) for name in tokens], dim=1)
        # In sums and products, which all compressed forms know: 1 where a row is of a pattern, else 0.
        listed = torch.relu(((2 * here - 1)[:, None] * self.signs).sum(-1) - (here.shape[1] - 1))
        matches = torch.cat([listed, 1 - listed.sum(1, keepdim=True)], dim=1)
        fused = (matches[..., None] * self.biases).sum(1)
        for (name, states), numbers in zip(tokens.items(), self.holding, strict=True):
            of_input = torch.stack([matches[:, number] for number in numbers], dim=1)
            parts = mean_token(states, masks[name]).unflatten(1, (len(numbers), self.biases.shape[1]))
            fused = fused + (of_input[..., None] * parts).sum(1)
        return fused
