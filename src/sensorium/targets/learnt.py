"""What training rows taught of a target, as every kind answers for it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from sensorium.stats.statistics import Kind

if TYPE_CHECKING:  # what is served needs none of it
    import pandas as pd
    from torch import Tensor

    from sensorium.stats.bootstrap import Samples


@dataclass(frozen=True)
class CalibrationRows:
    """Rows that a network was not fitted to, seen with some of their inputs.

    Attributes:
        outputs: what its head gives ``[rows, outputs]``.
        absent: 1 where a row lacks an input ``[rows, inputs]``.
        truth: see `Learnt.truth`.
    """

    outputs: np.ndarray
    absent: np.ndarray
    truth: np.ndarray


Figures = dict[str, float | None]
NUMBER = {"type": "number"}  # of OpenAPI
DIGITS = 6  # of numbers in answers


def rounded(number: Any) -> float:
    """As an answer of the service has it."""
    return round(float(number), DIGITS)


class Judged(ABC):
    """Predictions of rows whose truth is known.

    Attributes:
        groups: a number ``[rows]``; rows of a group are not independent.
    """

    groups: np.ndarray

    @property
    @abstractmethod
    def truth(self) -> np.ndarray:
        """What is true of each row ``[rows]``."""

    @property
    @abstractmethod
    def scores(self) -> np.ndarray:
        """How right each row's prediction is ``[rows]``: higher is better."""

    @abstractmethod
    def figures(self) -> Figures:
        """All figures; ``None`` where one is not defined."""

    @abstractmethod
    def honesty(self) -> Figures:
        """Those of all figures that say how honest the model is about how sure it is."""

    @abstractmethod
    def resample(self, draws: int, seed: int = 0) -> "Samples":
        """The figures in resampled groups ``[draws]`` each; not-a-number where a draw has none.

        Predictions for the same rows are resampled alike, so that the difference of two is a paired one.
        """


@dataclass(frozen=True)
class Features:
    """Rows as the simplest methods read them.

    Attributes:
        train: the features ``[rows, numbers]`` and the truth ``[rows]`` of training rows whose truth is known.
        val: the same of validation rows.
        test: the features of test rows.
        training_truth: of all training rows; of many, `train` has some thousands.
    """

    train: tuple[np.ndarray, np.ndarray]
    val: tuple[np.ndarray, np.ndarray]
    test: np.ndarray
    training_truth: np.ndarray


