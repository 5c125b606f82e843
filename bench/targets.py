"""What the search and the training of this repository reach beside simpler methods on the same features, by target.

Every seed divides a data set anew (whole groups). All methods are fitted to the training rows and choose their settings
by the validation rows: the network by `sensorium search` and `train`, the others as simpler.py has it. "facts alone"
reads tabular inputs only: numbers in pieces and categories one-hot, as the network does. Differences are of each row's
score, paired, their 95% interval by a bootstrap over groups of all seeds together.

    python -m bench.targets wesnoth endless_sky --seeds 3 --trials 4
"""

import argparse
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from bench.data.__main__ import NAMES
from bench.simpler import simpler
from sensorium import params, paths
from sensorium.dataset.columns import SPLITS
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.models import network as networks
from sensorium.stages import embed, ingest, prepare, search, source, train, validate
from sensorium.stats.bootstrap import means
from sensorium.targets import Learnt
from sensorium.training.forward import predict

SHIPPED = Path(__file__).resolve().parents[1] / "params.yaml"
TUXPAINT = "tuxpaint"  # what the shipped params.yaml names
NETWORK, DRAWS = "network", 2000


@dataclass(frozen=True)
class Answers:
    """What a method says of the test rows of one seed, and what is true.

    Attributes:
        predictions: ``[rows, columns]``, as the target's kind has them.
        target: it.
        truth: ``[rows]``.
        groups: ``[rows]``.
    """

    predictions: np.ndarray
    target: Learnt
    truth: np.ndarray
    groups: np.ndarray

    @property
    def scores(self) -> np.ndarray:
        """How right each row is ``[rows]``; not-a-number where the truth is not known."""
        found = self.target.scores(self.target.brief(self.predictions), self.truth)
        return np.where(self.target.known(self.truth), found, np.nan)

    @property
    def main(self) -> float:
        """The main figure."""
        return self.figures[self.target.main] or np.nan

    @property
    def figures(self) -> dict[str, float | None]:
        """All figures of the kind."""
        return self.target.judged(self.predictions, self.truth, self.groups).figures()


def main(names: Sequence[str], seeds: int, trials: int, folder: Path) -> None:
    """Prints a table a data set."""
    warnings.simplefilter("ignore")
    for name in names:
        work = folder / name
        work.mkdir(parents=True, exist_ok=True)
        with chdir(work):
            found: dict[tuple[str, str], list[Answers]] = {}
            for seed in range(seeds):
                for target, method, answers in answered(name, seed, trials):
                    found.setdefault((target, method), []).append(answers)
                    print(f"seed {seed}: {target}, {method}: {answers.target.main} {answers.main:.4g}", flush=True)
        show(name, found)


def answered(name: str, seed: int, trials: int) -> Iterator[tuple[str, str, Answers]]:
    """Target, method and answers, of one seed."""
    configure(name, seed, trials)
    if not paths.VALID.is_dir():
        for stage in (source, ingest, validate):
            stage.run()
    prepare.run()
    settings = params.load()
    for one in settings.inputs:
        embed.run(one)
    search.run()
    train.run()
    table = read_table()
    targets = learn(table, settings.targets)
    splits = [read_rows(of_split(table, split), settings.inputs, targets) for split in SPLITS]
    trained = networks.load(paths.TRAINED)
    outputs = predict(trained, splits[2])
    tabular = [one for one, kind in settings.inputs.items() if kind.kind == "tabular"]
    groups = of_split(table, "test")["group"].to_numpy()
    for target, learnt in trained.targets.items():
        truth = splits[2].labels[target].numpy()
        yield target, NETWORK, Answers(learnt.predict(outputs[target].numpy()), learnt, truth, groups)
        for words, inputs in [("", list(settings.inputs)), *([(", facts alone", tabular)] if tabular else [])]:
            for method, predictions in simpler(target, learnt, splits, inputs):
                yield target, method + words, Answers(predictions, learnt, truth, groups)


def configure(name: str, seed: int, trials: int) -> None:
    """Writes params.yaml, and the data where they are not there yet."""
    found = yaml.safe_load(SHIPPED.read_text())
    if name != TUXPAINT:
        chosen = import_module(f"bench.data.{name}")
        if not Path("table.parquet").is_file():
            chosen.write(Path())
        found |= chosen.PARAMS | {"data": {"source": "manifest", "path": "table.parquet"}, "gate": []}
        found["split"] |= {"train": 0.7, "val": 0.15, "test": 0.15}
    found["split"] = found["split"] | {"seed": seed}
    found["search"] |= {"trials": trials, "seed": seed}
    paths.PARAMS.write_text(yaml.safe_dump(found, sort_keys=False))


def show(name: str, found: dict[tuple[str, str], list[Answers]]) -> None:
    """Prints the main figure of every seed, a second one, and by how much the network's rows score higher."""
    table = Table("target", "method", "figure", "by seed", "mean", "second", "the network is better by", title=name)
    for (target, method), answers in found.items():
        kind = answers[0].target
        every = [one.figures for one in answers]
        main, second = ([figures[key] or np.nan for figures in every] for key in (kind.main, kind.words.second))
        cells = [f"{np.mean(main):.4g}", f"{kind.words.second} {np.mean(second):.3f}"]
        more = (
            f"intervals hold {np.mean([figures['coverage'] for figures in every]):.3f}"
            if method == NETWORK and "coverage" in every[0]
            else ""
            if method == NETWORK
            else difference(found[target, NETWORK], answers)
        )
        table.add_row(target, method, kind.main, " ".join(f"{one:.4g}" for one in main), *cells, more)
    Console(width=180).print(table)


def difference(network: Sequence[Answers], other: Sequence[Answers]) -> str:
    """The mean difference of rows' scores and its interval; a star where zero is outside."""
    gains = np.concatenate([one.scores - another.scores for one, another in zip(network, other, strict=True)])
    groups = np.concatenate([one.groups for one in network])
    known = ~np.isnan(gains)
    gains, groups = gains[known], groups[known]
    drawn = means(groups, gains[:, None], np.ones((len(gains), 1)), DRAWS)[:, 0]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return f"{gains.mean():+.4g} [{low:+.4g}, {high:+.4g}]" + (" *" if low > 0 or high < 0 else "")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=[*NAMES, TUXPAINT])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--folder", type=Path, help="where the runs are kept; without, they are thrown away")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        kept = (arguments.folder or Path(thrown_away)).absolute()
        main(arguments.names, arguments.seeds, arguments.trials, kept)
