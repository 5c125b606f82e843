"""Every fusion beside logistic regressions, where inputs are missing.

Every seed divides the rows anew (whole groups, as the prepare stage does). Each fusion is fitted alone with the same
`SETTINGS`, logistic regressions read all inputs or a single one with a strength that validation chooses. All answer the
same test rows: with all inputs, without each, and with a share of inputs hidden at random, where a row keeps at least
one. A cell is the mean score of a row (of a class: how many are right); behind it by how much rows score higher than by
the best simple method of the column, paired, with a 95% interval by a bootstrap over groups of all seeds together, and
a star where zero is outside.

    python -m bench.fusions --seeds 5
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from bench.baselines import divided
from bench.targets import Answers, difference
from sensorium import params
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import read_table
from sensorium.evaluation.baselines import baselines
from sensorium.models.fusion import FUSIONS
from sensorium.training.data import Rows
from sensorium.training.fit import configured, fit
from sensorium.training.forward import predict

SHARES = (0.3, 0.5, 0.7, 0.9)  # of inputs that are missing
SETTINGS = {
    "fusion": {"width": 128, "layers": 1, "dropout": 0.5},
    "training": {
        "learning_rate": 0.001,
        "weight_decay": 0.05,
        "input_dropout": 0.5,
        "label_smoothing": 0.1,
        "batch_size": 128,
        "epochs": 12,
        "patience": 5,
    },
}
SIMPLE = "logistic regression"
Found = dict[tuple[str, str], dict[str, list[Answers]]]  # by target and method, by condition, a seed each


def main(seeds: int) -> None:
    """Prints a table a target."""
    settings, table = params.load(), read_table()
    targets = learn(table, settings.targets)
    found: Found = {}
    for seed in range(seeds):
        train, val, test = divided(table, settings, targets, seed)
        tested = lacking(test, seed)
        for target, method, predictions in answered(train, val, joined(list(tested.values())), targets, seed):
            for (condition, rows), said in zip(tested.items(), np.split(predictions, len(tested)), strict=True):
                truth, groups = rows.labels[target].numpy(), rows.groups.numpy()
                of_method = found.setdefault((target, method), {})
                of_method.setdefault(condition, []).append(Answers(said, targets[target], truth, groups))
        print(f"seed {seed} of {seeds}", flush=True)
    for target in targets:
        show(target, {method: answers for (name, method), answers in found.items() if name == target})


def lacking(test: Rows, seed: int) -> dict[str, Rows]:
    """The rows with all inputs, without each, and with shares of them missing at random."""
    names = list(test.items)
    found = {"all inputs": test} | {f"no {name}": test.without({name}) for name in names if len(names) > 1}
    drawn = torch.rand(len(test), len(names), generator=torch.Generator().manual_seed(seed))
    drawn[torch.stack([test.items[name] < 0 for name in names], dim=1)] = -1
    for share in SHARES:
        kept = (drawn >= share) | (drawn == drawn.amax(1, keepdim=True))  # the last one stays
        items = {name: torch.where(kept[:, place], test.items[name], -1) for place, name in enumerate(names)}
        found[f"{share:.0%} missing"] = Rows(test.features, items, test.labels, test.groups)
    return found


def joined(several: Sequence[Rows]) -> Rows:
    """Rows of the same features, one after the other."""
    return Rows(
        several[0].features,
        {name: torch.cat([rows.items[name] for rows in several]) for name in several[0].items},
        {name: torch.cat([rows.labels[name] for rows in several]) for name in several[0].labels},
    )


def answered(
    train: Rows, val: Rows, test: Rows, targets: Mapping[str, Any], seed: int
) -> Iterator[tuple[str, str, np.ndarray]]:
    """Target, method and predictions of test rows."""
    inputs = list(test.items)
    for name, learnt in targets.items():
        for words, read in [("all inputs", inputs), *((f"only {one}", [one]) for one in inputs)]:
            yield name, f"{SIMPLE}, {words}", baselines(name, learnt, read, train, val, test)["logistic_regression"]
    for kind in FUSIONS:
        drawn = {"fusion": SETTINGS["fusion"] | {"kind": kind}, "training": SETTINGS["training"] | {"seed": seed}}
        outputs = predict(fit(*configured(drawn, train, targets), train, val).network, test)
        for name, learnt in targets.items():
            yield name, kind, learnt.predict(outputs[name].numpy())


def show(target: str, found: Mapping[str, Mapping[str, Sequence[Answers]]]) -> None:
    """Prints a table in Markdown, its columns the conditions."""
    conditions = list(next(iter(found.values())))
    simple = [method for method in found if method.startswith(SIMPLE)]
    best = {one: max(simple, key=lambda method: score(found[method][one])) for one in conditions}
    print(f"\n| {target} | {' | '.join(conditions)} |\n|{'---|' * (len(conditions) + 1)}")
    for method, answers in found.items():
        cells = [
            f"{score(answers[one]):.3f}"
            + ("" if method in simple else f" {difference(answers[one], found[best[one]][one])}")
            for one in conditions
        ]
        print(f"| {method} | {' | '.join(cells)} |")


def score(answers: Sequence[Answers]) -> float:
    """The mean over rows of all seeds whose truth is known."""
    return float(np.nanmean(np.concatenate([one.scores for one in answers])))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    main(parser.parse_args().seeds)
