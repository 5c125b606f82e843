"""A way to fuse inputs that only tests know."""

from collections.abc import Sequence

from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.masks import mean_token, mean_tokens


class Averaging(Fusion):
    """The mean of the inputs that a row has, and a perceptron."""

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.perceptron = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(dropout))

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        return self.perceptron(mean_token(*mean_tokens(tokens, masks)))
