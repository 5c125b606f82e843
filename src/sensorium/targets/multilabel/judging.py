"""Tags are right as far as those that are said and those that are true overlap; the simplest methods beside."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sensorium.targets.judging import Baseline, Features, Figures, Judged, Judging
from sensorium.targets.multilabel.cells import tags_in
from sensorium.targets.multilabel.state import FIGURES, HONESTY, Tags, f1_of_rows

if TYPE_CHECKING:
    import pandas as pd


class MultilabelJudging(Tags, Judging):
    """The score of a row is the F1 of its tags: 1 where all are right, and where there are none and none is said."""

    figure_names: ClassVar[tuple[str, ...]] = FIGURES
    main: ClassVar[str] = "samples_f1"
    lower_is_better: ClassVar[tuple[str, ...]] = HONESTY
    unbounded: ClassVar[tuple[str, ...]] = ("log_loss",)
    subset_figures: ClassVar[tuple[str, ...]] = ("samples_f1", "micro_f1", "macro_f1", "calibration_error")
    honesty_figures: ClassVar[tuple[str, ...]] = HONESTY
    compared: ClassVar[tuple[str, ...]] = ("samples_f1", "micro_f1", "macro_f1", "map")
    baselines: ClassVar[dict[str, Baseline]] = {
        "commonest": Baseline("commonest tags", "always saying the commonest tags"),
        "logistic_regression": Baseline("logistic regression", "a logistic regression a tag on the same features"),
    }

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        return predictions

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        return f1_of_rows(self.decisions(brief), truth)

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """The mean probability of the tags that all inputs together say; where they say none, that there is none."""
        decided, probabilities = self.decisions(whole), self.probabilities(predictions)
        mean = (probabilities * decided).sum(1) / np.maximum(decided.sum(1), 1)
        return np.where(decided.any(1), mean, 1 - probabilities.max(1))

    def prior(self, truth: np.ndarray) -> np.ndarray:
        """How frequent each tag is; said are as many of the commonest as suit the rows best."""
        from sensorium.targets.multilabel.baselines import commonest

        known = truth[self.known(truth)]
        return np.concatenate([known.mean(0), commonest(known)])

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        from sensorium.targets.multilabel.baselines import one_against_rest

        always = np.tile(self.prior(features.training_truth), (len(features.test), 1))
        return dict(zip(self.baselines, (always, one_against_rest(features)), strict=True))

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        from sensorium.targets.multilabel.figures import PredictedTags

        known = self.known(truth)
        kept = predictions[known].astype(np.float64)
        return PredictedTags(truth[known], self.decisions(kept), self.probabilities(kept), groups[known])

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        found = self.judged(brief, truth, groups).figures()
        return {name: found[name] for name in self.subset_figures}

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        """Whether both are the same tags."""
        return set(tags_in(remembered)) == set(tags_in(other))

    @classmethod
    def score(cls, predicted: Any, label: Any) -> float:
        ours, true = set(tags_in(predicted)), set(tags_in(label))
        return 2 * len(ours & true) / (len(ours) + len(true)) if ours or true else 1.0

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Wilson's (1927), of scores as parts of a right answer: their spread is at most that of right and wrong."""
        from statsmodels.stats.proportion import proportion_confint

        return proportion_confint(float(scores.sum()), len(scores), 1 - confidence, "wilson")

    def side_by_side(
        self, other: Self, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple[tuple[Self, Self], np.ndarray, np.ndarray, np.ndarray]:
        """Over the tags of both; one that a model does not know it never says."""
        tags = tuple(dict.fromkeys([*self.tags, *other.tags]))
        nothing = (0.0,) * len(tags)
        both = replace(self, tags=tags, frequencies=nothing, thresholds=nothing)
        place_of = {tag: place for place, tag in enumerate(tags)}
        wide = []
        for one, predictions in ((self, ours), (other, theirs)):
            places = [place_of[tag] for tag in one.tags]
            found = np.zeros((len(predictions), 2 * len(tags)))
            found[:, places + [len(tags) + place for place in places]] = predictions
            wide.append(found)
        return (both, both), both.truth(values), wide[0], wide[1]

    @classmethod
    def gain_unit(cls, figures: Mapping[str, Any]) -> float:
        return 1.0

    @classmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        return figures["samples_f1"]
