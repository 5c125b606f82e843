"""All that is measured of one target on the test rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.evaluation.baselines import baselines
from sensorium.evaluation.evidence import Evidence
from sensorium.evaluation.names import Subset
from sensorium.evaluation.slices import slices, verdicts
from sensorium.stats.bootstrap import means
from sensorium.stats.certainty import Interval, interval, intervals, paired, share_interval, unseen
from sensorium.stats.enough import unjudged
from sensorium.stats.shapley import shapley
from sensorium.targets import Judged, Learnt

Tree = dict[str, Any]


@dataclass(frozen=True)
class Measured:
    """One target's figures and the predictions behind them.

    Attributes:
        figures: a tree of figures; `slices`, `robustness` and `subsets` are its large branches.
        target: what is predicted.
        predictions: of every test row ``[rows, columns]``.
        uncalibrated: the same before calibration.
        truth: of every test row ``[rows]``.
        judged: the rows whose truth is known.
        shapley: by input what it did for the prediction ``[rows]``; empty beyond ten inputs.
    """

    figures: Tree
    target: Learnt
    predictions: np.ndarray
    uncalibrated: np.ndarray
    truth: np.ndarray
    judged: Judged
    shapley: dict[str, np.ndarray]


def measure(evidence: Evidence, name: str, target: Learnt, draws: int, confidence: float) -> Measured:
    """Measures one target.

    Args:
        evidence: see there.
        name: of the target.
        target: what is predicted.
        draws: of the bootstrap.
        confidence: of intervals, and of pointing out slices.
    """
    one = TargetEvaluation(evidence, name, target, draws, confidence)
    outputs, divisors = evidence.outputs[name].astype(np.float64), evidence.divisors[name]
    predictions, uncalibrated = target.predict(outputs), target.uncalibrated(outputs, divisors)
    full, before = (target.judged(found, one.truth, evidence.groups) for found in (predictions, uncalibrated))
    scores, worth = one.scores(target.brief(predictions)), one.shapley()
    simplest = baselines(name, target, list(evidence.test.items), evidence.train, evidence.val, evidence.test)
    tree: Tree = {
        **full.figures(),
        "rows": len(full.truth),
        **_reason(full.groups, full.truth),
        "intervals": one.intervals(full),
        "calibration": {**target.calibration(divisors), "before": before.honesty(), "after": full.honesty()},
        **{how: target.judged(found, one.truth, evidence.groups).figures() for how, found in simplest.items()},
        "simpler": one.beside(scores, {how: target.brief(found) for how, found in simplest.items()}),
        **one.subsets(),
        "slices": one.slices(full),
        "robustness": one.robustness(scores),
        "attribution": _attribution(worth),
    }
    return Measured(tree, target, predictions, uncalibrated, one.truth, full, worth)


def _reason(groups: np.ndarray, truth: np.ndarray) -> Tree:
    """``unjudged``, where nothing can be concluded from such rows."""
    why = unjudged(groups, truth)
    return {"unjudged": why} if why else {}


@dataclass(frozen=True)
class TargetEvaluation:
    """One target's part of the evidence; the rest as of `measure`."""

    evidence: Evidence
    name: str
    target: Learnt
    draws: int
    confidence: float

    @property
    def truth(self) -> np.ndarray:
        """Of every test row ``[rows]``."""
        return self.evidence.test.labels[self.name].numpy()

    @property
    def known(self) -> np.ndarray:
        """Whether it is known ``[rows]``."""
        return self.target.known(self.truth)

    def scores(self, brief: np.ndarray) -> np.ndarray:
        """How right each prediction is ``[rows]``; 0 where the truth is not known."""
        return np.where(self.known, self.target.scores(brief, self.truth), 0.0)

    def intervals(self, full: Judged) -> Tree:
        """The interval of every figure."""
        samples, unbounded = full.resample(self.draws), self.target.unbounded
        return dict(intervals(full.figures(), samples, full.groups, full.truth, self.confidence, unbounded))

    def _interval(self, mean_scores: np.ndarray, groups: np.ndarray) -> Interval | None:
        """That of the main figure, from the mean score in every draw."""
        of_figure = interval if self.target.main in self.target.unbounded else share_interval
        return of_figure(self.target.figure_of(mean_scores), groups, self.confidence)

    def _least(self, rows: int, confidence: float) -> float:
        """How far an interval of what is gained reaches, though no row was seen to change."""
        return unseen(rows, confidence) * self.target.unit

    def beside(self, scores: np.ndarray, simplest: Mapping[str, np.ndarray]) -> Tree:
        """What the network gains on simpler methods on the same rows, and on itself with fewer inputs.

        That is with a single one (``only``) and with all but one (``without``); where a row lacks all of them, it says
        what the first of the simplest methods does. Since one asks for the best of the single ones, their intervals are
        as wide as their number demands (Bonferroni).

        Args:
            scores: of the network ``[rows]``.
            simplest: by name the brief of what the simplest methods predict.
        """
        known, subsets = self.known, self.evidence.subsets
        groups, inputs = self.evidence.groups[known], subsets.subsets[-1]
        why, least = _reason(groups, self.truth[known]), next(iter(simplest.values()))

        def entry(brief: np.ndarray, confidence: float) -> Tree:
            theirs = self.scores(brief)[known]
            unseen_gain = self._least(len(theirs), confidence)
            gain, bounds = paired(groups, scores[known] - theirs, self.draws, confidence, unseen_gain)
            figure = self.target.figure_of(float(theirs.mean()))
            return {self.target.main: figure, "gain": gain, "interval": None if why else bounds, **why}

        def kept(names: list[str]) -> np.ndarray:
            place = subsets.place(names)
            return np.where(subsets.covered[place][:, None], subsets.brief[self.name][place], least)

        found = {how: entry(brief, self.confidence) for how, brief in simplest.items()}
        if len(inputs) > 1:
            surer = 1 - (1 - self.confidence) / len(inputs)
            missing = {name: [other for other in inputs if other != name] for name in inputs}
            found["only"] = {name: entry(kept([name]), surer) for name in inputs}
            found["without"] = {name: entry(kept(others), self.confidence) for name, others in missing.items()}
        return found

    def subsets(self) -> Tree:
        """Figures with every subset of the inputs; rows that have none of a subset's inputs do not count for it."""
        subsets, brief = self.evidence.subsets, self.evidence.subsets.brief[self.name]
        inputs, covered = subsets.subsets[-1], (subsets.covered & self.known).T
        drawn = means(self.evidence.groups, np.stack([self.scores(one) for one in brief], 1), covered, self.draws)
        entries: dict[Subset, Tree] = {}
        for place, kept in enumerate(subsets.subsets):
            rows = covered[:, place]
            if rows.any():
                truth, groups = self.truth[rows], self.evidence.groups[rows]
                why = _reason(groups, truth)
                bounds = None if why else self._interval(drawn[:, place], groups)
                figures = self.target.of_subset(brief[place][rows], truth, groups)
                entries[kept] = {**figures, "interval": bounds, "rows": int(rows.sum()), **why}
        found: Tree = {"subsets": {"+".join(kept): entry for kept, entry in entries.items()}}
        if len(inputs) > 1:
            missing = {name: tuple(other for other in inputs if other != name) for name in inputs}
            found["without"] = {name: entries[kept] for name, kept in missing.items() if kept in entries}
            found["only"] = {name: entries[name,] for name in inputs if (name,) in entries}
        return found

    def slices(self, full: Judged) -> Tree:
        """The main figure of every slice, and which are worse than the rest."""
        parts = slices(self.evidence.columns[self.known].reset_index(drop=True), full.groups)
        if not parts:
            return {}
        scores = full.scores
        drawn = means(full.groups, scores[:, None], np.stack([part.rows for part in parts], axis=1), self.draws)
        found: Tree = {}
        judged = verdicts(parts, scores, full.groups, self.confidence)
        for place, (part, verdict) in enumerate(zip(parts, judged, strict=True)):
            found.setdefault(part.column, {})[part.value] = {
                self.target.main: self.target.figure_of(verdict.score),
                "interval": self._interval(drawn[:, place], full.groups[part.rows]),
                "rows": verdict.rows,
                "p_value": verdict.p_value,
                "worse": verdict.worse,
            }
        return found

    def robustness(self, scores: np.ndarray) -> Tree:
        """The main figure under every corruption, and what it takes from the same rows' score, with a paired interval.

        Args:
            scores: of the network where nothing is corrupted ``[rows]``.
        """
        chosen = self.evidence.corrupted_rows
        truth, groups, known = self.truth[chosen], self.evidence.groups[chosen], self.known[chosen]
        found: Tree = {}
        for change, corrupted in self.evidence.corrupted.items():
            has = (self.evidence.test.items[change.name][chosen] >= 0).numpy() & known
            lost = int(corrupted.lost[has].sum())
            has &= ~corrupted.lost
            if has.any():
                after = self.target.scores(corrupted.brief[self.name], truth)[has]
                rows, why = int(has.sum()), _reason(groups[has], truth[has])
                least = self._least(rows, self.confidence)
                drop, bounds = paired(groups[has], scores[chosen][has] - after, self.draws, self.confidence, least)
                name, corruption, strength = change.address
                found.setdefault(name, {}).setdefault(corruption, {})[strength] = {
                    self.target.main: self.target.figure_of(float(after.mean())),
                    "drop": drop,
                    "drop_interval": None if why else bounds,
                    "rows": rows,
                    **({"unreadable": lost} if lost else {}),
                    **why,
                }
        return found

    def shapley(self) -> dict[str, np.ndarray]:
        """What each input did for each row's prediction ``[rows]``."""
        worth, inputs = self.evidence.subsets.worth[self.name], self.evidence.subsets.subsets[-1]
        return dict(zip(inputs, shapley(worth), strict=True)) if len(worth) == 2 ** len(inputs) else {}


def _attribution(worth: Mapping[str, np.ndarray]) -> Tree:
    """Each input's mean part in what was predicted, and its share in all that inputs did."""
    strength = {name: float(np.abs(values).mean()) for name, values in worth.items()}
    total = sum(strength.values()) or 1.0
    return {name: {"mean": float(values.mean()), "share": strength[name] / total} for name, values in worth.items()}
