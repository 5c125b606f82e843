"""How a person is shown a target: its words, rows worth looking at, and pictures."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from sensorium.targets.judging import Judged

if TYPE_CHECKING:  # what is served draws nothing
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Words:
    """The words of a kind; those with ``{}`` are filled in.

    Attributes:
        title: what its main figure is called.
        titles: names of figures as people write them, where that is not by their key.
        form: how the main figure is written.
        short_form: the same where there is little room.
        prefix: what stands before it where others are accuracies.
        second: the figure that is shown beside it.
        listed: figures of a model card.
        task: how the Hugging Face hub calls it.
        served: half a sentence on a target and its main figure.
        shown_slice: the end of a sentence on a slice, of the main figure, its interval and its rows.
        note: how figures are read that are not plain.
        better: what rows are that have a higher score.
        harm: the end of a sentence that says by how much a score falls.
        harm_of: the same of a target.
        worth_of: what inputs have a part in, see `Judging.worth`; and ``worth_within`` of a row.
        examples_note: which rows `Showing.examples` chooses, and what Shapley values of them mean.
        by_feedback: how good the model is by labels that people sent: by how much, and of how many answers.
        amount: the main figure there, and ``amount_word`` before it, if any.
        gained: what the mean score is called that compression changes.
        point: a sentence on what a hundredth of `Judging.unit` is; empty where that is plain.
        part: what one of `Showing.parts` is called, and ``hold`` what labels do that are of it.
    """

    title: str
    titles: Mapping[str, str]
    form: str
    short_form: str
    prefix: str
    second: str
    listed: tuple[str, ...]
    task: str
    served: str
    shown_slice: str
    note: str
    better: str
    harm: str
    harm_of: str
    worth_of: str
    worth_within: str
    examples_note: str
    by_feedback: str
    amount: str
    amount_word: str
    gained: str
    point: str
    part: str
    hold: str = "are"


@dataclass(frozen=True)
class Printed:
    """An answer as a terminal shows it.

    Attributes:
        predicted: in words.
        more: what stands behind it.
        column: what the rows of a table below are.
        rows: of the table: a name, its probability, and what it is made of, in words.
        made_of: headings of the last.
    """

    predicted: str
    more: str = ""
    column: str = ""
    rows: Sequence[tuple[str, float, Sequence[str]]] = field(default_factory=tuple)
    made_of: Sequence[str] = ()


class Board(Protocol):
    """A page, as far as pictures need it."""

    def picture(self, heading: str, figure: "Figure | Sequence[Figure]", note: str = "") -> None: ...

    def table(
        self,
        heading: str,
        header: Sequence[str],
        rows: Sequence[Sequence[Any]],
        note: str = "",
        texts: int = 1,
        whole: str = "metrics/",
    ) -> None: ...


@dataclass(frozen=True)
class TestRows:
    """What is known of the test rows.

    Attributes:
        figures: of the target, as in metrics/evaluate.json.
        subsets: those of subsets of the inputs, as a page names them.
        judged: the rows whose truth is known.
        predictions: of all rows ``[rows, columns]``.
        uncalibrated: the same before calibration.
        truth: of all rows ``[rows]``.
    """

    figures: Mapping[str, Any]
    subsets: Sequence[tuple[str, Mapping[str, Any]]]
    judged: Judged
    predictions: np.ndarray
    uncalibrated: np.ndarray
    truth: np.ndarray


class Showing(ABC):
    """Words, examples and pictures.

    Attributes:
        words: of the kind.
    """

    words: ClassVar[Words]

    @classmethod
    @abstractmethod
    def parts(cls, values: "pd.Series") -> "pd.Series":
        """By name the parts of prepared rows that people count; a row may be in several, its place once for each."""

    @abstractmethod
    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        """Rows that are worth looking at, of which no two share a group."""

    @abstractmethod
    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        """What may be of a row, in words, the likeliest first, each with its share of one."""

    def shown_answer(self, prediction: np.ndarray) -> str:
        """What is predicted of a row, in words: the likeliest."""
        return self.shown(prediction)[0][0]

    @abstractmethod
    def shown_truth(self, truth: Any) -> str:
        """What is true of a row, in words."""

    @abstractmethod
    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        """Whether a person would call a prediction right."""

    @classmethod
    @abstractmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        """How good it is, beside the simplest method, as the end of a sentence."""

    @abstractmethod
    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        """The figures of all test rows in half a sentence.

        Args:
            figures: see `Judged.figures`, and those of `baselines` by name.
            interval: of the main one, in words.
        """

    @classmethod
    @abstractmethod
    def printed(cls, answer: Mapping[str, Any]) -> Printed:
        """An answer of the service, with or without what each input contributed."""

    @abstractmethod
    def pictures(self, board: Board, name: str, rows: TestRows, folder: Path) -> None:
        """Adds pictures and tables that only this kind has to a page.

        Args:
            board: the page.
            name: of the target.
            rows: what they show.
            folder: of the page, for files beside it.
        """
