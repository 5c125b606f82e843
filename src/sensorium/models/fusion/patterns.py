"""Which inputs a row has: fusions that are solved have weights of their own for every such set."""

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from sensorium.models.masks import presence

MOST_INPUTS = 4  # of which every set has weights of its own
Places = tuple[int, ...]


def patterns(inputs: int) -> list[Places]:
    """The sets of inputs, by their places, that have weights of their own.

    Of up to four inputs every set; of more all, all but one, and each alone. Every other row shares one more pattern.
    """
    sizes = range(1, inputs + 1) if inputs <= MOST_INPUTS else (1, inputs - 1, inputs)
    return [chosen for size in sizes for chosen in combinations(range(inputs), size)]


class Patterns(nn.Module):
    """Tells of which pattern every row is.

    Args:
        inputs: how many there are.
    """

    def __init__(self, inputs: int) -> None:
        super().__init__()
        listed = patterns(inputs)
        signs = [[1.0 if place in chosen else -1.0 for place in range(inputs)] for chosen in listed]
        self.signs: Tensor
        self.register_buffer("signs", torch.tensor(signs), persistent=False)

    def __len__(self) -> int:
        return len(self.signs) + 1

    def forward(self, masks: Sequence[Tensor]) -> Tensor:
        """1 for the pattern of a row, else 0 ``[batch, patterns]``; the last is that of rows of no other.

        In sums and products, which all compressed forms know.
        """
        here = torch.stack([presence(mask) for mask in masks], dim=1)
        listed = torch.relu(((2 * here - 1)[:, None] * self.signs).sum(-1) - (here.shape[1] - 1))
        return torch.cat([listed, 1 - listed.sum(1, keepdim=True)], dim=1)
