"""Compares the new model with the champion on the same test rows, both as they are served."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from sensorium import paths
from sensorium.dataset.predictions import classes_in, probabilities_of, targets_in
from sensorium.dataset.rows import of_split, read_table
from sensorium.dataset.served import encode_values, fuse_rows, read_served_rows
from sensorium.errors import UserError
from sensorium.evaluation.bootstrap import compare
from sensorium.evaluation.gates import FIGURES, Comparison, Rule
from sensorium.evaluation.lookup import Unmeasured
from sensorium.evaluation.metrics import Predictions
from sensorium.modalities import Modality
from sensorium.registry.champion import Champion, fetch_champion, read_champion, training_ids
from sensorium.runtime.predictor import Predictor
from sensorium.spelling import is_missing, spelled
from sensorium.stats.certainty import expanded, interval
from sensorium.stats.enough import unjudged

OVERVIEW_FIGURES = ("accuracy", "macro_f1", "log_loss")
FEWEST_ROWS, FEWEST_GROUPS = 30, 10  # new to both models; with fewer an interval means little


class ChampionComparison:
    """Compares figures of both models; the champion predicts only if some rule needs it.

    Args:
        model_version: the new model's.
        predictions: of the new model, as the compress stage wrote them.
        inputs: as they were declared when the rows were prepared.
        draws: of the paired bootstrap.
    """

    def __init__(
        self, model_version: str, predictions: pd.DataFrame, inputs: Mapping[str, Modality], draws: int
    ) -> None:
        self._model_version = model_version
        self._predictions = predictions
        self._inputs = inputs
        self._draws = draws
        self._champion: Champion | None = read_champion()

    @property
    def version(self) -> str | None:
        """The champion's version in the registry, if there is one."""
        return self._champion.version if self._champion else None

    @property
    def champion_model_version(self) -> str | None:
        """The version of the champion's model, if there is one."""
        return self._champion.model_version if self._champion else None

    def compare(self, rule: Rule) -> Comparison:
        """A rule's figure of both models.

        Raises:
            Unmeasured: if there is no champion, or it cannot predict these rows or this target.
        """
        assert rule.target and rule.champion
        target, figure = rule.target, rule.metric.rsplit(".", 1)[1]
        new, old = self._pair(target)
        if figure not in FIGURES:
            raise Unmeasured(f"{figure!r} is no figure that two models can be compared by")
        ours, theirs, gains = compare(new, old, figure, self._draws)
        if ours is None or theirs is None or not len(gains):
            raise Unmeasured(f"{figure} is not defined on these rows")
        tail = expanded(1 - rule.champion.confidence, new.groups)
        return Comparison(ours, theirs, float(np.quantile(gains, tail)))

    def overview(self, confidence: float) -> dict[str, Any]:
        """For reports: some figures of both models and their difference, by target; or why there are none."""
        found: dict[str, Any] = {}
        try:
            for target in self._champion_predictions[1]:
                new, old = self._pair(target)
                for figure in OVERVIEW_FIGURES:
                    ours, theirs, gains = compare(new, old, figure, self._draws)
                    found.setdefault(target, {"rows": len(new.labels)})[figure] = {
                        "new": ours, "champion": theirs, "gain": interval(gains, new.groups, confidence)
                    }  # fmt: skip
        except Unmeasured as why:
            return {"reason": str(why)}
        return found

    def _pair(self, target: str) -> tuple[Predictions, Predictions]:
        """Both models' predictions of a target, for labelled rows that neither was fitted to."""
        champion_probabilities, champion_classes = self._champion_predictions
        if target not in champion_probabilities:
            raise Unmeasured(f"the champion {self.version} does not predict {target}")
        new = self._new_rows
        columns = classes_in(new, target)
        ours, theirs = [[spelled(name) for name in names] for names in (columns, champion_classes[target])]
        place_of = {name: place for place, name in enumerate(dict.fromkeys([*ours, *theirs]))}
        labels = np.array([-1 if is_missing(label) else place_of.get(spelled(label), -1) for label in new[target]])
        groups = new["group"].to_numpy()
        known = labels >= 0
        if known.sum() < FEWEST_ROWS or len(np.unique(groups[known])) < FEWEST_GROUPS:
            raise Unmeasured(
                f"only {known.sum()} labelled test rows, in {len(np.unique(groups[known]))} groups, are new to the "
                f"champion {self.version} too; at least {FEWEST_ROWS} in {FEWEST_GROUPS} are needed"
            )
        if why := unjudged(groups[known], labels[known]):
            raise Unmeasured(f"{why} that are new to the champion {self.version} too cannot tell two models apart")
        return (
            Predictions.of(_over_all_classes(probabilities_of(new, target, columns), ours, place_of), labels, groups),
            Predictions.of(_over_all_classes(champion_probabilities[target], theirs, place_of), labels, groups),
        )

    @cached_property
    def _new_rows(self) -> pd.DataFrame:
        """The new model's predictions for test rows that the champion was not fitted to."""
        if self._champion is None:
            raise Unmeasured("there is no champion yet; `sensorium promote` makes one of a committed model")
        try:
            training = set(map(spelled, training_ids(self._champion)))
        except UserError as error:
            raise Unmeasured(str(error)) from error
        new_rows = self._predictions[~self._predictions["id"].map(spelled).isin(training)].reset_index(drop=True)
        if new_rows.empty:
            raise Unmeasured(
                f"the champion {self.version} was fitted to all test rows; at least {FEWEST_ROWS} in {FEWEST_GROUPS} "
                "groups that are new to it are needed"
            )
        return new_rows

    @cached_property
    def _champion_predictions(self) -> tuple[dict[str, np.ndarray], Mapping[str, list[str]]]:
        """The champion's probabilities for the same rows, by target, and its classes."""
        new_rows = self._new_rows
        assert self._champion
        if self.champion_model_version == self._model_version:  # right after its promotion
            classes = {target: classes_in(new_rows, target) for target in targets_in(new_rows)}
            return {target: probabilities_of(new_rows, target, names) for target, names in classes.items()}, classes
        try:
            predictor = Predictor.load(fetch_champion(self._champion))
        except UserError as error:
            raise Unmeasured(str(error)) from error
        test = of_split(read_table(), "test")
        rows = test.set_index("id").loc[new_rows["id"]].reset_index()
        for name, kind in predictor.inputs.items():
            if name not in self._inputs or self._inputs[name].kind != kind.kind:
                raise Unmeasured(f"the champion {self.version} reads {name} ({kind.kind}), which these rows lack")
        served = read_served_rows(rows, predictor.inputs, paths.PREPARED)
        features = {name: encode_values(predictor, name, values) for name, values in served.values.items()}
        logits = fuse_rows(predictor, features, served.items)
        return {target: softmax(values, axis=1) for target, values in logits.items()}, predictor.targets


def _over_all_classes(probabilities: np.ndarray, known: list[str], place_of: Mapping[str, int]) -> np.ndarray:
    """Probabilities over the classes of both models: 0 for one that a model lacks, a sum for one spelled twice."""
    aligned = np.zeros((len(probabilities), len(place_of)))
    for name, column in zip(known, probabilities.T, strict=True):
        aligned[:, place_of[name]] += column
    return aligned
