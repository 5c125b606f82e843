"""Fusion by attention of every input to the others."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion.attending import Attending
from sensorium.models.fusion.fusion import Fusion
from sensorium.models.masks import mean_tokens


class CrossAttentionFusion(Fusion):
    """The mean token of every input attends to the tokens of all others; the results side by side are fused linearly.

    A small form of the multimodal transformer of Tsai et al. 2019 (arXiv:1906.00295): an input has one state instead of
    a sequence, and attends to the others together rather than to each by layers of its own. In place of a missing input
    a learnt state attends.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector; a multiple of 4, the number of heads.
        layers: layers of attention of every input.
        dropout: share of units dropped inside every layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.missing = nn.Parameter(torch.randn(len(inputs), width) * 0.02)
        self.layers = nn.ModuleList(nn.ModuleList(Attending(width, dropout) for _ in range(layers)) for _ in inputs)
        self.norm = nn.LayerNorm(len(inputs) * width)
        self.fused = nn.Linear(len(inputs) * width, width)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, here = mean_tokens(tokens, masks)
        first = means + (1 - here)[..., None] * self.missing
        found = []
        for name, layers, state in zip(tokens, self.layers, first.split(1, dim=1), strict=True):
            others = [other for other in tokens if other != name] or [name]
            beside = torch.cat([tokens[other] for other in others], dim=1)
            mask = torch.cat([masks[other] for other in others], dim=1)
            for layer in cast(nn.ModuleList, layers):
                state = layer(state, beside, mask)
            found.append(state[:, 0])
        return self.fused(self.norm(torch.cat(found, dim=1)))
