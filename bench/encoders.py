"""Encoders that are trained here, alone, beside linear models of what can be counted in the same values.

Every seed divides a data set anew (whole groups). An encoder answers for the test rows itself; ridge or logistic
regression reads words (how often each stands in a text), pixels (28 by 28, grey) or the spectrum of a sound (mean and
deviation of 64 bands over time), and chooses its penalty by the validation rows. Differences are of each row's score,
paired, their 95% interval by a bootstrap over groups of all seeds together.

    python -m bench.encoders digits snippets --seeds 3
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from PIL import Image
from rich.console import Console
from rich.table import Table

from bench.simpler import SIMPLE, best, standardised
from bench.targets import Answers, configure, difference
from sensorium import params, paths
from sensorium.dataset.columns import SPLITS
from sensorium.dataset.items import read_items
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.encoders.log_mel import LogMel
from sensorium.stages import embed, ingest, prepare, source, validate
from sensorium.training.data import Rows


def words(values: Sequence[Sequence[str]]) -> list[Any]:
    """How often each word of the training texts stands in a text."""
    from sklearn.feature_extraction.text import CountVectorizer

    counting = CountVectorizer(min_df=2).fit(values[0])
    return [counting.transform(one) for one in values]


def pixels(values: Sequence[Sequence[Image.Image]]) -> list[Any]:
    """Small grey pictures."""
    return standardised(
        [np.stack([np.asarray(one.convert("L").resize((28, 28))).ravel() / 255 for one in some]) for some in values]
    )


def spectrum(values: Sequence[Sequence[np.ndarray]]) -> list[Any]:
    """Mean and deviation of each band of a sound."""
    bands = LogMel(frame=512, hop=320, rate=16_000, mels=64, low=20, high=8000)
    levels = ([bands(one)["spectrum"] for one in some] for some in values)
    return standardised([np.stack([np.concatenate([one.mean(0), one.std(0)]) for one in some]) for some in levels])


@dataclass(frozen=True)
class Contest:
    """Encoders of one input, and what a linear model reads.

    Attributes:
        given: the input.
        encoders: names.
        counted: what can be counted in the values of every split.
        words: that, for the table.
    """

    given: str
    encoders: Sequence[str]
    counted: Callable[[Sequence[Sequence[Any]]], list[Any]]
    words: str


CONTESTS = {
    "digits": Contest("picture", ["convolutions"], pixels, "pixels"),
    "snippets": Contest("text", ["bag", "lstm"], words, "words"),
    "tuxpaint": Contest("speech", ["convolutions"], spectrum, "spectrum"),
}
Found = dict[tuple[str, str], list[Answers]]


def main(name: str, seeds: int) -> None:
    """Prints a line for every target and method."""
    found: Found = {}
    for seed in range(seeds):
        for target, method, answers in answered(name, seed):
            found.setdefault((target, method), []).append(answers)
            print(f"seed {seed}: {target}, {method}: {answers.target.main} {answers.main:.4g}", flush=True)
    show(name, found)


def answered(name: str, seed: int) -> Iterator[tuple[str, str, Answers]]:
    """Target, method and answers, of one seed."""
    contest = CONTESTS[name]
    for encoder in contest.encoders:
        configure(name, seed, trials=1)
        whole = yaml.safe_load(paths.PARAMS.read_text())
        whole["inputs"] = {contest.given: whole["inputs"][contest.given] | {"encoder": encoder}}
        paths.PARAMS.write_text(yaml.safe_dump(whole, sort_keys=False))
        for stage in (source, ingest, validate, prepare):
            stage.run()
        embed.run(contest.given)
        yield from of_encoder(contest, encoder)
    yield from of_linear(contest)


def read() -> tuple[Any, list[Any], list[Rows]]:
    """Targets, and tables and rows of every split; rows without the input are left out."""
    settings, table = params.load(), read_table()
    (given,) = settings.inputs
    table = table[table[given].notna()]
    targets, tables = learn(table, settings.targets), [of_split(table, split) for split in SPLITS]
    return targets, tables, [read_rows(one, settings.inputs, targets) for one in tables]


def of_encoder(contest: Contest, encoder: str) -> Iterator[tuple[str, str, Answers]]:
    """What the encoder itself says of the test rows."""
    targets, tables, splits = read()
    outputs = splits[2].features[contest.given][splits[2].items[contest.given]][:, 0].numpy()
    sizes = [target.outputs for target in targets.values()]
    parts = np.split(outputs, np.cumsum(sizes)[:-1], axis=1)
    for (name, target), own in zip(targets.items(), parts, strict=True):
        truth, groups = splits[2].labels[name].numpy(), tables[2]["group"].to_numpy()
        yield name, encoder, Answers(target.predict(own), target, truth, groups)


def of_linear(contest: Contest) -> Iterator[tuple[str, str, Answers]]:
    """What linear models say of them."""
    kind = params.load().inputs[contest.given]
    targets, tables, splits = read()
    values = []
    for table in tables:
        items = dict(read_items(paths.PREPARED / contest.given, table[contest.given]))
        values.append([kind.unpack(items[digest]) for digest in table[contest.given]])
    counted = contest.counted(values)
    for name, target in targets.items():
        simple = SIMPLE[type(target)]
        predictions = best(simple, simple.linear, name, target, splits, counted)
        truth, groups = splits[2].labels[name].numpy(), tables[2]["group"].to_numpy()
        yield name, f"{simple.name}, {contest.words}", Answers(predictions, target, truth, groups)


def show(name: str, found: Found) -> None:
    """Prints the main figure of every seed, and by how much encoders' rows score higher than the linear model's."""
    table = Table("target", "method", "figure", "by seed", "mean", "better than linear by", title=name)
    for (target, method), answers in found.items():
        linear = next(found[one] for one in reversed(found) if one[0] == target)
        main = [one.main for one in answers]
        gain = difference(answers, linear) if answers is not linear else ""
        seeds = " ".join(f"{one:.4g}" for one in main)
        table.add_row(target, method, answers[0].target.main, seeds, f"{np.mean(main):.4g}", gain)
    Console(width=160).print(table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=CONTESTS)
    parser.add_argument("--seeds", type=int, default=3)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for chosen in asked.names:
        with tempfile.TemporaryDirectory() as folder, chdir(Path(folder)):
            main(chosen, asked.seeds)
