"""What a network predicts for the test rows, with all inputs, with subsets and with corrupted ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from sensorium.dataset.columns import ORIGIN, PRESENCE, SPLIT, SPLITS, TEST, carried, slice_name
from sensorium.dataset.items import read_descriptors
from sensorium.dataset.rows import of_split, read_rows
from sensorium.engine import Engine
from sensorium.errors import UserError
from sensorium.evaluation.robustness import Change, Corrupted, predict_corrupted, sample
from sensorium.evaluation.slices import as_numbers, presence
from sensorium.evaluation.subsets import SubsetPredictions, predict_subsets
from sensorium.modalities import Modality
from sensorium.models.network import Network
from sensorium.training.data import Rows
from sensorium.training.forward import predict


@dataclass(frozen=True)
class Evidence:
    """What a network predicts for the test rows, and what it is compared with.

    Attributes:
        train: what it was fitted to.
        val: what it was chosen by.
        test: what it is measured on.
        groups: of test rows that are not independent, a number ``[rows]``.
        columns: to slice the test rows by.
        outputs: by target ``[rows, outputs]``, divided by the temperatures.
        divisors: by target the temperature of every row ``[rows]``.
        subsets: what is predicted with subsets of the inputs.
        corrupted_rows: places of the test rows whose inputs were corrupted.
        corrupted: by change, what is predicted for those rows.
    """

    train: Rows
    val: Rows
    test: Rows
    groups: np.ndarray
    columns: pd.DataFrame
    outputs: Mapping[str, np.ndarray]
    divisors: Mapping[str, np.ndarray]
    subsets: SubsetPredictions
    corrupted_rows: np.ndarray
    corrupted: Mapping[Change, Corrupted]


def gather(
    network: Network,
    inputs: Mapping[str, Modality],
    table: pd.DataFrame,
    robustness_rows: int,
    prepared: Path,
    engine: Engine,
) -> Evidence:
    """Runs the network over the test rows.

    Args:
        network: in evaluation mode.
        inputs: as declared.
        table: prepared rows of all splits.
        robustness_rows: test rows, at most, whose inputs are corrupted.
        prepared: a folder of cleaned values an input.
        engine: who embeds corrupted values.

    Raises:
        UserError: if a target has no label in the test rows.
    """
    names, targets, test = network.config.inputs, network.targets, of_split(table, TEST)
    for target in targets:
        if test[target].isna().all():
            raise UserError(f"targets.{target}: no test row has a label; add rows, or use another split.")
    every, split = read_rows(table, names, targets), table[SPLIT].to_numpy()
    train, val, rows = (every.select(torch.from_numpy(np.flatnonzero(split == name))) for name in SPLITS)
    chosen = sample(len(test), robustness_rows)
    chosen_rows = rows.select(torch.from_numpy(chosen))
    return Evidence(
        train=train,
        val=val,
        test=rows,
        groups=test["group"].to_numpy(),
        columns=_columns(test, rows, inputs, targets, prepared),
        outputs={target: outputs.numpy() for target, outputs in predict(network, rows).items()},
        divisors=_divisors(network, rows),
        subsets=predict_subsets(
            network, rows, {name: target.prior(train.labels[name].numpy()) for name, target in targets.items()}
        ),
        corrupted_rows=chosen,
        corrupted=predict_corrupted(network, test.iloc[chosen], chosen_rows, inputs, prepared, engine),
    )


def _divisors(network: Network, rows: Rows) -> dict[str, np.ndarray]:
    """By target what each row's outputs were divided by ``[rows]``."""
    present = {name: (items >= 0).float() for name, items in rows.items.items()}
    return dict(zip(network.config.targets, network.divisors(present).T.numpy(), strict=True))


def _columns(
    test: pd.DataFrame, rows: Rows, inputs: Mapping[str, Modality], targets: Iterable[str], prepared: Path
) -> pd.DataFrame:
    """What test rows are sliced by: what the table carries along, targets, the inputs they have, and descriptors."""
    columns = {slice_name(name, inputs, targets): as_numbers(cells) for name, cells in carried(test).items()}
    columns |= {target: test[target] for target in targets} | {"origin": test[ORIGIN]}
    if len(inputs) > 1:
        columns[PRESENCE] = presence({name: items.numpy() for name, items in rows.items.items()})
    for name in inputs:
        of_rows = read_descriptors(prepared / name).reindex(test[name])
        columns |= {f"{name}.{one}": of_rows[one].reset_index(drop=True) for one in of_rows}
    return pd.DataFrame(columns)
