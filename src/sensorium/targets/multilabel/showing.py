"""How a person is shown tags."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from sensorium.targets.multilabel.cells import tags_in
from sensorium.targets.multilabel.state import Tags, f1_of_rows
from sensorium.targets.showing import Board, Printed, Showing, TestRows, Words

if TYPE_CHECKING:
    import pandas as pd

FEW = 3  # tags that a person is shown of a row at least
MOST = 12  # and in a terminal at most
NEAREST, FARTHEST = 2, 3  # rows that a person is shown
WORDS = Words(
    title="Mean F1 of rows",
    titles={"map": "MAP"},
    form="{:.3f}",
    short_form="{:.3f}",
    prefix="F1 ",
    second="macro_f1",
    listed=("samples_f1", "micro_f1", "macro_f1", "map", "calibration_error"),
    task="multimodal-classification",
    served="the tags of {} have a mean F1 of {:.3f}",
    shown_slice="a mean F1 of {}{} in {} rows",
    note="Of tags, samples F1 is the mean over rows of how far those said and those true overlap, micro F1 is of all "
    "tags of all rows together, macro F1 a mean over tags, and MAP the mean average precision of tags.",
    better="nearer to the true tags",
    harm="takes {:.3f} of it. Differences of a point or two are chance.",
    harm_of="takes {} from the mean F1 of {}",
    worth_of="the mean probability of the tags that are said",
    worth_within="the mean probability of the tags that are said",
    examples_note="Rows with tags that are nearly all right, then those farthest from the truth. The number beside an "
    "input is its Shapley value: what it added to the mean probability of the tags that are said.",
    by_feedback="has a mean F1 of {} in {}",
    amount="{:.3f}",
    amount_word="",
    gained="F1",
    point="",
    part="tag",
    hold="have",
)


class MultilabelShowing(Tags, Showing):
    """The tags that are said, and how well each tag is told from others."""

    words: ClassVar[Words] = WORDS

    @classmethod
    def parts(cls, values: "pd.Series") -> "pd.Series":
        return values.dropna().map(tags_in).explode().dropna()

    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        """The best of rows that have tags, then the worst."""
        scores = f1_of_rows(self.decisions(predictions), truth)
        tagged = (truth > 0).sum(1) > 0
        chosen: list[int] = []
        choices: tuple[tuple[int, np.ndarray, Any], ...] = (
            (NEAREST, np.argsort(-scores, kind="stable"), tagged),
            (FARTHEST, np.argsort(scores, kind="stable"), self.known(truth)),
        )
        for most, order, wanted in choices:
            end = len(chosen) + most
            for row in order[wanted[order]]:
                if len(chosen) < end and groups[row] not in groups[chosen]:
                    chosen.append(int(row))
        return chosen

    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        """The likeliest, all that are said among them."""
        probabilities, likely = self.probabilities(prediction), self.likely_tags(prediction)
        order = np.argsort(-probabilities, kind="stable")
        kept = [place for rank, place in enumerate(order) if rank < FEW or self.tags[place] in likely]
        return [(self.tags[place], float(probabilities[place])) for place in kept]

    def shown_answer(self, prediction: np.ndarray) -> str:
        """All tags that are said."""
        return ", ".join(self.likely_tags(prediction)) or "no tags"

    def shown_truth(self, truth: Any) -> str:
        return ", ".join(tag for tag, has in zip(self.tags, truth > 0, strict=True) if has) or "no tags"

    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        """Whether all tags are right."""
        return bool((self.decisions(prediction) == (truth > 0)).all())

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        return (
            f"has a mean F1 of {figures['samples_f1']:.3f} over test rows (always the commonest tags: "
            f"{figures['commonest']['samples_f1']:.3f})"
        )

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        precision = f"{figures['map']:.3f}" if figures["map"] is not None else "not defined"
        return (
            f"mean F1 of rows {figures['samples_f1']:.3f} [{interval}], MAP {precision}; always the commonest tags "
            f"{figures['commonest']['samples_f1']:.3f}"
        )

    @classmethod
    def printed(cls, answer: Mapping[str, Any]) -> Printed:
        """The likeliest tags, and what each input contributed to their probabilities."""
        of_inputs = {"base": answer["base"], **answer["attribution"]} if answer.get("attribution") else {}
        labels, probabilities = answer["labels"], answer["probabilities"]
        shown = sorted(probabilities, key=lambda tag: (tag not in labels, -probabilities[tag]))
        shown = shown[: max(FEW, min(MOST, len(labels)))]

        def parts(tag: str) -> list[str]:
            return [f"{found[tag]:{'.3f' if name == 'base' else '+.3f'}}" for name, found in of_inputs.items()]

        rows = [(tag, probabilities[tag], parts(tag)) for tag in shown]
        return Printed(", ".join(labels) or "no tags", column="tag", rows=rows, made_of=list(of_inputs))

    def pictures(self, board: Board, name: str, rows: TestRows, folder: Path) -> None:
        """How well each tag is told."""
        from sensorium.targets.multilabel import pictures
        from sensorium.targets.multilabel.figures import PredictedTags

        pictures.write(board, name, cast(PredictedTags, rows.judged), self.tags, self.thresholds)
