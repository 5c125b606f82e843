"""The model that few rows give, beside logistic regression on the same features: it must not be worse.

Every seed draws rows of a finished run anew, whole groups: so many to train on, some to validate, all others to test.
The search of params.yaml chooses a network; logistic regressions on all inputs and on each alone choose their penalty
by cross-validation. Differences are paired; "+-" is one standard error of their mean.

    python bench/small.py --seeds 8 --trials 8
"""

import argparse
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import optuna
import pandas as pd
import torch
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.table import Table
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sensorium import params
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import read_rows, read_table
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.fit import configured
from sensorium.training.folds import divisions
from sensorium.training.forward import predict
from sensorium.training.search import Draft, Plan, Space, ended, run_trials
from sensorium.training.stacking import Divisions

VALIDATION = 0.15 / 0.7  # rows, for each row to train on
NOISE = "noise"


@dataclass(frozen=True)
class Situation:
    """Rows to train on, and their inputs; `NOISE` is one that says nothing."""

    rows: int
    inputs: tuple[str, ...]


SITUATIONS = [
    Situation(120, ("text",)),
    Situation(120, ("text", NOISE)),
    Situation(110, ("image", "text", "speech")),
]


def main(seeds: int, trials: int, target: str, chosen: list[int]) -> None:
    """Prints accuracies and differences by situation."""
    settings, console = params.load(), Console()
    table = read_table().drop_duplicates("image").reset_index(drop=True)
    targets = learn(table, {target: settings.targets[target]})
    every = read_rows(table, settings.inputs, targets)
    for situation in [SITUATIONS[one] for one in chosen]:
        found: dict[str, list[float]] = {}
        kinds = []
        for seed in range(seeds):
            rows = only(with_noise(every, seed), situation.inputs)
            train, validation, test = drawn(rows, table["group"].to_numpy(), situation.rows, seed)
            accuracy, kind = network(settings, train, validation, test, targets, trials, seed)
            kinds.append(kind)
            found.setdefault("the search's choice", []).append(accuracy)
            for name in ["all inputs", *(situation.inputs if len(situation.inputs) > 1 else ())]:
                inputs = situation.inputs if name == "all inputs" else (name,)
                accuracy = logistic_regression(only(train, inputs), only(test, inputs), target)
                found.setdefault(f"logistic regression, {name}", []).append(accuracy)
        show(console, situation, found, kinds)


def with_noise(rows: Rows, seed: int) -> Rows:
    """The rows with one more input, of random numbers."""
    random = torch.Generator().manual_seed(seed)
    features = {**rows.features, NOISE: torch.randn(len(rows), 1, 384, generator=random)}
    return replace(rows, features=features, items={**rows.items, NOISE: torch.arange(len(rows))})


def only(rows: Rows, inputs: tuple[str, ...]) -> Rows:
    """The rows with these inputs."""
    return replace(
        rows, features={name: rows.features[name] for name in inputs}, items={name: rows.items[name] for name in inputs}
    )


def drawn(rows: Rows, groups: np.ndarray, count: int, seed: int) -> list[Rows]:
    """Training, validation and test rows, whole groups."""
    order = np.random.default_rng(seed).permutation(np.unique(groups))
    place = pd.Series(range(len(order)), index=order)[groups].to_numpy()
    sizes = np.bincount(place).cumsum()
    ends = np.searchsorted(sizes, [count, round(count * (1 + VALIDATION))]) + 1
    split = np.searchsorted(ends, place, side="right")
    return [rows.select(torch.from_numpy(np.flatnonzero(split == part))) for part in range(3)]


def network(
    settings: params.Params,
    train: Rows,
    validation: Rows,
    test: Rows,
    targets: Mapping[str, Learnt],
    trials: int,
    seed: int,
) -> tuple[float, str]:
    """The test accuracy of what the search chooses, and its kind."""
    divided = Divisions(divisions(train, validation, targets))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study()
    space = Space(dict(settings.fusion), dict(settings.training))
    plan = Plan(space, trials, seconds=600, seed=seed, at_once=settings.search.at_once)
    list(run_trials(study, plan, partial(_try, divided, train, targets)))
    best = study.best_trial.user_attrs["settings"]
    config, how = configured(best, train, targets)
    fitted = divided.fit(config, how).fitted_to(config, how, train, validation)
    (target,) = targets
    return accuracy_of(predict(fitted.network, test)[target].argmax(1), test.labels[target]), best["fusion"]["kind"]


def _try(divided: Divisions, train: Rows, targets: Mapping[str, Learnt], draft: Draft) -> FrozenTrial:
    torch.set_num_threads(1)
    config, how = configured(draft.settings, train, targets)
    return ended(draft, lambda watch: divided.fit(config, how, watch).loss)


def logistic_regression(train: Rows, test: Rows, target: str) -> float:
    """The test accuracy of logistic regression; its penalty does not mind turned axes, of which few rows need few."""
    (x, labels), (x_test, _) = flat(train, target), flat(test, target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # rare classes that a fold lacks
        folds = list(StratifiedGroupKFold(5, shuffle=True, random_state=0).split(x, labels, train.groups.numpy()))
        model = LogisticRegressionCV(Cs=np.logspace(-4, 0, 5), cv=folds, max_iter=100)
        predicted = make_pipeline(StandardScaler(), PCA(), model).fit(x, labels).predict(x_test)
    return accuracy_of(torch.from_numpy(predicted), test.labels[target])


def flat(rows: Rows, target: str) -> tuple[np.ndarray, np.ndarray]:
    """Features side by side, and labels."""
    features, _, labels = rows.batch(slice(None))
    return np.concatenate([one.flatten(1).numpy() for one in features.values()], axis=1), labels[target].numpy()


def accuracy_of(predicted: torch.Tensor, labels: torch.Tensor) -> float:
    """The share of labels that were predicted."""
    return float((predicted == labels)[labels >= 0].float().mean())


def show(console: Console, situation: Situation, found: Mapping[str, list[float]], kinds: list[str]) -> None:
    """Prints a table."""
    title = f"{situation.rows} rows to train on, {', '.join(situation.inputs)}; chosen: {', '.join(kinds)}"
    table = Table("method", "accuracy", "the choice is better by", title=title, title_justify="left")
    choice = np.array(next(iter(found.values())))
    for method, accuracies in found.items():
        gain = choice - accuracies
        error = gain.std(ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan
        table.add_row(method, f"{np.mean(accuracies):.3f}", f"{gain.mean():+.3f} +- {error:.3f}")
    console.print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--target", default="category")
    parser.add_argument("--situations", type=int, nargs="*", default=list(range(len(SITUATIONS))))
    arguments = parser.parse_args()
    main(arguments.seeds, arguments.trials, arguments.target, arguments.situations)
