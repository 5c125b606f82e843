"""All that is measured of one target on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from sensorium.evaluation.baselines import logistic_regression, majority
from sensorium.evaluation.bootstrap import resample
from sensorium.evaluation.metrics import Predictions, calibration_gap, figures, figures_of_calibration
from sensorium.evaluation.names import BASELINES, OF_SUBSETS, Subset
from sensorium.evaluation.robustness import Change
from sensorium.evaluation.slices import slices, verdicts
from sensorium.evaluation.subsets import Answers
from sensorium.stats.bootstrap import means
from sensorium.stats.certainty import intervals, paired, share_interval, unseen
from sensorium.stats.enough import unjudged
from sensorium.stats.shapley import shapley
from sensorium.training.data import Rows

Tree = dict[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What a network answered for the test rows, and what it is held against.

    Attributes:
        train: what it was fitted to.
        val: what it was chosen by.
        test: what it is measured on.
        groups: of test rows that are not independent, a number ``[rows]``.
        columns: to slice the test rows by.
        logits: by target ``[rows, classes]``, divided by the temperatures.
        temperatures: by target, of every row ``[rows]``.
        answers: for subsets of the inputs.
        corrupted_rows: places of the test rows whose inputs were corrupted.
        corrupted: by change and target, the classes predicted for those rows.
    """

    train: Rows
    val: Rows
    test: Rows
    groups: np.ndarray
    columns: pd.DataFrame
    logits: Mapping[str, np.ndarray]
    temperatures: Mapping[str, np.ndarray]
    answers: Answers
    corrupted_rows: np.ndarray
    corrupted: Mapping[Change, Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Measured:
    """One target's figures and the predictions behind them.

    Attributes:
        figures: a tree of figures; `slices`, `robustness` and `subsets` are its large branches.
        probabilities: of every test row ``[rows, classes]``.
        uncalibrated: the same before temperature scaling.
        labels: of every test row ``[rows]``; -1 where it is not known.
        predictions: of the rows whose label is known.
        shapley: by input what it did for the probability of the predicted class ``[rows]``; empty beyond ten inputs.
    """

    figures: Tree
    probabilities: np.ndarray
    uncalibrated: np.ndarray
    labels: np.ndarray
    predictions: Predictions
    shapley: dict[str, np.ndarray]


def measure(evidence: Evidence, target: str, classes: list[str], draws: int, confidence: float) -> Measured:
    """Measures one target.

    Args:
        evidence: see there.
        target: its name.
        classes: their names in the order of the logits.
        draws: of the bootstrap.
        confidence: of intervals, and of pointing out slices.
    """
    labels = evidence.test.labels[target].numpy()
    probabilities = softmax(evidence.logits[target].astype(np.float64), axis=1)
    uncalibrated = softmax(evidence.logits[target].astype(np.float64) * evidence.temperatures[target][:, None], axis=1)
    whole = Predictions.of(probabilities, labels, evidence.groups)
    worth = _shapley(evidence, target)
    simpler = _simpler(evidence, target, classes)
    tree: Tree = {
        **figures(whole),
        "rows": len(whole.labels),
        **_reason(whole.groups, whole.labels),
        "intervals": _intervals(whole, draws, confidence),
        "calibration": _calibration(whole, Predictions.of(uncalibrated, labels, evidence.groups), evidence, target),
        **{name: figures(Predictions.of(found, labels, evidence.groups)) for name, found in simpler.items()},
        "simpler": _beside(evidence, target, simpler, draws, confidence),
        **_subsets(evidence, target, draws, confidence),
        "slices": _slices(evidence, whole, labels >= 0, draws, confidence),
        "robustness": _robustness(evidence, target, draws, confidence),
        "attribution": _attribution(evidence, worth),
    }
    return Measured(tree, probabilities, uncalibrated, labels, whole, worth)


def _reason(groups: np.ndarray, labels: np.ndarray) -> Tree:
    """``unjudged``, where nothing can be concluded from such rows."""
    why = unjudged(groups, labels)
    return {"unjudged": why} if why else {}


def _intervals(whole: Predictions, draws: int, confidence: float) -> Tree:
    return dict(intervals(figures(whole), resample(whole, draws), whole.groups, whole.labels, confidence))


def _calibration(whole: Predictions, uncalibrated: Predictions, evidence: Evidence, target: str) -> Tree:
    return {
        "temperature": float(np.median(evidence.temperatures[target])),
        "before": figures_of_calibration(uncalibrated),
        "after": figures_of_calibration(whole),
    }


def _simpler(evidence: Evidence, target: str, classes: list[str]) -> dict[str, np.ndarray]:
    """The probabilities of the test rows' classes by their shares in training, and by logistic regression."""
    train, count = evidence.train, len(classes)
    fitted = logistic_regression(list(evidence.test.items), target, train, evidence.val, evidence.test, count)
    shares = np.tile(majority(target, train, count), (len(evidence.test), 1))
    return dict(zip(BASELINES, (shares, fitted), strict=True))


def _beside(evidence: Evidence, target: str, simpler: Mapping[str, np.ndarray], draws: int, confidence: float) -> Tree:
    """What the network gains on simpler methods on the same rows, and on itself with fewer inputs.

    That is with a single one (``only``) and with all but one (``without``); where a row lacks all of them, it says the
    commonest class. Since one asks for the best of the single ones, their intervals are as wide as their number demands
    (Bonferroni).
    """
    labels, inputs = evidence.test.labels[target].numpy(), evidence.answers.subsets[-1]
    known = labels >= 0
    right, groups = (evidence.logits[target].argmax(1) == labels)[known], evidence.groups[known]
    why = _reason(groups, labels[known])

    def entry(predicted: np.ndarray, confidence: float) -> Tree:
        theirs = (predicted == labels)[known]
        gain, bounds = paired(groups, right.astype(float) - theirs, draws, confidence, unseen(len(theirs), confidence))
        return {"accuracy": float(theirs.mean()), "gain": gain, "interval": None if why else bounds, **why}

    def answers(kept: list[str]) -> np.ndarray:
        predicted = evidence.answers.of(target, kept)
        return np.where(predicted >= 0, predicted, classes["majority"])

    classes = {name: found.argmax(1) for name, found in simpler.items()}
    found = {name: entry(predicted, confidence) for name, predicted in classes.items()}
    if len(inputs) > 1:
        surer = 1 - (1 - confidence) / len(inputs)
        missing = {name: [other for other in inputs if other != name] for name in inputs}
        found["only"] = {name: entry(answers([name]), surer) for name in inputs}
        found["without"] = {name: entry(answers(others), confidence) for name, others in missing.items()}
    return found


def _subsets(evidence: Evidence, target: str, draws: int, confidence: float) -> Tree:
    """Figures with every subset of the inputs; rows that have none of a subset's inputs do not count for it."""
    labels, answers = evidence.test.labels[target].numpy(), evidence.answers
    inputs = answers.subsets[-1]
    predicted = answers.predicted[target].T
    answered = (predicted >= 0) & (labels >= 0)[:, None]
    accuracies = means(evidence.groups, predicted == labels[:, None], answered, draws)
    entries: dict[Subset, Tree] = {}
    for place, kept in enumerate(answers.subsets):
        rows = answered[:, place]
        if rows.any():
            some = Predictions(
                labels[rows], predicted[rows, place], evidence.groups[rows], evidence.logits[target].shape[1]
            )
            of_all, why = figures(some), _reason(some.groups, some.labels)
            bounds = None if why else share_interval(accuracies[:, place], some.groups, confidence)
            chosen = {name: of_all[name] for name in OF_SUBSETS} | _honesty(answers.surest[target][place, rows], some)
            entries[kept] = {**chosen, "interval": bounds, "rows": int(rows.sum()), **why}
    found: Tree = {"subsets": {"+".join(kept): entry for kept, entry in entries.items()}}
    if len(inputs) > 1:
        missing = {name: tuple(other for other in inputs if other != name) for name in inputs}
        found["without"] = {name: entries[kept] for name, kept in missing.items() if kept in entries}
        found["only"] = {name: entries[name,] for name in inputs if (name,) in entries}
    return found


def _honesty(confidence: np.ndarray, some: Predictions) -> Tree:
    """How sure the network is of what it says, and how far that is from how often it is right."""
    right = some.labels == some.predicted
    return {"confidence": float(confidence.mean()), "calibration_error": calibration_gap(confidence, right)}


def _slices(evidence: Evidence, whole: Predictions, known: np.ndarray, draws: int, confidence: float) -> Tree:
    parts = slices(evidence.columns[known].reset_index(drop=True), whole.groups)
    if not parts:
        return {}
    right = whole.labels == whole.predicted
    masks = np.stack([part.rows for part in parts], axis=1)
    accuracies = means(whole.groups, right[:, None], masks, draws)
    found: Tree = {}
    for place, (part, verdict) in enumerate(zip(parts, verdicts(parts, right, whole.groups, confidence), strict=True)):
        found.setdefault(part.column, {})[part.value] = {
            "accuracy": verdict.accuracy,
            "interval": share_interval(accuracies[:, place], whole.groups[part.rows], confidence),
            "rows": verdict.rows,
            "p_value": verdict.p_value,
            "worse": verdict.worse,
        }
    return found


def _robustness(evidence: Evidence, target: str, draws: int, confidence: float) -> Tree:
    """Accuracy under every corruption, and what it takes from the same rows' accuracy, with a paired interval."""
    chosen = evidence.corrupted_rows
    labels, groups = evidence.test.labels[target].numpy()[chosen], evidence.groups[chosen]
    clean = evidence.logits[target][chosen].argmax(1) == labels
    found: Tree = {}
    for change, predicted in evidence.corrupted.items():
        has = (evidence.test.items[change.name][chosen] >= 0).numpy() & (labels >= 0)
        lost = int((predicted[target][has] < 0).sum())
        has &= predicted[target] >= 0
        if has.any():
            right = predicted[target] == labels
            losses, rows, why = (clean.astype(float) - right)[has], int(has.sum()), _reason(groups[has], labels[has])
            drop, bounds = paired(groups[has], losses, draws, confidence, unseen(rows, confidence))
            name, corruption, strength = change.address
            found.setdefault(name, {}).setdefault(corruption, {})[strength] = {
                "accuracy": float(right[has].mean()),
                "drop": drop,
                "drop_interval": None if why else bounds,
                "rows": rows,
                **({"unreadable": lost} if lost else {}),
                **why,
            }
    return found


def _shapley(evidence: Evidence, target: str) -> dict[str, np.ndarray]:
    worth, inputs = evidence.answers.confidence[target], evidence.answers.subsets[-1]
    if len(worth) != 2 ** len(inputs):
        return {}
    return dict(zip(inputs, shapley(worth), strict=True))


def _attribution(evidence: Evidence, worth: Mapping[str, np.ndarray]) -> Tree:
    """Each input's mean part in the probability of what was predicted, and its share in all that inputs did."""
    strength = {name: float(np.abs(values).mean()) for name, values in worth.items()}
    total = sum(strength.values()) or 1.0
    return {name: {"mean": float(values.mean()), "share": strength[name] / total} for name, values in worth.items()}
