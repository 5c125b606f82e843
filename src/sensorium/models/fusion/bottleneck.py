"""Fusion through a few tokens that all inputs share."""

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.fusion.attending import Attending
from sensorium.models.fusion.fusion import Fusion
from sensorium.models.masks import mean_token, presence


class BottleneckFusion(Fusion):
    """Inputs hear of each other through a few shared tokens only; the fused vector is the mean of these.

    The attention bottlenecks of Nagrani et al. 2021 (arXiv:2107.00135): in every layer the tokens of an input and the
    shared ones attend to each other, and the shared ones are then averaged over the inputs that a row has.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector; a multiple of 4, the number of heads.
        layers: layers of attention of every input.
        dropout: share of units dropped inside every layer.
    """

    shared_tokens = 4

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.shared = nn.Parameter(torch.randn(1, self.shared_tokens, width) * 0.02)
        self.layers = nn.ModuleList(nn.ModuleList(Attending(width, dropout) for _ in inputs) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        states, here = list(tokens.values()), torch.stack([presence(masks[name]) for name in tokens], dim=1)
        shared = self.shared.expand(here.shape[0], -1, -1)
        known = [torch.cat([torch.ones_like(shared[..., 0]), masks[name]], dim=1) for name in tokens]
        *before, last = (cast(nn.ModuleList, layers) for layers in self.layers)
        for layers in before:
            both = [torch.cat([shared, own], dim=1) for own in states]
            both = [layer(one, one, mask) for layer, one, mask in zip(layers, both, known, strict=True)]
            shared = self._average([one[:, : self.shared_tokens] for one in both], here)
            states = [one[:, self.shared_tokens :] for one in both]
        beside = [torch.cat([shared, own], dim=1) for own in states]
        # Of the last layer nobody asks for the inputs' own tokens.
        found = [layer(shared, one, mask) for layer, one, mask in zip(last, beside, known, strict=True)]
        return self.norm(self._average(found, here).mean(1))

    def _average(self, shared: list[Tensor], here: Tensor) -> Tensor:
        """The mean of every shared token ``[batch, shared, width]`` over the inputs that a row has."""
        return mean_token(torch.stack(shared, dim=1).flatten(2), here).unflatten(1, shared[0].shape[1:])
