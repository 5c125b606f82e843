"""How right predictions of a target are."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

if TYPE_CHECKING:  # what is served needs none of it
    import pandas as pd

    from sensorium.stats.bootstrap import Samples

Figures = dict[str, float | None]


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


@dataclass(frozen=True)
class Baseline:
    """A simple method that a network is held against.

    Attributes:
        title: its name on a page.
        sentence: the same in a sentence.
    """

    title: str
    sentence: str


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


class Judging(ABC):
    """Scores, figures and the simplest methods.

    A *brief* is what is left of predictions where there are very many, one for each subset of the inputs:
    ``[rows, few]``.

    Attributes:
        figure_names: all that is measured of it.
        main: the figure that is the mean score of rows (or the opposite, where lower is better).
        lower_is_better: of the figures.
        unbounded: figures that are no shares.
        subset_figures: those of each subset of the inputs.
        honesty_figures: see `Judged.honesty`.
        compared: figures that the gate holds against the champion's.
        baselines: the simplest methods, by name.
        unit: the score that is much: what is lost of a target is told as a share of it.
    """

    figure_names: ClassVar[tuple[str, ...]]
    main: ClassVar[str]
    lower_is_better: ClassVar[tuple[str, ...]]
    unbounded: ClassVar[tuple[str, ...]]
    subset_figures: ClassVar[tuple[str, ...]]
    honesty_figures: ClassVar[tuple[str, ...]]
    compared: ClassVar[tuple[str, ...]]
    baselines: ClassVar[dict[str, Baseline]]
    unit: float

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

    @classmethod
    @abstractmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        """Whether what was predicted is borne out by a label that was read, or by what another model remembers."""

    @classmethod
    @abstractmethod
    def score(cls, predicted: Any, label: Any) -> float:
        """How right an answer is, as `Judged.scores` says it.

        Args:
            predicted: what is `remembered` of it, or the first of what is `logged`.
            label: one that was read, or is true of a row of the reference.
        """

    @classmethod
    @abstractmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Of the main figure of some independent answers ``[rows]``, low and high; ``None`` if they are too few."""

    @abstractmethod
    def side_by_side(
        self, other: Self, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple[tuple[Self, Self], np.ndarray, np.ndarray, np.ndarray]:
        """Predictions of two models, which may have learnt different things of a target, in one form.

        Args:
            other: what the other model learnt, of the same kind.
            ours: predictions by this.
            theirs: predictions by the other of the same rows.
            values: what is true of them, as tables have it.

        Returns:
            What ours and theirs are judged by, the truth, and both predictions in that form.
        """

    @classmethod
    @abstractmethod
    def gain_unit(cls, figures: Mapping[str, Any]) -> float:
        """The gain of which others are told as a share, from the figures of all test rows: a hundredth is little."""

    @classmethod
    @abstractmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        """How good it is, at most 1, to be averaged with other targets."""

    @classmethod
    def figure_of(cls, score: Any) -> Any:
        """The main figure of rows with this mean score; or the mean score of a figure."""
        return -score if cls.main in cls.lower_is_better else score
