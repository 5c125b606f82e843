"""A network run over rows, with all inputs that they have or with some."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sensorium.models.network import Network
from sensorium.training.data import Rows

BATCH = 4096


@dataclass(frozen=True)
class Forward:
    """Outputs for a batch of rows with some of their inputs.

    Attributes:
        rows: which ones.
        place: of these inputs among the subsets.
        outputs: by target ``[batch, outputs]``, on the network's device.
        answerable: whether a row has any of the inputs ``[batch]``.
    """

    rows: slice
    place: int
    outputs: dict[str, Tensor]
    answerable: Tensor


def forward(network: Network, rows: Rows, subsets: Sequence[Collection[str]]) -> Iterator[Forward]:
    """Runs a network over rows batch by batch; what an input is projected to is computed once for all of ``subsets``.

    Args:
        network: in the mode that is meant.
        rows: any.
        subsets: inputs to run it with in turn; the others count as missing.
    """
    device = next(network.parameters()).device
    for start in range(0, len(rows), BATCH):
        batch = slice(start, start + BATCH)
        features, masks, _ = rows.batch(batch)
        tokens = network.project({name: array.to(device) for name, array in features.items()})
        for place, subset in enumerate(subsets):
            kept = {name: mask * (name in subset) for name, mask in masks.items()}
            outputs = network.answer(tokens, {name: mask.to(device) for name, mask in kept.items()})
            yield Forward(batch, place, outputs, torch.cat(list(kept.values()), dim=1).any(1))


@torch.inference_mode()
def predict(network: Network, rows: Rows) -> dict[str, Tensor]:
    """Outputs ``[rows, outputs]`` of every target, with all inputs that the rows have."""
    network.eval()
    parts = [one.outputs for one in forward(network, rows, [list(network.config.inputs)])]
    return {name: torch.cat([part[name] for part in parts]) for name in network.config.targets}
