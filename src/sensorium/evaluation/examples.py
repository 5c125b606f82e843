"""A handful of rows to look at: some predicted right, some wrong, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.dataset.items import read_items
from sensorium.evaluation.measure import Measured
from sensorium.evaluation.occlusion import Weights, occlude
from sensorium.modalities import Modality
from sensorium.models.network import Network


@dataclass(frozen=True)
class Example:
    """One test row, explained.

    Attributes:
        id: of the row.
        label: what is true of it, in words.
        answer: what is predicted, in words.
        chances: what may be, in words, the likeliest first, each with its share of one.
        is_right: whether that is right.
        values: the cleaned values that it has.
        shapley: by input what it did for the prediction.
        weights: by input what its parts did.
    """

    id: str
    label: str
    answer: str
    chances: list[tuple[str, float]]
    is_right: bool
    values: dict[str, Any]
    shapley: dict[str, float]
    weights: Weights


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
    learnt, predictions, truth = measured.target, measured.predictions, measured.truth
    chosen = learnt.examples(predictions, truth, table["group"].to_numpy())
    packed = {name: dict(read_items(folder / name, list(table[name].iloc[chosen].dropna()))) for name in inputs}
    examples = []
    for row in chosen:
        digests = table.iloc[row]
        values = {
            name: kind.unpack(packed[name][digests[name]])
            for name, kind in inputs.items()
            if not pd.isna(digests[name])
        }
        examples.append(
            Example(
                id=str(digests["id"]),
                label=learnt.shown_truth(truth[row]),
                answer=learnt.shown_answer(predictions[row]),
                chances=learnt.shown(predictions[row]),
                is_right=learnt.is_right(predictions[row], truth[row]),
                values=values,
                shapley={name: float(worth[row]) for name, worth in measured.shapley.items() if name in values},
                weights=occlude(network, inputs, values, target),
            )
        )
    return examples
