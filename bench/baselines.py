"""The fusion network beside logistic regression on the same features, test rows and splits.

Every seed divides the rows anew (whole groups, as the prepare stage does), fits the network with the settings that the
search found, and fits logistic regressions on all inputs and on each alone, their strength chosen on validation.

    python bench/baselines.py --seeds 3
"""

import argparse
from collections.abc import Mapping

import numpy as np
import pandas as pd
import yaml
from rich.console import Console
from rich.table import Table

from sensorium import params, paths
from sensorium.dataset.columns import SPLITS, carried
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.dataset.split import assign
from sensorium.evaluation.baselines import baselines
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.fit import configured
from sensorium.training.folds import divisions
from sensorium.training.forward import predict
from sensorium.training.stacking import Divisions


def main(seeds: int) -> None:
    """Prints accuracy by target, method and seed."""
    settings, table = params.load(), read_table()
    targets = learn(table, settings.targets)
    best = yaml.safe_load(paths.BEST.read_text())
    found: dict[tuple[str, str], list[float]] = {}
    for seed in range(seeds):
        train, val, test = divided(table, settings, targets, seed)
        best["training"]["seed"] = seed
        config, how = configured(best, train, targets)
        stacked = Divisions(divisions(train, val, targets)).fit(config, how)
        logits = predict(stacked.fitted_to(config, how, train, val).network, test)
        for target in targets:
            accuracy = accuracy_of(logits[target].argmax(1).numpy(), test, target)
            found.setdefault((target, "network, all inputs"), []).append(accuracy)
            for name, inputs in [("all inputs", list(settings.inputs)), *((f"only {i}", [i]) for i in settings.inputs)]:
                simplest = baselines(target, targets[target], inputs, train, val, test)
                accuracy = accuracy_of(simplest["logistic_regression"].argmax(1), test, target)
                found.setdefault((target, f"logistic regression, {name}"), []).append(accuracy)
    show(found, seeds)


def divided(table: pd.DataFrame, settings: params.Params, targets: Mapping[str, Learnt], seed: int) -> list[Rows]:
    """Training, validation and test rows of another division of whole groups, made as the prepare stage makes it."""
    stratum = _named(settings.split.stratify, table, settings) if settings.split.stratify else np.zeros(len(table))
    names = _named(settings.split.groups[0], table, settings) if settings.split.groups else table["id"]
    shares = {name: getattr(settings.split, name) for name in SPLITS}
    split = assign(table["group"].to_numpy(), np.asarray(stratum), names.to_numpy(), shares, seed)
    again = table.assign(split=split)
    return [read_rows(of_split(again, name), settings.inputs, targets) for name in SPLITS]


def accuracy_of(predicted: np.ndarray, test: Rows, target: str) -> float:
    """The share of right classes among the rows whose label is known."""
    labels = test.labels[target].numpy()
    known = labels >= 0
    return float((predicted[known] == labels[known]).mean()) if known.any() else float("nan")


def _named(name: str, table: pd.DataFrame, settings: params.Params) -> pd.Series:
    ours = settings.called(name)
    return carried(table)[name] if ours is None else table[ours]


def show(found: dict[tuple[str, str], list[float]], seeds: int) -> None:
    """Prints the table."""
    table = Table("target", "method", *(f"seed {seed}" for seed in range(seeds)), "mean")
    for (target, method), accuracies in found.items():
        table.add_row(target, method, *(f"{a:.3f}" for a in accuracies), f"{np.mean(accuracies):.3f}")
    Console().print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    main(parser.parse_args().seeds)
