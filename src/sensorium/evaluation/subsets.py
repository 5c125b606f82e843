"""The same rows with inputs taken away: every subset of the inputs, in one pass over the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from sensorium.evaluation.names import Subset, subsets
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.forward import forward


@dataclass(frozen=True)
class SubsetPredictions:
    """What a network predicts with subsets of its inputs.

    Attributes:
        subsets: as `subsets` gives them, the last with all inputs.
        covered: whether a row has any of the subset's inputs ``[subsets, rows]``.
        brief: by target what is kept of the predictions ``[subsets, rows, few]``.
        worth: by target how much they say what all inputs together say ``[subsets, rows]``; where a row has none of
            the subset's inputs, how much the training rows do.
    """

    subsets: list[Subset]
    covered: np.ndarray
    brief: dict[str, np.ndarray]
    worth: dict[str, np.ndarray]

    def place(self, kept: Iterable[str]) -> int:
        """Where these inputs alone stand among the subsets."""
        return self.subsets.index(tuple(kept))


@torch.inference_mode()
def predict_subsets(network: Network, rows: Rows, prior: Mapping[str, np.ndarray]) -> SubsetPredictions:
    """Predictions of a network with subsets of its inputs; projections are computed once.

    Args:
        network: in evaluation mode.
        rows: any.
        prior: by target what one would predict knowing nothing ``[columns]``.
    """
    # All inputs first: what they predict is what worth is about.
    in_turn = subsets(list(network.config.inputs))[::-1]
    covered = np.zeros((len(in_turn), len(rows)), bool)
    brief: dict[str, np.ndarray] = {}
    worth: dict[str, np.ndarray] = {}
    for one in forward(network, rows, in_turn):
        here = one.place, one.rows
        covered[here] = one.answerable.numpy()
        for name, outputs in one.outputs.items():
            target = network.targets[name]
            predictions = target.predict_from(outputs)
            kept = target.brief(predictions)
            if name not in brief:
                brief[name] = np.zeros((*covered.shape, kept.shape[1]), kept.dtype)
                worth[name] = np.zeros(covered.shape, predictions.dtype)
            brief[name][here] = kept
            full = brief[name][0, one.rows]
            nothing = target.worth(np.broadcast_to(prior[name], predictions.shape), full)
            worth[name][here] = np.where(covered[here], target.worth(predictions, full), nothing)
    last_first = slice(None, None, -1)
    return SubsetPredictions(
        in_turn[::-1],
        covered[::-1],
        *({name: array[last_first] for name, array in of.items()} for of in (brief, worth)),
    )
