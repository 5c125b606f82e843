"""Steps without their order: fastText (Joulin et al. 2017, arXiv:1607.01759)."""

from torch import Tensor, nn

from sensorium.encoders.trainable.readers.pooling import Pooling


class Bag(nn.Module):
    """What all steps say together."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pooling = Pooling(width)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        return self.pooling(states, mask)
