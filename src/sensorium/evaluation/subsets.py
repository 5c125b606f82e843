"""The same rows with inputs taken away: every subset of the inputs, in one pass over the rows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from sensorium.evaluation.names import Subset, subsets
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.loop import EVALUATION_BATCH


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
def answer_subsets(network: Network, rows: Rows, shares: Mapping[str, np.ndarray]) -> Answers:
    """The answers of a network for subsets of its inputs; projections are computed once.

    Args:
        network: in evaluation mode.
        rows: any.
        shares: by target, each class's share of the training rows: what one would say knowing nothing.
    """
    asked = subsets(list(network.config.inputs))
    device = next(network.parameters()).device
    predicted = {target: np.full((len(asked), len(rows)), -1, np.int32) for target in network.config.targets}
    confidence, surest = (
        {target: np.zeros((len(asked), len(rows)), np.float32) for target in network.config.targets} for _ in range(2)
    )
    for start in range(0, len(rows), EVALUATION_BATCH):
        batch = slice(start, start + EVALUATION_BATCH)
        features, present, _ = rows.batch(batch)
        tokens = network.project({name: array.to(device) for name, array in features.items()})
        for place in reversed(range(len(asked))):  # all inputs first: what they predict is what confidence is about
            kept = {name: here * (name in asked[place]) for name, here in present.items()}
            answerable = torch.stack(list(kept.values())).any(0).numpy()
            logits = network.answer(tokens, {name: here.to(device) for name, here in kept.items()})
            for target, values in logits.items():
                chances = values.softmax(1).cpu().numpy()
                predicted[target][place, batch] = np.where(answerable, chances.argmax(1), -1)
                surest[target][place, batch] = chances.max(1)
                said = np.maximum(predicted[target][-1, batch], 0)
                chance = chances[np.arange(len(said)), said]
                confidence[target][place, batch] = np.where(answerable, chance, shares[target][said])
    return Answers(asked, predicted, confidence, surest)
