"""All weights of a network as one vector: what is done to all of them in a step is one operation, not one for each."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

AVERAGING = 0.98  # of the running mean of weights, a step; some 50 steps count
LONGEST = 1.0  # gradient, in the Euclidean norm


class Weights:
    """Those weights of a network that learn, in one vector, whose parts its parameters are, and their running mean.

    Attributes:
        vector: what an optimiser steps along.
        mean: over the steps, the later ones counting more.

    Args:
        network: on its device.
    """

    def __init__(self, network: nn.Module) -> None:
        parameters = [one for one in network.parameters() if one.requires_grad]
        self.vector = nn.Parameter(torch.cat([one.detach().flatten() for one in parameters]))
        self.vector.grad = self.gradient = torch.zeros_like(self.vector)
        self.mean: Tensor = self.vector.detach().clone()
        self._started = False
        sizes = [one.numel() for one in parameters]
        parts = zip(parameters, self.vector.detach().split(sizes), self.gradient.split(sizes), strict=True)
        for parameter, values, gradient in parts:
            parameter.data, parameter.grad = values.view_as(parameter), gradient.view_as(parameter)

    def shorten(self) -> None:
        """Scales a gradient that is longer than `LONGEST` to this length."""
        self.gradient.mul_((LONGEST / (self.gradient.norm() + 1e-6)).clamp(max=1))

    def average(self) -> None:
        """Takes the weights after a step into the mean, which begins with those after the first."""
        self.mean.lerp_(self.vector.detach(), 1 - AVERAGING if self._started else 1)
        self._started = True

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The network has the mean for its weights while this lasts."""
        own = self.vector.detach().clone()
        self.take(self.mean)
        yield
        self.take(own)

    def take(self, values: Tensor) -> None:
        """Gives the network other weights."""
        self.vector.data.copy_(values)
