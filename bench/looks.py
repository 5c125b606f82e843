"""What every look at a clip adds: the network of some inputs with that of fewer, and with logistic regression.

Clips are those of `bench.data.wesnoth_animations`. Every seed divides them anew (whole units); training sees the
inputs of a line only, and nothing is searched: the fusion is `concat` with the settings below. Logistic regression
reads the mean over each input's tokens, and chooses its penalty by the validation rows. Differences are of each test
row's score, paired, their 95% interval by a bootstrap over units of all seeds together.

    python -m bench.looks --seeds 3
"""

import argparse
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import chdir

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from bench.simpler import SIMPLE, best, standardised
from bench.targets import Answers, configure, difference
from sensorium import params, paths
from sensorium.dataset.columns import SPLITS
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.models import network as networks
from sensorium.stages import embed, ingest, prepare, search, source, train, validate
from sensorium.training.data import Rows
from sensorium.training.forward import predict

DATA, TARGET = "wesnoth_animations", "action"
LOOKS = (("frames",), ("motion",), ("frames", "motion"), ("frames", "motion", "text"))
FEWER = LOOKS[0]  # with which the others are compared
SETTINGS = {
    "fusion": {"kind": "concat", "width": 128, "layers": 1, "dropout": 0.4},
    "training": {"learning_rate": 0.001, "input_dropout": 0.3, "label_smoothing": 0.1, "batch_size": 64, "epochs": 30},
}
NETWORK, SIMPLER = "network", "logistic regression"
Found = dict[tuple[tuple[str, ...], str], list[Answers]]


def main(seeds: int) -> None:
    """Prints a line for every set of inputs."""
    found: Found = {}
    for seed in range(seeds):
        for inputs, method, answers in answered(seed):
            found.setdefault((inputs, method), []).append(answers)
            print(f"seed {seed}: {' + '.join(inputs)}, {method}: {answers.main:.4g}", flush=True)
    show(found)


def answered(seed: int) -> Iterator[tuple[tuple[str, ...], str, Answers]]:
    """Inputs, method and answers, of one seed."""
    configure(DATA, seed, trials=1)
    if not paths.VALID.is_dir():
        for stage in (source, ingest, validate):
            stage.run()
    prepare.run()
    whole = yaml.safe_load(paths.PARAMS.read_text()) | SETTINGS
    for one in whole["inputs"]:
        embed.run(one)
    for inputs in LOOKS:
        chosen = whole | {"inputs": {name: whole["inputs"][name] for name in inputs}}
        paths.PARAMS.write_text(yaml.safe_dump(chosen, sort_keys=False))
        search.run()
        train.run()
        yield from of_inputs(inputs)


def of_inputs(inputs: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str, Answers]]:
    """What the trained network and logistic regression say of the test rows."""
    settings, table = params.load(), read_table()
    targets = learn(table, settings.targets)
    splits = [read_rows(of_split(table, split), settings.inputs, targets) for split in SPLITS]
    trained = networks.load(paths.TRAINED)
    target = trained.targets[TARGET]
    truth, groups = splits[2].labels[TARGET].numpy(), of_split(table, "test")["group"].to_numpy()
    says = target.predict(predict(trained, splits[2])[TARGET].numpy())
    yield inputs, NETWORK, Answers(says, target, truth, groups)
    simple = SIMPLE[type(target)]
    says = best(simple, simple.linear, TARGET, target, splits, standardised([means(rows) for rows in splits]))
    yield inputs, SIMPLER, Answers(says, target, truth, groups)


def means(rows: Rows) -> np.ndarray:
    """The mean over the tokens of each input, side by side ``[rows, dims]``; zeros where an input is missing."""
    features, masks, _ = rows.batch(slice(None))
    counts = {name: mask.sum(1, keepdim=True).clamp(min=1) for name, mask in masks.items()}
    return np.concatenate([(of.sum(1) / counts[name]).numpy() for name, of in features.items()], axis=1)


def show(found: Found) -> None:
    """Prints accuracies, what the network gains over logistic regression, and what it gains by more inputs."""
    table = Table("inputs", NETWORK, SIMPLER, "the network is better by", f"than the network of {' + '.join(FEWER)} by")
    for inputs in LOOKS:
        network, other = found[inputs, NETWORK], found[inputs, SIMPLER]
        more = difference(network, found[FEWER, NETWORK]) if inputs != FEWER else ""
        table.add_row(" + ".join(inputs), _figure(network), _figure(other), difference(network, other), more)
    Console(width=140).print(table)


def _figure(answers: Sequence[Answers]) -> str:
    return f"{np.mean([one.main for one in answers]):.3f} ({' '.join(f'{one.main:.3f}' for one in answers)})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        main(asked.seeds)
