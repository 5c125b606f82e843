"""Fusion by likeness to rows of the training data."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sensorium.models.fusion.fusion import Fusion
from sensorium.models.fusion.patterns import Patterns
from sensorium.models.masks import mean_token

AXES, LANDMARKS = 128, 256  # numbers that an input is compared by, and rows that it is compared with


class KernelFusion(Fusion):
    """A weighted sum of how alike a row is to landmarks, with weights of their own for every pattern of present inputs.

    Likeness is ``exp(-sum over inputs of scale * squared distance)``, a Gaussian kernel; landmarks are rows of the
    training data, as in the Nyström method (Williams and Seeger 2000).

    Args:
        inputs: names of the inputs.
        width: size of the fused vector; as many as there are outputs of all targets are enough.
        layers: not used.
        dropout: not used.
    """

    learns_by = "kernel"

    def __init__(self, inputs: Sequence[str], width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.patterns, self.width = Patterns(len(inputs)), width
        self.scales: Tensor
        self.register_buffer("scales", torch.full((len(self.patterns), len(inputs)), 0.02))
        for place in range(len(inputs)):  # a buffer each, so that every matrix of a compressed form is a flat one
            self.register_buffer(f"landmarks_{place}", torch.randn(AXES, LANDMARKS) * 0.1)
        self.heights = nn.Parameter(torch.randn(LANDMARKS, len(self.patterns) * width) * 0.1)
        self.biases = nn.Parameter(torch.randn(len(self.patterns), width) * 0.02)

    @property
    def landmarks(self) -> list[Tensor]:
        """Where they lie along every input's axes ``[axes, landmarks]``."""
        return [self.get_buffer(f"landmarks_{place}") for place in range(self.scales.shape[1])]

    @staticmethod
    def token_map(inputs: int, dim: int, width: int, dropout: float) -> nn.Module:
        """Onto the axes along which distances are measured."""
        return nn.Linear(dim, AXES, bias=False)

    @staticmethod
    def numbers(inputs: int, width: int) -> int:
        """One for every axis."""
        return AXES

    def forward(self, tokens: dict[str, Tensor], masks: dict[str, Tensor]) -> Tensor:
        """Fuses tokens ``[batch, tokens, axes]``, there where the masks are 1, to ``[batch, width]``."""
        matches = self.patterns(list(masks.values()))
        places = [mean_token(states, masks[name]) for name, states in tokens.items()]
        alike = likeness(places, self.landmarks, (matches @ self.scales).unbind(1))
        of_patterns = (alike @ self.heights).unflatten(1, (len(self.patterns), self.width)) + self.biases
        return (matches[..., None] * of_patterns).sum(1)


def likeness(places: Sequence[Tensor], landmarks: Sequence[Tensor], scales: Sequence[Tensor]) -> Tensor:
    """How alike rows are to landmarks ``[rows, landmarks]``, from 0 to 1.

    Args:
        places: of the rows along every input's axes ``[rows, axes]``.
        landmarks: their places ``[axes, landmarks]``.
        scales: of every input's squared distances ``[rows]``; 0 leaves it out.
    """
    distances = torch.zeros_like(scales[0])[:, None]
    for rows, others, scale in zip(places, landmarks, scales, strict=True):
        squares = (rows**2).sum(1, keepdim=True) + (others**2).sum(0) - 2 * rows @ others
        distances = distances + scale[:, None] * squares
    return torch.exp(-distances.clamp(min=0))
