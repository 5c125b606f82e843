"""What training rows taught of a number: its scale, and how far predictions are off."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, get_args

import numpy as np
from pydantic import Field, FiniteFloat

from sensorium.errors import BadInput
from sensorium.spelling import spelled
from sensorium.stats.shapley import shapley
from sensorium.stats.statistics import Kind
from sensorium.targets.learnt import NUMBER, CalibrationRows, Features, Figures, Judged, Learnt
from sensorium.targets.number_cells import read_number
from sensorium.targets.scale import Scale

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

PARTS = 5  # of equal size, that every split has some of
COVERAGE = 0.9  # of intervals: the share that shall hold the truth
ENDS = ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2)  # the shares of rows below the ends of an interval
STRAIGHT = 0.1  # on the standardised scale: where the loss of an interval's end is not straight
NEAREST, FARTHEST = 2, 3  # rows that a person is shown
Predicted = Literal["value", "low", "high"]  # what the log has of a prediction
PREDICTED = get_args(Predicted)


@dataclass(frozen=True)
class LearntNumber(Learnt):
    """A number: outputs are it and the ends of its interval, standardised; a truth is a number, or not-a-number.

    What is predicted are the number and the ends of its interval in its own unit ``[rows, 3]``. The ends are quantiles
    that the network learns, moved by what rows that it was not fitted to demand (Romano et al. 2019, arXiv:1905.03222).

    Attributes:
        scale: on which it is learnt.
        median: of training rows.
        unit: the deviation of training rows, in its own unit.
        weight: see `Learnt`.
        margin: by which intervals are wider at both ends than the network says, standardised.
    """

    figure_names: ClassVar[tuple[str, ...]] = ("mae", "rmse", "r2", "spearman", "coverage")
    main: ClassVar[str] = "mae"
    lower_is_better: ClassVar[tuple[str, ...]] = ("mae", "rmse")
    unbounded: ClassVar[tuple[str, ...]] = ("mae", "rmse", "r2", "spearman")
    subset_figures: ClassVar[tuple[str, ...]] = ("mae", "r2", "spearman", "coverage")
    honesty_figures: ClassVar[tuple[str, ...]] = ("coverage",)
    calibration_figures: ClassVar[tuple[str, ...]] = ("margin",)
    baselines: ClassVar[dict[str, str]] = {"median": "median", "mean": "mean", "ridge": "ridge regression"}
    baseline_words: ClassVar[dict[str, str]] = {
        "median": "always saying the median",
        "mean": "always saying the mean",
        "ridge": "ridge regression on the same features",
    }
    compared: ClassVar[tuple[str, ...]] = ("mae", "r2", "coverage")

    form: ClassVar[str] = "{:.4g}"
    short_form: ClassVar[str] = "{:.4g}"
    prefix: ClassVar[str] = "MAE "
    second: ClassVar[str] = "r2"
    listed: ClassVar[tuple[str, ...]] = ("mae", "rmse", "r2", "coverage")
    task: ClassVar[str] = "multimodal-regression"
    served: ClassVar[str] = "{} is off by {:.4g} on the average"
    shown_slice: ClassVar[str] = "a mean absolute error of {}{} in {} rows"
    title: ClassVar[str] = "Mean absolute error"
    note: ClassVar[str] = (
        "Of numbers, MAE and RMSE are in their own unit and better low; R2 is the share of their variance that is "
        "explained, Spearman's correlation that of ranks; coverage is the share of intervals that hold the truth, "
        f"which is to be {COVERAGE:g}."
    )
    better: ClassVar[str] = "nearer to the truth"
    harm: ClassVar[str] = "adds {:.4g} to it."
    harm_of: ClassVar[str] = "adds {} to the mean absolute error of {}"
    worth_of: ClassVar[str] = "the predicted number"
    worth_within: ClassVar[str] = "the predicted number"
    examples_note: ClassVar[str] = (
        "The nearest to the truth, then the farthest from it. The number beside an input is its Shapley value: what it "
        "added to the predicted number."
    )

    line: ClassVar[dict[str, Any]] = {
        "numbers": Annotated[dict[Predicted, FiniteFloat], Field(min_length=len(PREDICTED))]
    }
    drifts: ClassVar[dict[str, Kind]] = {"value": Kind.NUMBER, "width": Kind.NUMBER}
    promised: ClassVar[str] = ""
    by_feedback: ClassVar[str] = "is off {} on average in {}"
    amount: ClassVar[str] = "{:.4g}"
    amount_word: ClassVar[str] = "by"

    scale: Scale
    median: float
    unit: float
    weight: float = 1.0
    margin: float = 0.0

    @classmethod
    def of(cls, state: Any) -> Self:
        known = {name: state[name] for name in ("median", "unit", "weight", "margin")}
        return cls(scale=Scale.of(state["scale"]), **known)

    @property
    def state(self) -> Any:
        return {"kind": "number"} | vars(self) | {"scale": self.scale.state}

    @property
    def outputs(self) -> int:
        return 3

    def truth(self, values: "pd.Series") -> np.ndarray:
        return values.to_numpy(float)

    def known(self, truth: Any) -> Any:
        return truth == truth

    def strata(self, truth: np.ndarray) -> np.ndarray:
        """Fifths of the known numbers; -1 where none is known."""
        known = self.known(truth)
        if not known.any():
            return np.full(len(truth), -1)
        edges = np.unique(np.quantile(truth[known], np.linspace(0, 1, PARTS + 1)[1:-1]))
        return np.where(known, np.searchsorted(edges, truth), -1)

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        return self.losses(outputs[:, None], truth).mean()

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        """The squared error of the number, and what misses the quantiles that its interval ends at."""
        from torch import from_numpy
        from torch.nn.functional import softplus

        standard = self.scale.standardised(truth.cpu().numpy())
        wanted = from_numpy(standard).to(outputs)[:, None]
        found = (outputs[..., 0] - wanted) ** 2
        for place, share in zip((1, 2), ENDS, strict=True):
            miss = wanted - outputs[..., place]
            found = found + share * miss + STRAIGHT * softplus(-miss / STRAIGHT)
        return found

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        return ((outputs - wanted) ** 2).mean()

    def calibrated(self, asked: Sequence[CalibrationRows], weight: float) -> tuple["LearntNumber", np.ndarray]:
        """The margin with which intervals hold the truth of as many rows as they are to, if rows are as these are.

        What holds the truth of some rows holds that of fewer others: by how much, hangs on how many are independent.
        """
        rows, nothing = asked[0], np.zeros(1 + asked[0].absent.shape[1])
        known = self.known(rows.truth)
        if not known.any():
            return replace(self, margin=0.0), nothing
        wanted = self.scale.standardised(rows.truth[known])
        _, low, high = _in_order(rows.outputs[known].astype(float))
        count = max(1.0, weight * len(wanted))
        held = min(1.0, np.ceil((count + 1) * COVERAGE) / count)
        margin = np.quantile(np.maximum(low - wanted, wanted - high), held, method="higher")
        return replace(self, margin=float(margin)), nothing

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        number, low, high = _in_order(outputs.astype(float))
        ends = np.minimum(low - self.margin, number), np.maximum(high + self.margin, number)
        return np.stack([self.scale.back(one) for one in (number, *ends)], axis=1)

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return replace(self, margin=0.0).predict(outputs)

    def calibration(self, divisors: np.ndarray) -> Figures:
        """The margin, as a share of the deviation of training rows."""
        return {"margin": self.margin}

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        return predictions

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """The absolute error, below zero."""
        return -np.abs(brief[:, 0] - truth)

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """The number itself: an input's part in it is in its own unit."""
        return predictions[:, 0]

    def prior(self, truth: np.ndarray) -> np.ndarray:
        """The median, and an interval that holds as many training rows as it is to."""
        return self._between(self.median, truth[self.known(truth)])

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        """Median and mean of training rows, and ridge regression."""
        from sensorium.targets.number_baselines import ridge_regression

        numbers = features.training_truth[self.known(features.training_truth)]
        constant = [
            np.tile(self._between(one, numbers), (len(features.test), 1)) for one in (self.median, numbers.mean())
        ]
        standard, misses = ridge_regression(features, self.scale)
        ends = np.quantile(misses, ENDS)
        ridge = np.stack([self.scale.back(standard + one) for one in (0.0, *ends)], axis=1)
        return dict(zip(self.baselines, (*constant, ridge), strict=True))

    def _between(self, number: float, numbers: np.ndarray) -> np.ndarray:
        low, high = np.quantile(numbers, ENDS)
        return np.array([number, min(low, number), max(high, number)])

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        from sensorium.targets.number_figures import PredictedNumbers

        known = self.known(truth)
        number, low, high = predictions[known].T
        return PredictedNumbers(truth[known], number, low, high, groups[known])

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        found = self.judged(brief, truth, groups).figures()
        return {name: found[name] for name in self.subset_figures}

    @property
    def columns(self) -> list[str]:
        return ["predicted", "low", "high"]

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The number, and how wide its interval is: of numbers as long as in the log, or equal ones would differ."""
        number, low, high = map(self.rounded, predictions.T)
        return {"value": number, "width": high - low}

    def abstains(self, prediction: np.ndarray, threshold: float) -> bool:
        """Never: how sure it is, the interval says."""
        return False

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> dict[str, Any]:
        """The number, and an interval that holds the true one nine times in ten."""
        number, low, high = map(shortened, prediction)
        return {"value": number, "interval": [low, high]}

    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """To the number, in its own unit."""
        values = shapley(predictions[:, 0])
        return {
            "base": shortened(predictions[0, 0]),
            "attribution": {name: shortened(values[place]) for place, name in enumerate(inputs)},
        }

    def openapi(self) -> dict[str, Any]:
        interval = {"type": "array", "items": NUMBER, "minItems": 2, "maxItems": 2}
        said = f"low and high: {COVERAGE:.0%} of such intervals hold the true number"
        return {
            "type": "object",
            "required": ["value", "interval"],
            "properties": {"value": NUMBER, "interval": {**interval, "description": said}},
        }

    def openapi_of_contribution(self) -> dict[str, Any]:
        return dict(NUMBER)

    def description(self, threshold: float) -> dict[str, Any]:
        return {"kind": "number", "coverage": COVERAGE, "median": self.median}

    def openapi_of_label(self) -> dict[str, Any]:
        return {"type": ["number", "string"]}

    def example_label(self) -> Any:
        return self.median

    @classmethod
    def told(cls, label: Any) -> str:
        """As tables have it: what people tell is kept as text."""
        if isinstance(label, bool):
            raise BadInput("a number is expected")
        return spelled(read_number(label))

    def remembered(self, prediction: np.ndarray) -> list[float]:
        """The number and its interval."""
        return [float(one) for one in prediction]

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        """Whether the interval holds the other number."""
        return bool(remembered[1] <= _number(other) <= remembered[2])

    @classmethod
    def score(cls, said: Any, label: Any) -> float:
        return -abs(_number(said) - _number(label))

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Student's, of the mean absolute error, which is not below zero."""
        if len(scores) < 2:
            return None
        from scipy.stats import t

        half = t.ppf((1 + confidence) / 2, len(scores) - 1) * scores.std(ddof=1) / np.sqrt(len(scores))
        error = -float(scores.mean())
        return max(0.0, error - half), error + half

    @property
    def constant(self) -> float:
        return self.median

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        return {"numbers": dict(zip(PREDICTED, map(shortened, prediction), strict=True))}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> list[float]:
        return [line["numbers"][name][one] for one in PREDICTED]

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        number, low, high = cls.recalled(line, name)
        return {"value": number, "width": high - low}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        number, low, high = cls.recalled(line, name)
        return f"{number:.4g}", f"{low:.4g} to {high:.4g}"

    def counted_as(self, prediction: np.ndarray) -> str:
        """All alike: each number would be a label of its own."""
        return "number"

    def confidence(self, prediction: np.ndarray) -> float | None:
        return None

    def side_by_side(
        self, other: "LearntNumber", ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple["LearntNumber", np.ndarray, np.ndarray, np.ndarray]:
        return self, self.truth(values), ours, theirs

    def rounded(self, cells: np.ndarray) -> np.ndarray:
        return np.array([shortened(number) for number in cells], float)

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
    def rank(cls, figures: Mapping[str, Any]) -> float:
        """The share of the variance that is explained."""
        return figures["r2"] if figures["r2"] is not None else 0.0

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        median = figures["median"]["mae"]
        return f"is off by {figures['mae']:.4g} on average in test rows (always the median: {median:.4g})"

    @classmethod
    def much(cls, figures: Mapping[str, Any]) -> float:
        """The error of always saying the median."""
        return figures["median"]["mae"]

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        said = f"{figures['r2']:.3f}" if figures["r2"] is not None else "not defined"
        return (
            f"mean absolute error {figures['mae']:.4g} [{interval}], R2 {said}; always the median "
            f"{figures['median']['mae']:.4g}; intervals hold {figures['coverage']:.1%} of the true numbers"
        )


def shortened(number: Any) -> float:
    """To seven digits, whatever its size, as an answer has it."""
    return float(f"{float(number):.7g}")


def _number(said: Any) -> float:
    """A label, or the number in what is remembered of a prediction."""
    return float(said[0] if isinstance(said, list) else said)


def _in_order(outputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The number, the lower and the upper end ``[rows]``, which a network may have taken for each other."""
    return outputs[:, 0], outputs[:, 1:].min(1), outputs[:, 1:].max(1)
