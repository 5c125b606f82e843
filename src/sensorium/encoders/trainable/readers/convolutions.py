"""Convolutions over time (Bai et al. 2018, arXiv:1803.01271)."""

from torch import Tensor, nn

from sensorium.encoders.trainable.readers.pooling import DROPOUT, Pooling

BLOCKS = 3


class Convolutions(nn.Module):
    """Blocks that see further one after the other, each added to what it reads."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Conv1d(width, width, 5, padding=2 * 2**at, dilation=2**at) for at in range(BLOCKS)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(BLOCKS))
        self.dropout = nn.Dropout(DROPOUT)
        self.pooling = Pooling(width)

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        for layer, norm in zip(self.layers, self.norms, strict=True):
            seen = layer((norm(states) * mask[..., None]).transpose(1, 2)).transpose(1, 2)
            states = states + self.dropout(nn.functional.gelu(seen))
        return self.pooling(states, mask)
