"""How a person is shown classes."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from sensorium.targets.class_.state import Classes
from sensorium.targets.showing import Board, Printed, Showing, TestRows, Words

if TYPE_CHECKING:
    import pandas as pd

LIKELIEST = 3  # that a person is shown of a row
WORDS = Words(
    title="Accuracy",
    titles={"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"},
    form="{:.3f}",
    short_form="{:.1%}",
    prefix="",
    second="macro_f1",
    listed=("accuracy", "macro_f1", "roc_auc", "calibration_error"),
    task="multimodal-classification",
    served="{} is right in {:.3f}",
    shown_slice="{}{} of {} rows are right",
    note="Macro figures are means over classes, ROC-AUC and PR-AUC too (one class against the rest); calibration error "
    "and log loss are better low.",
    better="right more often",
    harm="takes {:.3f} of accuracy. Differences of a point or two are chance.",
    harm_of="takes {} from the accuracy of {}",
    worth_of="the probability of the predicted class",
    worth_within="the probability of what was predicted",
    examples_note="Right predictions with a confidence near 0.8, then the surest wrong ones. The number beside an "
    "input is its Shapley value: what it added to the probability.",
    by_feedback="is right {} of {}",
    amount="{:.0%}",
    amount_word="in",
    gained="accuracy",
    point="",
    part="class",
)


class ClassShowing(Classes, Showing):
    """The likeliest classes as bars, what they are confused with, and whether confidence is accuracy."""

    words: ClassVar[Words] = WORDS

    @classmethod
    def parts(cls, values: "pd.Series") -> "pd.Series":
        return values.dropna()

    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        from sensorium.targets.class_.examples import choose

        decided = self.decide(predictions)
        return choose(decided, self.confidence_in(predictions, decided), truth, groups)

    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        likeliest = np.argsort(-prediction, kind="stable")[:LIKELIEST]
        return [(self.classes[number], float(prediction[number])) for number in likeliest]

    def shown_truth(self, truth: Any) -> str:
        return self.classes[truth]

    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        return bool(self.decide(prediction) == truth)

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        return (
            f"is right in {figures['accuracy']:.1%} of test rows (always the commonest class: "
            f"{figures['majority']['accuracy']:.1%})"
        )

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        return (
            f"accuracy {figures['accuracy']:.3f} [{interval}], macro F1 {figures['macro_f1']:.3f}; always the "
            f"commonest class {figures['majority']['accuracy']:.3f}"
        )

    @classmethod
    def printed(cls, answer: Mapping[str, Any]) -> Printed:
        """The likeliest classes, and what each input contributed to their probabilities."""
        of_inputs = {"base": answer["base"], **answer["attribution"]} if answer.get("attribution") else {}

        def parts(name: str) -> list[str]:
            base, *others = (found[name] for found in of_inputs.values())
            return [f"{base:.3f}", *(f"{part:+.3f}" for part in others)]

        rows = [(one["label"], one["probability"], parts(one["label"]) if of_inputs else []) for one in answer["top"]]
        answered = "too unsure to say" if answer["abstained"] else answer["label"]
        return Printed(answered, column="class", rows=rows, made_of=list(of_inputs))

    def pictures(self, board: Board, name: str, rows: TestRows, folder: Path) -> None:
        """Calibration, and confusion, which files beside the page hold for DVC's plots."""
        from sensorium.targets.class_ import calibration, confusion
        from sensorium.targets.class_.figures import Predictions

        alone = np.arange(len(rows.truth))
        before, after = (
            Predictions.of(found, rows.truth, alone, self.decide) for found in (rows.uncalibrated, rows.predictions)
        )
        calibration.write(board, name, rows, before, after)
        confusion.write(board, name, rows.judged, list(self.classes), folder)
