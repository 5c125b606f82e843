"""Compares the new model with the champion on the same test rows, both as they are served."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from sensorium import paths
from sensorium.dataset.columns import TEST
from sensorium.dataset.predictions import read_predictions
from sensorium.dataset.rows import of_split, read_table
from sensorium.dataset.served import encode_values, fuse_rows, read_served_rows
from sensorium.errors import UserError
from sensorium.evaluation.comparison import compare
from sensorium.evaluation.gates import Comparison, Rule
from sensorium.evaluation.lookup import Unmeasured
from sensorium.modalities import Modality
from sensorium.registry.champion import Champion, fetch_champion, read_champion, training_ids
from sensorium.runtime.predictor import Predictor
from sensorium.spelling import spelled
from sensorium.stats.certainty import expanded, interval
from sensorium.stats.enough import unjudged
from sensorium.targets import Judged, Learnt

FEWEST_ROWS, FEWEST_GROUPS = 30, 10  # that neither was fitted to; of fewer an interval means little


class ChampionComparison:
    """Compares figures of both models; the champion predicts only if some rule needs it.

    Args:
        model_version: the new model's.
        targets: what it predicts.
        predictions: of the new model, as the compress stage wrote them.
        inputs: as they were declared when the rows were prepared.
        draws: of the paired bootstrap.
    """

    def __init__(
        self,
        model_version: str,
        targets: Mapping[str, Learnt],
        predictions: pd.DataFrame,
        inputs: Mapping[str, Modality],
        draws: int,
    ) -> None:
        self._model_version = model_version
        self._targets = targets
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
        learnt = self._targets[target]
        if figure not in learnt.figure_names:
            raise Unmeasured(f"{figure!r} is no figure that two models can be compared by")
        ours, theirs, gains = compare(learnt, new, old, figure, self._draws)
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
                learnt = self._targets[target]
                for figure in learnt.compared:
                    ours, theirs, gains = compare(learnt, new, old, figure, self._draws)
                    found.setdefault(target, {"rows": len(new.truth)})[figure] = {
                        "new": ours, "champion": theirs, "gain": interval(gains, new.groups, confidence)
                    }  # fmt: skip
        except Unmeasured as why:
            return {"reason": str(why)}
        return found

    def _pair(self, target: str) -> tuple[Judged, Judged]:
        """Both models' predictions of a target for the rows whose truth is known and that neither was fitted to."""
        predictions, targets = self._champion_predictions
        if target not in predictions:
            raise Unmeasured(f"the champion {self.version} does not predict {target}")
        learnt, other, new = self._targets[target], targets[target], self._new_rows
        if type(other) is not type(learnt):
            raise Unmeasured(
                f"the champion {self.version} predicts {target} as another kind of target; `if_missing: pass` in this "
                "rule lets the first model of the new kind through"
            )
        ours = read_predictions(new, target, learnt)
        (mine, its), truth, ours, theirs = learnt.side_by_side(other, ours, predictions[target], new[target])
        groups, known = new["group"].to_numpy(), mine.known(truth)
        if known.sum() < FEWEST_ROWS or len(np.unique(groups[known])) < FEWEST_GROUPS:
            raise Unmeasured(
                f"only {known.sum()} labelled test rows, in {len(np.unique(groups[known]))} groups, are new to the "
                f"champion {self.version} too; at least {FEWEST_ROWS} in {FEWEST_GROUPS} are needed"
            )
        if why := unjudged(groups[known], truth[known]):
            raise Unmeasured(f"{why} that are new to the champion {self.version} too cannot tell two models apart")
        return mine.judged(ours, truth, groups), its.judged(theirs, truth, groups)

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
    def _champion_predictions(self) -> tuple[dict[str, np.ndarray], Mapping[str, Learnt]]:
        """The champion's predictions for the same rows, by target, and what it was taught of it."""
        new_rows = self._new_rows
        assert self._champion
        if self.champion_model_version == self._model_version:  # right after its promotion
            return {name: read_predictions(new_rows, name, one) for name, one in self._targets.items()}, self._targets
        try:
            predictor = Predictor.load(fetch_champion(self._champion))
        except UserError as error:
            raise Unmeasured(str(error)) from error
        test = of_split(read_table(), TEST)
        rows = test.set_index("id").loc[new_rows["id"]].reset_index()
        for name, kind in predictor.inputs.items():
            if name not in self._inputs or self._inputs[name].kind != kind.kind:
                raise Unmeasured(f"the champion {self.version} reads {name} ({kind.kind}), which these rows lack")
        served = read_served_rows(rows, predictor.inputs, paths.PREPARED)
        features = {name: encode_values(predictor, name, values) for name, values in served.values.items()}
        outputs = fuse_rows(predictor, features, served.items)
        return {name: one.predict(outputs[name]) for name, one in predictor.targets.items()}, predictor.targets
