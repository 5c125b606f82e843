"""A handful of rows to look at: some predicted right, some wrong, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sensorium.dataset.items import read_items
from sensorium.evaluation.measure import Measured
from sensorium.evaluation.occlusion import Weights, occlude
from sensorium.modalities import Modality
from sensorium.models.network import Network

RIGHT, WRONG = 2, 3
LIKELIEST = 3
WORTH_SEEING = 0.8  # confidence


@dataclass(frozen=True)
class Example:
    """One test row, explained.

    Attributes:
        id: of the row.
        label: its true class.
        chances: the likeliest classes with their probabilities, the predicted one first.
        values: the cleaned values that it has.
        shapley: by input what it did for the probability of the predicted class.
        weights: by input what its parts did.
    """

    id: str
    label: str
    chances: list[tuple[str, float]]
    values: dict[str, Any]
    shapley: dict[str, float]
    weights: Weights

    @property
    def is_right(self) -> bool:
        """Whether the true class was predicted."""
        return self.label == self.chances[0][0]


def choose(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> list[int]:
    """Rows of which no two share a group: right ones of different classes, neither easy nor lucky, then wrong ones.

    Where the model is quite sure, hiding a part changes nothing and there is nothing to see; so right ones are those
    whose confidence is nearest to four in five. Of the wrong ones the surest tell most.
    """
    predicted, confidence = probabilities.argmax(1), probabilities.max(1)
    right, wrong = labels == predicted, (labels >= 0) & (labels != predicted)
    chosen: list[int] = []
    for most, wanted, distance, differing in (
        (RIGHT, right, np.abs(confidence - WORTH_SEEING), predicted),
        (WRONG, wrong, -confidence, groups),
    ):
        nearest = np.argsort(distance, kind="stable")
        seen: set[int] = set()
        for row in nearest[wanted[nearest]]:
            if len(seen) < most and differing[row] not in seen and groups[row] not in groups[chosen]:
                seen.add(differing[row])
                chosen.append(int(row))
    return chosen


def explain(
    network: Network,
    inputs: Mapping[str, Modality],
    table: pd.DataFrame,
    measured: Measured,
    target: str,
    folder: Path,
) -> list[Example]:
    """Chooses rows of the test table and explains them.

    Args:
        network: in evaluation mode.
        inputs: as declared.
        table: the test rows with the digest of every input.
        measured: of the target.
        target: whose predictions to explain.
        folder: a folder of prepared values an input.
    """
    chosen = choose(measured.probabilities, measured.labels, table["group"].to_numpy())
    packed = {name: dict(read_items(folder / name, list(table[name].iloc[chosen].dropna()))) for name in inputs}
    classes = network.config.targets[target]
    examples = []
    for row in chosen:
        digests = table.iloc[row]
        values = {
            name: kind.unpack(packed[name][digests[name]])
            for name, kind in inputs.items()
            if not pd.isna(digests[name])
        }
        chances = measured.probabilities[row]
        likeliest = np.argsort(-chances, kind="stable")[:LIKELIEST]
        examples.append(
            Example(
                id=str(digests["id"]),
                label=classes[measured.labels[row]],
                chances=[(classes[number], float(chances[number])) for number in likeliest],
                values=values,
                shapley={name: float(worth[row]) for name, worth in measured.shapley.items() if name in values},
                weights=occlude(network, inputs, values, target),
            )
        )
    return examples
