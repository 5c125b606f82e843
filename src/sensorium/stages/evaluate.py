"""evaluate: the trained network on the test rows."""

import numpy as np
import pandas as pd
import torch

from sensorium import params, paths
from sensorium.dataset.columns import ORIGIN, PRESENCE, carried, slice_name
from sensorium.dataset.items import read_descriptors
from sensorium.dataset.predictions import write_predictions
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.errors import UserError
from sensorium.evaluation.examples import explain
from sensorium.evaluation.gates import BRANCHES
from sensorium.evaluation.measure import Evidence, measure
from sensorium.evaluation.robustness import predict_corrupted, sample
from sensorium.evaluation.slices import as_numbers, presence
from sensorium.evaluation.subsets import answer_subsets
from sensorium.files import existing, rounded, write_json
from sensorium.models import network as networks
from sensorium.models.network import Network
from sensorium.prepared import load_params
from sensorium.report.evaluation import write_report
from sensorium.report.words import bounds, findings
from sensorium.training.data import Rows
from sensorium.training.forward import predict

PREDICTIONS = paths.PREDICTIONS / "test.parquet"
INTERVAL = "{:.3f}, {:.3f}"


def run() -> None:
    """Writes metrics, predictions and the report."""
    settings = load_params()
    network = networks.load(existing(paths.TRAINED, made_by="train"))
    targets = network.targets
    table = read_table()
    test = of_split(table, "test")
    evidence = _gather(network, settings, table, test)
    unread = sum(int(one.lost.sum()) for one in evidence.corrupted.values())
    if unread:
        print(f"evaluate: {unread:,} damaged values cannot be encoded; they are left out of the figures of robustness")
    draws, confidence = settings.evaluation.bootstrap, settings.evaluation.confidence
    measured = {name: measure(evidence, name, target, draws, confidence) for name, target in targets.items()}
    found = rounded({target: one.figures for target, one in measured.items()})
    small = {target: {key: v for key, v in tree.items() if key not in BRANCHES} for target, tree in found.items()}
    write_json(paths.METRICS / "evaluate.json", small)
    for branch in BRANCHES:
        write_json(paths.METRICS / f"{branch}.json", {target: tree[branch] for target, tree in found.items()})
    write_predictions(
        PREDICTIONS,
        test,
        {target: one.predictions for target, one in measured.items()},
        targets,
        {f"{target}.shapley.{name}": worth for target, one in measured.items() for name, worth in one.shapley.items()},
    )
    examples = {
        target: explain(network, settings.inputs, test, one, target, paths.PREPARED) for target, one in measured.items()
    }
    write_report(found, measured, examples, settings.inputs, paths.REPORTS / "evaluation")
    for name, target in targets.items():
        print(f"evaluate: {name} {target.summary(found[name], bounds(found[name], INTERVAL, target.main))}")
    for sentence in findings(found):
        print(f"evaluate: {sentence}")


def _gather(network: Network, settings: params.Params, table: pd.DataFrame, test: pd.DataFrame) -> Evidence:
    """What the network answers for the test rows, with all inputs, with subsets, and with corrupted ones.

    Raises:
        UserError: if a target has no label there.
    """
    inputs, targets = network.config.inputs, network.targets
    for target in targets:
        if test[target].isna().all():
            raise UserError(f"targets.{target}: no test row has a label; add rows, or use another split.")
    train, val, rows = (read_rows(of_split(table, name), inputs, targets) for name in ("train", "val", "test"))
    chosen = sample(len(test), settings.evaluation.robustness_rows)
    chosen_rows = rows.select(torch.from_numpy(chosen))
    return Evidence(
        train=train,
        val=val,
        test=rows,
        groups=test["group"].to_numpy(),
        columns=_columns(test, rows, settings),
        outputs={target: outputs.numpy() for target, outputs in predict(network, rows).items()},
        divisors=_divisors(network, rows),
        answers=answer_subsets(
            network, rows, {name: target.prior(train.labels[name].numpy()) for name, target in targets.items()}
        ),
        corrupted_rows=chosen,
        corrupted=predict_corrupted(network, test.iloc[chosen], chosen_rows, settings.inputs, paths.PREPARED),
    )


def _divisors(network: Network, rows: Rows) -> dict[str, np.ndarray]:
    """By target what each row's outputs were divided by ``[rows]``."""
    present = {name: (items >= 0).float() for name, items in rows.items.items()}
    return dict(zip(network.config.targets, network.divisors(present).T.numpy(), strict=True))


def _columns(test: pd.DataFrame, rows: Rows, settings: params.Params) -> pd.DataFrame:
    """What test rows are sliced by: what the table carries along, targets, the inputs they have, and descriptors."""
    inputs, targets = settings.inputs, settings.targets
    columns = {slice_name(name, inputs, targets): as_numbers(cells) for name, cells in carried(test).items()}
    columns |= {target: test[target] for target in targets} | {"origin": test[ORIGIN]}
    if len(inputs) > 1:
        columns[PRESENCE] = presence({name: items.numpy() for name, items in rows.items.items()})
    for name in inputs:
        described = read_descriptors(paths.PREPARED / name).reindex(test[name])
        columns |= {f"{name}.{said}": described[said].reset_index(drop=True) for said in described}
    return pd.DataFrame(columns)
