"""All that is measured of one target on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from sensorium.evaluation.baselines import logistic_regression
from sensorium.evaluation.bootstrap import interval, intervals, means, paired, resample, share_interval, unseen
from sensorium.evaluation.metrics import Predictions, figures
from sensorium.evaluation.robustness import Change
from sensorium.evaluation.slices import judge, slices
from sensorium.evaluation.subsets import Answers, Subset
from sensorium.shapley import shapley
from sensorium.training.data import Rows

Tree = dict[str, Any]
CALIBRATED = ("calibration_error", "log_loss")
OF_SUBSETS = ("accuracy", "balanced_accuracy", "macro_f1")


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
        temperatures: by target.
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
    temperatures: Mapping[str, float]
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
    uncalibrated = softmax(evidence.logits[target].astype(np.float64) * evidence.temperatures[target], axis=1)
    whole = Predictions.of(probabilities, labels, evidence.groups)
    worth = _shapley(evidence, target)
    simpler = _simpler(evidence, target, classes)
    tree: Tree = {
        **figures(whole),
        "rows": len(whole.labels),
        "intervals": _intervals(whole, draws, confidence),
        "calibration": _calibration(whole, Predictions.of(uncalibrated, labels, evidence.groups), evidence, target),
        **{name: {"accuracy": _share_right(said, labels)} for name, said in simpler.items()},
        "simpler": _beside(evidence, target, simpler, draws, confidence),
        **_subsets(evidence, target, draws, confidence),
        "slices": _slices(evidence, whole, labels >= 0, draws, confidence),
        "robustness": _robustness(evidence, target, draws, confidence),
        "attribution": _attribution(evidence, worth),
    }
    return Measured(tree, probabilities, uncalibrated, labels, whole, worth)


def _intervals(whole: Predictions, draws: int, confidence: float) -> Tree:
    samples = resample(whole, draws)
    return intervals(samples, confidence) | {"accuracy": share_interval(samples["accuracy"], whole.groups, confidence)}


def _calibration(whole: Predictions, uncalibrated: Predictions, evidence: Evidence, target: str) -> Tree:
    after, before = figures(whole), figures(uncalibrated)
    return {
        "temperature": evidence.temperatures[target],
        "before": {name: before[name] for name in CALIBRATED},
        "after": {name: after[name] for name in CALIBRATED},
    }


def _simpler(evidence: Evidence, target: str, classes: list[str]) -> dict[str, np.ndarray]:
    """What the commonest training class, and logistic regression on the same features, say of the test rows."""
    always = np.bincount(_known(evidence.train, target), minlength=len(classes)).argmax()
    fitted = logistic_regression(list(evidence.test.items), target, evidence.train, evidence.val, evidence.test)
    return {"majority": np.full(len(evidence.test), always), "logistic_regression": fitted}


def _beside(evidence: Evidence, target: str, simpler: Mapping[str, np.ndarray], draws: int, confidence: float) -> Tree:
    """What the network gains on simpler methods on the same rows, the network with a single input among them.

    Where a row lacks that input, it says the commonest class. Since one asks for the best of the single inputs, their
    intervals are as wide as their number demands (Bonferroni).
    """
    labels, inputs = evidence.test.labels[target].numpy(), evidence.answers.subsets[-1]
    known = labels >= 0
    right = evidence.logits[target].argmax(1) == labels

    def entry(said: np.ndarray, confidence: float) -> Tree:
        gains = (right.astype(float) - (said == labels))[known]
        least = unseen(len(gains), confidence)
        gain, bounds = paired(evidence.groups[known], gains, draws, confidence, least)
        return {"accuracy": _share_right(said, labels), "gain": gain, "interval": bounds}

    found = {name: entry(said, confidence) for name, said in simpler.items()}
    if len(inputs) > 1:
        alone = {name: evidence.answers.of(target, [name]) for name in inputs}
        surer = 1 - (1 - confidence) / len(inputs)
        found["only"] = {
            name: entry(np.where(said >= 0, said, simpler["majority"]), surer) for name, said in alone.items()
        }
    return found


def _share_right(said: np.ndarray, labels: np.ndarray) -> float:
    return float((said == labels)[labels >= 0].mean())


def _known(rows: Rows, target: str) -> np.ndarray:
    labels = rows.labels[target].numpy()
    return labels[labels >= 0]


def _subsets(evidence: Evidence, target: str, draws: int, confidence: float) -> Tree:
    """Figures with every subset of the inputs; rows that have none of a subset's inputs do not count for it."""
    labels, answers = evidence.test.labels[target].numpy(), evidence.answers
    inputs = answers.subsets[-1]
    said = answers.predicted[target].T
    answered = (said >= 0) & (labels >= 0)[:, None]
    accuracies = means(evidence.groups, said == labels[:, None], answered, draws)
    entries: dict[Subset, Tree] = {}
    for place, kept in enumerate(answers.subsets):
        rows = answered[:, place]
        if rows.any():
            some = Predictions(labels[rows], said[rows, place], evidence.groups[rows], evidence.logits[target].shape[1])
            of_all, bounds = figures(some), share_interval(accuracies[:, place], some.groups, confidence)
            chosen = {name: of_all[name] for name in OF_SUBSETS}
            entries[kept] = {**chosen, "interval": bounds, "rows": int(rows.sum())}
    found: Tree = {"subsets": {"+".join(kept): entry for kept, entry in entries.items()}}
    if len(inputs) > 1:
        missing = {name: tuple(other for other in inputs if other != name) for name in inputs}
        found["without"] = {name: entries[kept] for name, kept in missing.items() if kept in entries}
        found["only"] = {name: entries[name,] for name in inputs if (name,) in entries}
    return found


def _slices(evidence: Evidence, whole: Predictions, known: np.ndarray, draws: int, confidence: float) -> Tree:
    parts = slices(evidence.columns[known].reset_index(drop=True), whole.groups)
    if not parts:
        return {}
    right = whole.labels == whole.predicted
    masks = np.stack([part.rows for part in parts], axis=1)
    accuracies = means(whole.groups, right[:, None], masks, draws)
    found: Tree = {}
    for place, (part, verdict) in enumerate(zip(parts, judge(parts, right, whole.groups, confidence), strict=True)):
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
    for change, said in evidence.corrupted.items():
        has = (evidence.test.items[change.name][chosen] >= 0).numpy() & (labels >= 0)
        lost = int((said[target][has] < 0).sum())
        has &= said[target] >= 0
        if has.any():
            right = said[target] == labels
            losses = (clean.astype(float) - right)[:, None]
            name, corruption, strength = change.address
            found.setdefault(name, {}).setdefault(corruption, {})[strength] = {
                "accuracy": float(right[has].mean()),
                "drop": float(losses[has].mean()),
                "drop_interval": interval(means(groups, losses, has[:, None], draws)[:, 0], confidence),
                "rows": int(has.sum()),
                **({"unreadable": lost} if lost else {}),
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
