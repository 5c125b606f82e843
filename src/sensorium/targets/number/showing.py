"""How a person is shown numbers."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from sensorium.targets.number.parts import parts
from sensorium.targets.number.state import COVERAGE, Scaled
from sensorium.targets.showing import Board, Printed, Showing, TestRows, Words

if TYPE_CHECKING:
    import pandas as pd

NEAREST, FARTHEST = 2, 3  # rows that a person is shown
WORDS = Words(
    title="Mean absolute error",
    titles={"mae": "MAE", "rmse": "RMSE", "r2": "R2"},
    form="{:.4g}",
    short_form="{:.4g}",
    prefix="MAE ",
    second="r2",
    listed=("mae", "rmse", "r2", "coverage"),
    task="multimodal-regression",
    served="{} is off by {:.4g} on the average",
    shown_slice="a mean absolute error of {}{} in {} rows",
    note="Of numbers, MAE and RMSE are in their own unit and better low; R2 is the share of their variance that is "
    "explained, Spearman's correlation that of ranks; coverage is the share of intervals that hold the truth, "
    f"which is to be {COVERAGE:g}.",
    better="nearer to the truth",
    harm="adds {:.4g} to it.",
    harm_of="adds {} to the mean absolute error of {}",
    worth_of="the predicted number",
    worth_within="the predicted number",
    examples_note="The nearest to the truth, then the farthest from it. The number beside an input is its Shapley "
    "value: what it added to the predicted number.",
    by_feedback="is off {} on average in {}",
    amount="{:.4g}",
    amount_word="by",
    gained="quality",
    point="Of numbers a point is a hundredth of the deviation of training rows.",
    part="numbers",
)


class NumberShowing(Scaled, Showing):
    """The number and its interval."""

    words: ClassVar[Words] = WORDS

    @classmethod
    def parts(cls, values: "pd.Series") -> "pd.Series":
        return parts(values).dropna()

    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        """The nearest to the truth, then the farthest from it."""
        errors = np.abs(predictions[:, 0] - truth)
        chosen: list[int] = []
        for most, order in (
            (NEAREST, np.argsort(errors, kind="stable")),
            (FARTHEST, np.argsort(-errors, kind="stable")),
        ):
            end = len(chosen) + most
            for row in order[self.known(errors[order])]:
                if len(chosen) < end and groups[row] not in groups[chosen]:
                    chosen.append(int(row))
        return chosen

    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        number, low, high = prediction
        return [(f"{number:.4g}", 1.0), (f"{low:.4g} to {high:.4g}", COVERAGE)]

    def shown_truth(self, truth: Any) -> str:
        return f"{truth:.4g}"

    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        """Whether the interval holds it."""
        return bool(prediction[1] <= truth <= prediction[2])

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        median = figures["median"]["mae"]
        return f"is off by {figures['mae']:.4g} on average in test rows (always the median: {median:.4g})"

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        explained = f"{figures['r2']:.3f}" if figures["r2"] is not None else "not defined"
        return (
            f"mean absolute error {figures['mae']:.4g} [{interval}], R2 {explained}; always the median "
            f"{figures['median']['mae']:.4g}; intervals hold {figures['coverage']:.1%} of the true numbers"
        )

    @classmethod
    def printed(cls, answer: Mapping[str, Any]) -> Printed:
        """The number, its interval, and what it is made of."""
        low, high = answer["interval"]
        parts = [f"base {answer['base']:.4g}"] if "base" in answer else []
        parts += [f"{name} {part:+.4g}" for name, part in answer.get("attribution", {}).items()]
        made_of = f" = {', '.join(parts)}" if parts else ""
        return Printed(f"{answer['value']:.4g}", f"({low:.4g} to {high:.4g}){made_of}")

    def pictures(self, board: Board, name: str, rows: TestRows, folder: Path) -> None:
        """Predicted against true, what is missed, and whether intervals hold what they are to."""
        from sensorium.targets.number import pictures
        from sensorium.targets.number.figures import PredictedNumbers

        known = self.known(rows.truth)
        made = {"before calibration": rows.uncalibrated[known], "as they are answered": rows.predictions[known]}
        pictures.write(board, name, cast(PredictedNumbers, rows.judged), self.scale, made)
