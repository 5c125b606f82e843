"""A kind of target of the tests' own: yes or no. Nothing outside of this file knows it but the table of kinds."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from sensorium.errors import BadInput
from sensorium.stats.bootstrap import Samples, draw
from sensorium.stats.shapley import shapley
from sensorium.stats.statistics import Kind
from sensorium.targets import CalibrationRows, Features, Figures, Judged, Learnt, Printed, Target, TestRows
from sensorium.targets.judging import Baseline
from sensorium.targets.showing import Board, Words

WORDS = Words(
    title="Hits", titles={}, form="{:.2f}", short_form="{:.0%}", prefix="hits ", second="hits", listed=("hits",),
    task="toy", served="{} hits {}", shown_slice="{}{} of {}", note="", better="right more often", harm="takes {}",
    harm_of="takes {} of {}", worth_of="yes", worth_within="yes", examples_note="", by_feedback="hits {} of {}",
    amount="{:.0%}", amount_word="in", gained="hits", point="", part="answer",
)  # fmt: skip
ANSWERS = {"yes": 1, "no": 0}


@dataclass(frozen=True)
class Hits(Judged):
    """Probabilities of yes ``[rows]`` where it is known."""

    yes: np.ndarray
    answers: np.ndarray
    groups: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        return self.answers

    @property
    def scores(self) -> np.ndarray:
        return ((self.yes > 0.5) == (self.answers > 0)).astype(float)

    def figures(self) -> Figures:
        return {"hits": float(self.scores.mean())}

    def honesty(self) -> Figures:
        return {}

    def resample(self, draws: int, seed: int = 0) -> Samples:
        groups = np.unique(self.groups, return_inverse=True)[1]
        weights = np.concatenate(list(draw(int(groups.max()) + 1, draws, seed)))[:, groups]
        return {"hits": weights @ self.scores / weights.sum(1)}


@dataclass(frozen=True)
class LearntToy(Learnt):
    """What is predicted is the probability of yes ``[rows, 1]``."""

    prior_of_yes: float
    weight: float = 1.0
    unit: float = field(default=1.0)

    figure_names: ClassVar[tuple[str, ...]] = ("hits",)
    main: ClassVar[str] = "hits"
    lower_is_better: ClassVar[tuple[str, ...]] = ()
    unbounded: ClassVar[tuple[str, ...]] = ()
    subset_figures: ClassVar[tuple[str, ...]] = ("hits",)
    honesty_figures: ClassVar[tuple[str, ...]] = ()
    calibration_figures: ClassVar[tuple[str, ...]] = ()
    compared: ClassVar[tuple[str, ...]] = ("hits",)
    baselines: ClassVar[dict[str, Baseline]] = {"always": Baseline("the same", "always saying the same")}
    line: ClassVar[dict[str, Any]] = {"yes": float}
    drifts: ClassVar[dict[str, Kind]] = {"yes": Kind.NUMBER}
    promised: ClassVar[str] = ""
    words: ClassVar[Words] = WORDS

    @classmethod
    def of(cls, state: Any) -> Self:
        return cls(state["prior_of_yes"], state["weight"])

    @property
    def state(self) -> Any:
        return {"kind": "toy", "prior_of_yes": self.prior_of_yes, "weight": self.weight}

    @property
    def outputs(self) -> int:
        return 1

    def truth(self, values: "pd.Series") -> np.ndarray:
        return values.map(ANSWERS).fillna(-1).to_numpy(int)

    def known(self, truth: Any) -> Any:
        return truth >= 0

    def strata(self, truth: np.ndarray) -> np.ndarray:
        return truth

    def loss(self, outputs: torch.Tensor, truth: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
        return self.losses(outputs[:, None], truth).mean()

    def losses(self, outputs: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        wanted = truth.to(outputs)[:, None].expand(outputs.shape[:2])
        return binary_cross_entropy_with_logits(outputs[..., 0], wanted, reduction="none")

    def divergence(self, outputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        return ((outputs - wanted) ** 2).mean()

    def calibrated(self, rows: Sequence[CalibrationRows], weight: float) -> tuple[Self, np.ndarray]:
        return self, np.zeros(1 + rows[0].absent.shape[1])

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-outputs))

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return self.predict(outputs)

    def calibration(self, divisors: np.ndarray) -> Figures:
        return {}

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        return predictions

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        return Hits(brief[:, 0], truth, truth).scores

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        return predictions[:, 0]

    def prior(self, truth: np.ndarray) -> np.ndarray:
        return np.array([truth[truth >= 0].mean()])

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        return {"always": np.tile(self.prior(features.training_truth), (len(features.test), 1))}

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        known = truth >= 0
        return Hits(predictions[known, 0], truth[known], groups[known])

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        return self.judged(brief, truth, groups).figures()

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        return cls.score(remembered, other) > 0

    @classmethod
    def score(cls, predicted: Any, label: Any) -> float:
        found = [one if isinstance(one, str) else ("no", "yes")[one > 0.5] for one in (predicted, label)]
        return float(found[0] == found[1])

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        return 0.0, 1.0

    def side_by_side(
        self, other: Self, ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple[tuple[Self, Self], np.ndarray, np.ndarray, np.ndarray]:
        return (self, self), self.truth(values), ours, theirs

    @classmethod
    def gain_unit(cls, figures: Mapping[str, Any]) -> float:
        return 1.0

    @classmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        return figures["hits"]

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> dict[str, object]:
        return {"yes": float(prediction[0])}

    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        values = shapley(predictions[:, 0])
        return {"base": float(predictions[0, 0]), "attribution": dict(zip(inputs, map(float, values), strict=True))}

    def openapi(self) -> dict[str, Any]:
        return {"type": "object", "required": ["yes"], "properties": {"yes": {"type": "number"}}}

    def openapi_of_contribution(self) -> dict[str, Any]:
        return {"type": "number"}

    def description(self, threshold: float) -> dict[str, Any]:
        return {"kind": "toy"}

    def openapi_of_label(self) -> dict[str, Any]:
        return {"enum": list(ANSWERS)}

    def example_label(self) -> Any:
        return "yes"

    @classmethod
    def read_label(cls, label: Any) -> str:
        if label not in ANSWERS:
            raise BadInput("yes or no is expected")
        return str(label)

    @property
    def columns(self) -> list[str]:
        return ["yes"]

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        return {"yes": predictions[:, 0]}

    def remembered(self, prediction: np.ndarray) -> float:
        return float(prediction[0])

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        return {"yes": float(prediction[0])}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> float:
        return line["yes"][name]

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"yes": line["yes"][name]}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        return "yes", f"{line['yes'][name]:.0%}"

    def counted_as(self, prediction: np.ndarray) -> str:
        return "toy"

    def confidence(self, prediction: np.ndarray) -> float | None:
        return None

    @classmethod
    def parts(cls, values: "pd.Series") -> "pd.Series":
        return values.dropna()

    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        return [int(np.flatnonzero(truth >= 0)[0])]

    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        return [("yes", float(prediction[0]))]

    def shown_truth(self, truth: Any) -> str:
        return str(truth)

    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        return bool((prediction[0] > 0.5) == truth)

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        return f"hits {figures['hits']}"

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        return self.lead(figures)

    @classmethod
    def printed(cls, answer: Mapping[str, Any]) -> Printed:
        return Printed(f"{answer['yes']:.0%}")

    def pictures(self, board: Board, name: str, rows: TestRows, folder: Path) -> None:
        pass


class Toy(Target):
    """Yes or no."""

    kind: Literal["toy"] = "toy"
    tally: ClassVar[str] = "toys"
    counts_rows: ClassVar[bool] = True
    learnt: ClassVar[type[Learnt]] = LearntToy

    def parse(self, cell: Any) -> str:
        return LearntToy.read_label(cell)

    def doubts(self, cells: Sequence[Any], missing: int = 0) -> Iterator[str]:
        yield from ()

    def learnable(self, cells: "pd.Series", enough: int) -> int:
        return cells.nunique()

    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        return "all rows say the same, so there is nothing to learn"

    def count(self, cells: "pd.Series") -> dict[str, int | float]:
        return {str(name): int(rows) for name, rows in cells.value_counts().items()}

    def strata(self, values: "pd.Series") -> "pd.Series":
        return values

    def learn(self, values: "pd.Series", training: np.ndarray) -> LearntToy:
        return LearntToy(float((values[training].dropna() == "yes").mean()), self.weight)
