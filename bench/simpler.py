"""Simpler methods beside the network, on the same features: each chooses its settings by the validation rows.

Ridge or logistic regression a penalty of ten or six, scikit-learn's histogram boosted trees one of four sizes. Of tags
each has a model of its own, and a probability from which it is said, which validation rows choose as the network's. The
trees read the features as they are where a regression of them takes seconds, else their 200 leading components.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from sensorium.stats.scale import BOUND, scale
from sensorium.targets import Learnt, LearntClass, LearntMultilabel, LearntNumber
from sensorium.targets.multilabel.calibration import fit_thresholds
from sensorium.training.data import Rows

PENALTIES, INVERSE_PENALTIES = np.logspace(0, 4.5, 10), np.logspace(-4, 1, 6)
RATES, LEAVES, ROUNDS = (0.05, 0.1), (7, 15), 150
COMPONENTS, AS_THEY_ARE = 200, 1000  # rows, up to which trees of numbers read all features
Method = Callable[..., Any]  # of features and what is wanted, a fitted model


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
