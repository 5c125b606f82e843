"""What the search and the training of this repository reach beside simpler methods on the same features, by target.

Every seed divides a data set anew (whole groups). All methods are fitted to the training rows and choose their
settings by the validation rows: the network by `sensorium search` and `train`, ridge or logistic regression its
penalty of ten or six, the nearest neighbour nothing, scikit-learn's histogram boosted trees one of four sizes. Of tags
each has a model of its own, and a probability from which it is said, which validation rows choose as the network's.
The trees read the features as they are where a regression of them takes seconds, else their 200 leading components.
"facts alone" reads tabular inputs only: numbers in pieces and categories one-hot, as the network does. Differences are
of each row's score, paired, their 95% interval by a bootstrap over groups of all seeds together.

    python -m bench.targets wesnoth endless_sky --seeds 3 --trials 4
"""

import argparse
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from bench.data.__main__ import NAMES
from sensorium import params, paths
from sensorium.dataset.columns import SPLITS
from sensorium.dataset.rows import learn, of_split, read_rows, read_table
from sensorium.models import network as networks
from sensorium.stages import embed, ingest, prepare, search, source, train, validate
from sensorium.stats.bootstrap import means
from sensorium.stats.scale import BOUND, scale
from sensorium.targets import Learnt, LearntClass, LearntMultilabel, LearntNumber
from sensorium.targets.multilabel.calibration import fit_thresholds
from sensorium.training.data import Rows
from sensorium.training.forward import predict

SHIPPED = Path(__file__).resolve().parents[1] / "params.yaml"
TUXPAINT = "tuxpaint"  # what the shipped params.yaml names
PENALTIES, INVERSE_PENALTIES = np.logspace(0, 4.5, 10), np.logspace(-4, 1, 6)
RATES, LEAVES, ROUNDS = (0.05, 0.1), (7, 15), 150
COMPONENTS, AS_THEY_ARE = 200, 1000  # rows, up to which trees of numbers read all features
NETWORK, DRAWS = "network", 2000
Method = Callable[..., Any]  # of features and what is wanted, a fitted model


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


@dataclass(frozen=True)
class Simple:
    """Simpler methods for a kind of target.

    Attributes:
        name: of the linear regression.
        linear: it, with each penalty.
        nearest: the nearest neighbour.
        grower: scikit-learn's class of boosted trees.
        wanted: what is fitted to the target and its truth.
        found: what a model says of features, by target.
        decided: predictions from what is found of rows, by target; the first two are found and true of validation rows.
    """

    name: str
    linear: Sequence[Method]
    nearest: Method
    grower: Method
    wanted: Callable[[Any, np.ndarray], np.ndarray]
    found: Callable[[Any, Any, np.ndarray], np.ndarray]
    decided: Callable[[Any, np.ndarray, np.ndarray, np.ndarray], np.ndarray]

    @property
    def trees(self) -> list[Method]:
        """Of each size."""
        sizes = [(rate, leaves) for rate in RATES for leaves in LEAVES]
        return [partial(self.grower, learning_rate=rate, max_leaf_nodes=leaves) for rate, leaves in sizes]


def fitted(kind: Any, x: np.ndarray, y: np.ndarray, **settings: Any) -> Any:
    """A model of scikit-learn's."""
    return kind(**settings).fit(x, y)


def of_each_tag(kind: Any, x: np.ndarray, y: np.ndarray, **settings: Any) -> Any:
    """One for each tag."""
    return OneVsRestClassifier(kind(**settings)).fit(x, y)


def as_number(target: LearntNumber, model: Any, x: np.ndarray) -> np.ndarray:
    """Three times the same: there is no interval."""
    return np.tile(target.scale.back(model.predict(x))[:, None], (1, 3))


def of_classes(target: LearntClass, model: Any, x: np.ndarray) -> np.ndarray:
    """Probabilities of all classes, also of those that no row taught."""
    found = np.zeros((len(x), target.outputs))
    found[:, model.classes_] = model.predict_proba(x)
    return found


