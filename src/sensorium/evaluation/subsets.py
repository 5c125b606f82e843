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
        predicted: by target the class ``[subsets, rows]``; -1 where the row has none of the subset's inputs.
        confidence: by target the probability ``[subsets, rows]`` of the class that all inputs together predict;
            where the row has none of the subset's inputs, that class's share of the training rows.
        surest: by target the probability ``[subsets, rows]`` of the class that the subset itself predicts.
    """

    subsets: list[Subset]
    predicted: dict[str, np.ndarray]
    confidence: dict[str, np.ndarray]
    surest: dict[str, np.ndarray]

    def of(self, target: str, kept: Iterable[str]) -> np.ndarray:
        """The classes that these inputs alone predict ``[rows]``."""
        return self.predicted[target][self.subsets.index(tuple(kept))]


@torch.inference_mode()
def answer_subsets(network: Network, rows: Rows, prior: Mapping[str, np.ndarray]) -> Answers:
    """The answers of a network for subsets of its inputs; projections are computed once.

    Args:
        network: in evaluation mode.
        rows: any.
        prior: by target, each class's share of the training rows: what one would say knowing nothing.
    """
    asked = subsets(list(network.config.inputs))[
        ::-1
    ]  # all inputs first: what they predict is what confidence is about
    shape = (len(asked), len(rows))
    predicted = {target: np.full(shape, -1, np.int32) for target in network.config.targets}
    confidence, surest = ({target: np.zeros(shape, np.float32) for target in network.config.targets} for _ in range(2))
    for seen in forward(network, rows, asked):
        answerable = seen.answerable.numpy()
        for target, values in seen.outputs.items():
            probabilities = values.softmax(1).cpu().numpy()
            predicted[target][seen.place, seen.rows] = np.where(answerable, probabilities.argmax(1), -1)
            surest[target][seen.place, seen.rows] = probabilities.max(1)
            whole = np.maximum(predicted[target][0, seen.rows], 0)
            sure = probabilities[np.arange(len(whole)), whole]
            confidence[target][seen.place, seen.rows] = np.where(answerable, sure, prior[target][whole])
    return Answers(
        asked[::-1], *({name: one[::-1] for name, one in of.items()} for of in (predicted, confidence, surest))
    )
