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
class Answers:
    """What a network answers for subsets of its inputs.

    Attributes:
        subsets: as `subsets` gives them, the last with all inputs.
        answered: whether a row has any of the subset's inputs ``[subsets, rows]``.
        brief: by target what is kept of the predictions ``[subsets, rows, few]``.
        worth: by target how much they say what all inputs together say ``[subsets, rows]``; where a row has none of
            the subset's inputs, how much the training rows do.
    """

    subsets: list[Subset]
    answered: np.ndarray
    brief: dict[str, np.ndarray]
    worth: dict[str, np.ndarray]

    def place(self, kept: Iterable[str]) -> int:
        """Where these inputs alone stand among the subsets."""
        return self.subsets.index(tuple(kept))


@torch.inference_mode()
def answer_subsets(network: Network, rows: Rows, prior: Mapping[str, np.ndarray]) -> Answers:
    """The answers of a network for subsets of its inputs; projections are computed once.

    Args:
        network: in evaluation mode.
        rows: any.
        prior: by target what one would predict knowing nothing ``[columns]``.
    """
    # All inputs first: what they predict is what worth is about.
    asked = subsets(list(network.config.inputs))[::-1]
    answered = np.zeros((len(asked), len(rows)), bool)
    brief: dict[str, np.ndarray] = {}
    worth: dict[str, np.ndarray] = {}
    for seen in forward(network, rows, asked):
        here = seen.place, seen.rows
        answered[here] = seen.answerable.numpy()
        for name, outputs in seen.outputs.items():
            target = network.targets[name]
            predictions = target.predict_from(outputs)
            kept = target.brief(predictions)
            if name not in brief:
                brief[name] = np.zeros((*answered.shape, kept.shape[1]), kept.dtype)
                worth[name] = np.zeros(answered.shape, predictions.dtype)
            brief[name][here] = kept
            whole = brief[name][0, seen.rows]
            nothing = target.worth(np.broadcast_to(prior[name], predictions.shape), whole)
            worth[name][here] = np.where(answered[here], target.worth(predictions, whole), nothing)
    last_first = slice(None, None, -1)
    return Answers(
        asked[::-1], answered[::-1], *({name: one[last_first] for name, one in of.items()} for of in (brief, worth))
    )