def above(target: LearntMultilabel, known: np.ndarray, truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Probabilities and which tags are said."""
    return np.concatenate([found, found >= fit_thresholds(known, truth)], axis=1)


REGRESSOR = partial(fitted, HistGradientBoostingRegressor, max_iter=ROUNDS, random_state=0)
CLASSIFIER = partial(fitted, HistGradientBoostingClassifier, max_iter=ROUNDS, random_state=0)
OF_TAGS = partial(of_each_tag, HistGradientBoostingClassifier, max_iter=ROUNDS, random_state=0)
SIMPLE: dict[type[Learnt], Simple] = {
    LearntNumber: Simple(
        "ridge",
        [partial(fitted, Ridge, alpha=one) for one in PENALTIES],
        partial(fitted, KNeighborsRegressor, n_neighbors=1),
        REGRESSOR,
        lambda target, truth: target.scale.standardised(truth),
        as_number,
        lambda target, known, truth, found: found,
    ),
    LearntClass: Simple(
        "logistic regression",
        [partial(fitted, LogisticRegression, C=one, max_iter=200) for one in INVERSE_PENALTIES],
        partial(fitted, KNeighborsClassifier, n_neighbors=1),
        CLASSIFIER,
        lambda target, truth: truth,
        of_classes,
        lambda target, known, truth, found: found,
    ),
    LearntMultilabel: Simple(
        "logistic regression",
        [partial(of_each_tag, LogisticRegression, C=one, max_iter=200) for one in INVERSE_PENALTIES],
        partial(of_each_tag, KNeighborsClassifier, n_neighbors=1),
        OF_TAGS,
        lambda target, truth: truth,
        lambda target, model, x: model.predict_proba(x),
        above,
    ),
}


def simpler(
    name: str, target: Learnt, splits: Sequence[Rows], inputs: Sequence[str]
) -> Iterator[tuple[str, np.ndarray]]:
    """Simpler methods, each with what it predicts of test rows."""
    features = standardised([flat(rows, inputs) for rows in splits])
    wide = features[0].shape[1] > COMPONENTS
    simple = SIMPLE[type(target)]
    components = reduced(features, len(features[0])) if wide else features
    whole = not wide or (isinstance(target, LearntNumber) and len(features[0]) <= AS_THEY_ARE)
    yield simple.name, best(simple, simple.linear, name, target, splits, components)
    yield "nearest neighbour", best(simple, [simple.nearest], name, target, splits, features)
    of_trees = features if whole else reduced(features, COMPONENTS)
    title = "boosted trees" + ("" if whole else " (components)")
    yield title, best(simple, simple.trees, name, target, splits, of_trees)


def best(
    simple: Simple,
    methods: Sequence[Method],
    name: str,
    target: Learnt,
    splits: Sequence[Rows],
    features: Sequence[np.ndarray],
) -> np.ndarray:
    """What the method with the best mean score of validation rows predicts of test rows."""
    truth = [rows.labels[name].numpy() for rows in splits]
    known = [target.known(one) for one in truth]
    wanted, judging = simple.wanted(target, truth[0][known[0]]), truth[1][known[1]]
    models = [method(features[0][known[0]], wanted) for method in methods]
    found = [simple.found(target, model, features[1][known[1]]) for model in models]
    predictions = [simple.decided(target, one, judging, one) for one in found]
    scores = [target.scores(target.brief(one), judging).mean() for one in predictions]
    chosen = int(np.argmax(scores))
    return simple.decided(target, found[chosen], judging, simple.found(target, models[chosen], features[2]))


def flat(rows: Rows, inputs: Sequence[str]) -> np.ndarray:
    """Features ``[rows, dims]`` of some inputs side by side."""
    features, _, _ = rows.batch(slice(None))
    return np.concatenate([features[name].flatten(1).numpy() for name in inputs], axis=1)


def standardised(features: Sequence[np.ndarray]) -> list[np.ndarray]:
    """On the scale of the first."""
    mean, deviation = scale(features[0])
    return [np.clip((one - mean) / deviation, -BOUND, BOUND) for one in features]


def reduced(features: Sequence[np.ndarray], most: int) -> list[np.ndarray]:
    """The leading components of the first; so many that nothing is lost, or fewer."""
    axes = PCA(min(most, *features[0].shape), random_state=0).fit(features[0])
    return [axes.transform(one) for one in features]


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