class Learnt(ABC):
    """What training rows taught of a target: how a network's outputs are read, and how right they are.

    Predictions are an array ``[rows, columns]``; which columns there are, a kind knows. A *brief* is what is left of
    them where there are very many, one for each subset of the inputs: ``[rows, few]``.

    Attributes:
        figure_names: all that is measured of it.
        main: the figure that is the mean score of rows (or the opposite, where lower is better).
        lower_is_better: of the figures.
        unbounded: figures that are no shares.
        subset_figures: those of each subset of the inputs.
        honesty_figures: see `Judged.honesty`.
        calibration_figures: names of what `calibration` gives.
        baselines: the simplest methods that a network is held against, each with its name on a page.
        baseline_words: the same in a sentence.
        compared: figures that a person sees of two models.
        form: how the main figure is written.
        short_form: the same where there is little room.
        prefix: what stands before it where others are accuracies.
        second: the figure that is shown beside it.
        listed: figures of a model card.
        task: how the Hugging Face hub calls it.
        served: half a sentence on a target and its main figure.
        shown_slice: the end of a sentence on a slice, of the main figure, its interval and its rows.
        title: what it is called.
        note: how figures are read that are not plain.
        better: what rows are that have a higher score.
        harm: the end of a sentence that says by how much a score falls.
        harm_of: the same of a target.
        worth_of: what inputs have a part in, see `worth`; and ``worth_within`` of a row.
        examples_note: which rows `examples` chooses, and what Shapley values of them mean.
        line: the keys of a line of the log that `recorded` fills, and what each holds of a target, as pydantic says it.
        drifts: how each column of `logged` is compared; the first is what is answered.
        promised: the column of `logged` whose mean is the main figure, if the model is honest; empty if there is none.
        by_feedback: how good the model is by labels that people told: by how much, and of how many answers.
        amount: the main figure there, and ``amount_word`` before it.
        weight: of its loss, beside those of other targets.
        unit: the score that is much: what is lost of a target is told as a share of it.
    """

    figure_names: ClassVar[tuple[str, ...]]
    main: ClassVar[str]
    lower_is_better: ClassVar[tuple[str, ...]]
    unbounded: ClassVar[tuple[str, ...]]
    subset_figures: ClassVar[tuple[str, ...]]
    honesty_figures: ClassVar[tuple[str, ...]]
    calibration_figures: ClassVar[tuple[str, ...]]
    baselines: ClassVar[dict[str, str]]
    baseline_words: ClassVar[dict[str, str]]
    compared: ClassVar[tuple[str, ...]]
    form: ClassVar[str]
    short_form: ClassVar[str]
    prefix: ClassVar[str]
    second: ClassVar[str]
    listed: ClassVar[tuple[str, ...]]
    task: ClassVar[str]
    served: ClassVar[str]
    shown_slice: ClassVar[str]
    title: ClassVar[str]
    note: ClassVar[str]
    better: ClassVar[str]
    harm: ClassVar[str]
    harm_of: ClassVar[str]
    worth_of: ClassVar[str]
    worth_within: ClassVar[str]
    examples_note: ClassVar[str]
    line: ClassVar[dict[str, Any]]
    drifts: ClassVar[dict[str, Kind]]
    promised: ClassVar[str]
    by_feedback: ClassVar[str]
    amount: ClassVar[str]
    amount_word: ClassVar[str]
    weight: float
    unit: float

    @classmethod
    @abstractmethod
    def of(cls, state: Any) -> Self:
        """The one that gave a `state`.

        Raises:
            KeyError, TypeError, ValueError: if none did.
        """

    @property
    @abstractmethod
    def state(self) -> Any:
        """All of it, as JSON."""

    @property
    @abstractmethod
    def outputs(self) -> int:
        """How many numbers a network's head gives for a row."""

    @abstractmethod
    def truth(self, values: "pd.Series") -> np.ndarray:
        """What is true of prepared rows ``[rows]``, as all that follows reads it."""

    @abstractmethod
    def known(self, truth: Any) -> Any:
        """Whether anything is known ``[rows]``; of an array, or of a tensor."""

    @abstractmethod
    def strata(self, truth: np.ndarray) -> np.ndarray:
        """Rows that are alike have the same whole number ``[rows]``."""

    @abstractmethod
    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        """The mean loss of rows of which the truth is known.

        Args:
            outputs: ``[rows, outputs]``.
            truth: ``[rows]``.
            smoothing: of the labels, where they are classes.
        """

    @abstractmethod
    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The loss of each row by each of several networks ``[rows, networks]``.

        Args:
            outputs: ``[rows, networks, outputs]``.
            truth: ``[rows]``, all known.
        """

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        """The mean loss of known rows at the calibration that suits them best."""
        return self.loss(outputs, truth).item()

    @abstractmethod
    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        """How far outputs are from those that are wanted ``[rows, outputs]``, a mean over rows."""

    @abstractmethod
    def calibrated(self, asked: Sequence[CalibrationRows], weight: float) -> tuple["Learnt", np.ndarray]:
        """The same, honest about how sure it is.

        Args:
            asked: rows as they are, then with other subsets of their inputs.
            weight: of a row: below 1 where rows are not independent.

        Returns:
            The learnt half; and the logarithm of what outputs are to be divided by with all inputs, and what the
            absence of each input adds to it ``[1 + inputs]``.
        """

    @abstractmethod
    def predict(self, outputs: np.ndarray) -> np.ndarray:
        """What is predicted ``[rows, columns]``."""

    def predict_from(self, outputs: "Tensor") -> np.ndarray:
        """The same of outputs that are still on the network's device."""
        return self.predict(outputs.cpu().numpy())

    @abstractmethod
    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        """What would be predicted without `calibrated` ``[rows, columns]``.

        Args:
            outputs: ``[rows, outputs]``.
            divisors: what they were divided by ``[rows]``.
        """

    @abstractmethod
    def calibration(self, divisors: np.ndarray) -> Figures:
        """What calibration found, by name; ``divisors`` as of `uncalibrated`."""

    @abstractmethod
    def brief(self, predictions: np.ndarray) -> np.ndarray:
        """What is kept of predictions ``[rows, few]`` where there are very many."""

    @abstractmethod
    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """How right each prediction is ``[rows]``: higher is better; anything where the truth is not known."""

    @abstractmethod
    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """How much predictions say what all inputs together say ``[rows]``: what each input did is told by it.

        Args:
            predictions: with some of the inputs.
            whole: the brief with all of them.
        """

    @abstractmethod
    def prior(self, truth: np.ndarray) -> np.ndarray:
        """What one would predict knowing nothing but the training rows' truth ``[columns]``."""

    @abstractmethod
    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        """What `baselines` predict of test rows ``[rows, columns]`` each."""

    @abstractmethod
    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        """The rows whose truth is known."""

    @abstractmethod
    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        """The figures of a subset of the inputs, of rows that have some of them and whose truth is known."""

    @property
    @abstractmethod
    def columns(self) -> list[str]:
        """Names of the columns of predictions, as tables of predictions have them."""

    def cells(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """What a table of predictions holds ``[rows]``, by the column's name."""
        return dict(zip(self.columns, predictions.T, strict=True))

    @abstractmethod
    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """What drift of predictions is told by ``[rows]``, by name, as the log has it."""

    @abstractmethod
    def abstains(self, prediction: np.ndarray, threshold: float) -> bool:
        """Whether a prediction ``[columns]`` is too unsure to be answered with less than this probability."""

    @abstractmethod
    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> dict[str, Any]:
        """What the service answers.

        Args:
            prediction: ``[columns]``.
            threshold: see `abstains`.
            top: how many of the likeliest are listed.
        """

    @abstractmethod
    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """What each input contributed: Shapley values, which add up to the prediction with ``base``.

        Args:
            inputs: those that the sample has.
            predictions: with every subset of these inputs ``[2 ** inputs, columns]``, the last with all.
        """

    @abstractmethod
    def openapi(self) -> dict[str, Any]:
        """The OpenAPI schema of `answer`."""

    @abstractmethod
    def openapi_of_contribution(self) -> dict[str, Any]:
        """That of ``base``, and of what an input contributed, in `attribution`."""

    @abstractmethod
    def description(self, threshold: float) -> dict[str, Any]:
        """What a client may know of it, as JSON."""

    @abstractmethod
    def openapi_of_label(self) -> dict[str, Any]:
        """The OpenAPI schema of a label that a person tells."""

    @abstractmethod
    def example_label(self) -> Any:
        """A label that a person may tell."""

    @classmethod
    @abstractmethod
    def told(cls, label: Any) -> Any:
        """A label that a person tells, as JSON.

        Raises:
            BadInput: if it is none of this kind.
        """

    @abstractmethod
    def remembered(self, prediction: np.ndarray) -> Any:
        """What is kept of a prediction ``[columns]`` until somebody tells its label."""

    @classmethod
    @abstractmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        """Whether what was predicted is borne out by a label that was `told`, or by what another model remembers."""

    @classmethod
    @abstractmethod
    def score(cls, said: Any, label: Any) -> float:
        """How right an answer is, as `Judged.scores` says it.

        Args:
            said: what is `remembered` of it, or the first of what is `logged`.
            label: one that was `told`, or is true of a row of the reference.
        """

    @classmethod
    @abstractmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Of the main figure of some independent answers ``[rows]``, low and high; ``None`` if they are too few."""

    @property
    def constant(self) -> Any:
        """What one would always say who knows the training rows alone, if answers are held against that."""
        return None

    @abstractmethod
    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        """What is written down of a prediction ``[columns]``: by the key of the log's line, what stands there."""

    @classmethod
    @abstractmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> Any:
        """What was `remembered` of a prediction of this target, from the log's line."""

    @classmethod
    @abstractmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        """What `logged` tells of a prediction of this target, from the log's line."""

    @classmethod
    @abstractmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        """What was predicted of this target, and how sure that was, from the log's line."""

    @abstractmethod
    def counted_as(self, prediction: np.ndarray) -> str:
        """The label under which Prometheus counts a prediction ``[columns]``."""

    @abstractmethod
    def confidence(self, prediction: np.ndarray) -> float | None:
        """How sure a prediction ``[columns]`` is, from 0 to 1, if its kind says so."""

    @abstractmethod
    def side_by_side(
        self, other: Any, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple["Learnt", np.ndarray, np.ndarray, np.ndarray]:
        """Predictions of two models, which may have learnt different things of a target, in one form.

        Args:
            other: what the other model learnt, of the same kind.
            ours: predictions by this.
            theirs: predictions by the other of the same rows.
            values: what is true of them, as tables have it.

        Returns:
            What both are judged by, the truth, and both predictions in its form.
        """

    @property
    def names(self) -> Sequence[str]:
        """What there is to say, where that is one of some names."""
        return ()

    def rounded(self, cells: np.ndarray) -> np.ndarray:
        """Numbers of `cells`, as answers have them."""
        return cells.round(DIGITS)

    @abstractmethod
    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        """Rows that are worth looking at, of which no two share a group."""

    @abstractmethod
    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        """What is predicted of a row, in words, the likeliest first, each with its share of one."""

    @abstractmethod
    def shown_truth(self, truth: Any) -> str:
        """What is true of a row, in words."""

    @abstractmethod
    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        """Whether a person would call a prediction right."""

    @classmethod
    @abstractmethod
    def much(cls, figures: Mapping[str, Any]) -> float:
        """A gain of which a hundredth is little, from the figures of all test rows."""

    @classmethod
    @abstractmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        """How good it is, at most 1, to be averaged with other targets."""

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
    def figure_of(cls, score: Any) -> Any:
        """The main figure of rows with this mean score; or the mean score of a figure."""
        return -score if cls.main in cls.lower_is_better else score
