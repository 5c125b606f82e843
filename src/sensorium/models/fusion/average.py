"""Fusion of decisions: their mean."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.perceptron import perceptron
from sensorium.models.masks import mean_token, mean_tokens


class AverageFusion(Fusion):
    """A perceptron an input, which reads its mean token and nothing else; the fused vector is the mean over inputs.

    Heads are linear, so every output is the mean of what each present input says alone: the late fusion of Kittler et
    al. 1998 (doi:10.1109/34.667881), of logits. A missing input has no voice.

    Args:
        inputs: names of the inputs.
        width: size of every token and of the fused vector.
        layers: hidden layers of every perceptron.
        dropout: share of units dropped behind every hidden layer.
    """

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.perceptrons = nn.ModuleList(perceptron(width, width, layers, dropout) for _ in inputs)

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, width]``, there where ``[batch, tokens]`` is 1, to ``[batch, width]``."""
        means, here = mean_tokens(tokens, masks)
        voices = [own(mean) for own, mean in zip(self.perceptrons, means.unbind(1), strict=True)]
        return mean_token(torch.stack(voices, dim=1), here)
