"""What training rows taught of classes: their names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import numpy as np
from pydantic import Field

from sensorium.errors import BadInput
from sensorium.spelling import is_missing, spelled
from sensorium.stats.shapley import shapley
from sensorium.stats.statistics import Kind
from sensorium.targets.learnt import NUMBER, CalibrationRows, Features, Figures, Judged, Learnt, rounded

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor

LONGEST_LABEL = 200  # letters of one that a person tells
LOGGED_DIGITS = 4  # of a probability
LIKELIEST = 3  # that a person is shown of a row


@dataclass(frozen=True)
class LearntClass(Learnt):
    """Classes: an output is a logit each, a truth is a class's number, -1 where it is not known.

    What is predicted are probabilities ``[rows, classes]``.

    Attributes:
        classes: their names, in the order of the outputs.
        weight: see `Learnt`.
    """

    figure_names: ClassVar[tuple[str, ...]] = (
        "accuracy",
        "balanced_accuracy",
        *(f"{average}_{name}" for average in ("macro", "micro", "weighted") for name in ("precision", "recall", "f1")),
        "roc_auc",
        "pr_auc",
        "log_loss",
        "calibration_error",
    )
    main: ClassVar[str] = "accuracy"
    lower_is_better: ClassVar[tuple[str, ...]] = ("log_loss", "calibration_error")
    unbounded: ClassVar[tuple[str, ...]] = ("log_loss",)
    subset_figures: ClassVar[tuple[str, ...]] = (
        "accuracy", "balanced_accuracy", "macro_f1", "confidence", "calibration_error"
    )  # fmt: skip
    honesty_figures: ClassVar[tuple[str, ...]] = ("log_loss", "calibration_error")
    calibration_figures: ClassVar[tuple[str, ...]] = ("temperature",)
    baselines: ClassVar[dict[str, str]] = {
        "majority": "commonest class", "logistic_regression": "logistic regression"
    }  # fmt: skip
    baseline_words: ClassVar[dict[str, str]] = {
        "majority": "always saying the commonest class",
        "logistic_regression": "logistic regression on the same features",
    }
    compared: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "log_loss")
    form: ClassVar[str] = "{:.3f}"
    short_form: ClassVar[str] = "{:.1%}"
    prefix: ClassVar[str] = ""
    second: ClassVar[str] = "macro_f1"
    listed: ClassVar[tuple[str, ...]] = ("accuracy", "macro_f1", "roc_auc", "calibration_error")
    task: ClassVar[str] = "multimodal-classification"
    served: ClassVar[str] = "{} is right in {:.3f}"
    shown_slice: ClassVar[str] = "{}{} of {} rows are right"
    title: ClassVar[str] = "Accuracy"
    note: ClassVar[str] = (
        "Macro figures are means over classes, ROC-AUC and PR-AUC too (one class against the rest); calibration error "
        "and log loss are better low."
    )
    better: ClassVar[str] = "right more often"
    harm: ClassVar[str] = "takes {:.3f} of accuracy. Differences of a point or two are chance."
    harm_of: ClassVar[str] = "takes {} from the accuracy of {}"
    worth_of: ClassVar[str] = "the probability of the predicted class"
    worth_within: ClassVar[str] = "the probability of what was predicted"
    examples_note: ClassVar[str] = (
        "Right predictions with a confidence near 0.8, then the surest wrong ones. The number beside an input is its "
        "Shapley value: what it added to the probability."
    )
    line: ClassVar[dict[str, Any]] = {"labels": str, "probabilities": Annotated[dict[str, float], Field(min_length=1)]}
    drifts: ClassVar[dict[str, Kind]] = {"predicted": Kind.CATEGORY, "confidence": Kind.NUMBER}
    promised: ClassVar[str] = "confidence"
    by_feedback: ClassVar[str] = "is right {} of {}"
    amount: ClassVar[str] = "{:.0%}"
    amount_word: ClassVar[str] = "in"

    classes: tuple[str, ...]
    weight: float = 1.0
    unit: float = 1.0

    @classmethod
    def of(cls, state: Any) -> Self:
        return cls(tuple(state["classes"]), state["weight"])

    @property
    def state(self) -> Any:
        """Only the names where there is nothing else to say, as earlier versions wrote them."""
        names = list(self.classes)
        return names if self.weight == 1 else {"kind": "class", "classes": names, "weight": self.weight}

    @property
    def outputs(self) -> int:
        return len(self.classes)

    def truth(self, values: "pd.Series") -> np.ndarray:
        place = {name: number for number, name in enumerate(self.classes)}
        return values.map(place).fillna(-1).astype(int).to_numpy()

    def known(self, truth: Any) -> Any:
        return truth >= 0

    def strata(self, truth: np.ndarray) -> np.ndarray:
        return truth

    def loss(self, outputs: "Tensor", truth: "Tensor", smoothing: float = 0.0) -> "Tensor":
        from torch.nn.functional import cross_entropy

        return cross_entropy(outputs, truth, label_smoothing=smoothing)

    def losses(self, outputs: "Tensor", truth: "Tensor") -> "Tensor":
        return -outputs.log_softmax(2).gather(2, truth[:, None, None].expand(-1, outputs.shape[1], 1))[..., 0]

    def least_loss(self, outputs: "Tensor", truth: "Tensor") -> float:
        from torch import logspace

        return min(self.loss(outputs / temperature, truth).item() for temperature in logspace(-1, 1, 41).tolist())

    def divergence(self, outputs: "Tensor", wanted: "Tensor") -> "Tensor":
        from torch.nn.functional import kl_div

        return kl_div(outputs.log_softmax(1), wanted.log_softmax(1), log_target=True, reduction="batchmean")

    def calibrated(self, asked: Sequence[CalibrationRows], weight: float) -> tuple["LearntClass", np.ndarray]:
        """The same: temperatures are the network's own."""
        from sensorium.targets.temperatures import fit_temperatures

        return self, fit_temperatures(asked, weight)

    def predict(self, outputs: np.ndarray) -> np.ndarray:
        exponents = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return exponents / exponents.sum(axis=1, keepdims=True)

    def predict_from(self, outputs: "Tensor") -> np.ndarray:
        """By torch, which is quicker where subsets of the inputs are many."""
        return outputs.softmax(1).cpu().numpy()

    def uncalibrated(self, outputs: np.ndarray, divisors: np.ndarray) -> np.ndarray:
        return self.predict(outputs * divisors[:, None])

    def calibration(self, divisors: np.ndarray) -> Figures:
        return {"temperature": float(np.median(divisors))}

    def brief(self, predictions: np.ndarray) -> np.ndarray:
        """The likeliest class and its probability ``[rows, 2]``."""
        return np.stack([predictions.argmax(1).astype(predictions.dtype), predictions.max(1)], axis=1)

    def scores(self, brief: np.ndarray, truth: np.ndarray) -> np.ndarray:
        """1 where the class is right, else 0."""
        return (brief[:, 0] == truth).astype(float)

    def worth(self, predictions: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """The probability of the class that all inputs together predict."""
        return predictions[np.arange(len(whole)), whole[:, 0].astype(int)]

    def prior(self, truth: np.ndarray) -> np.ndarray:
        """Each class's share of the rows."""
        counts = np.bincount(truth[truth >= 0], minlength=len(self.classes))
        return counts / counts.sum()

    def simplest(self, features: Features) -> dict[str, np.ndarray]:
        from sensorium.targets.class_baselines import logistic_regression

        shares = np.tile(self.prior(features.training_truth), (len(features.test), 1))
        return dict(zip(self.baselines, (shares, logistic_regression(features, len(self.classes))), strict=True))

    def judged(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Judged:
        from sensorium.targets.class_figures import Predictions

        return Predictions.of(predictions, truth, groups)

    def of_subset(self, brief: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> Figures:
        """Those of the classes, how sure the network is of them, and how far that is from how often it is right."""
        from sensorium.targets.class_figures import Predictions, calibration_gap

        predictions = Predictions(truth, brief[:, 0].astype(int), groups, len(self.classes))
        sure, right = brief[:, 1], truth == predictions.predicted
        found = predictions.figures() | {
            "confidence": float(sure.mean()), "calibration_error": calibration_gap(sure, right)
        }  # fmt: skip
        return {name: found[name] for name in self.subset_figures}

    @property
    def names(self) -> Sequence[str]:
        return self.classes

    @property
    def columns(self) -> list[str]:
        return [f"probability.{name}" for name in self.classes]

    def cells(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The likeliest class as well."""
        likeliest = np.array(self.classes, dtype=object)[predictions.argmax(1)]
        return {"predicted": likeliest, **super().cells(predictions)}

    def logged(self, predictions: np.ndarray) -> dict[str, np.ndarray]:
        """The likeliest class and its probability: nearly certain answers are equal in the log, and so here."""
        rounded = predictions.round(LOGGED_DIGITS)
        return {"predicted": np.array(self.classes, dtype=object)[rounded.argmax(1)], "confidence": rounded.max(1)}

    def abstains(self, prediction: np.ndarray, threshold: float) -> bool:
        return float(prediction.max()) < threshold

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> dict[str, Any]:
        """A label, unless the model is too unsure, and all probabilities."""
        likeliest = np.argsort(-prediction, kind="stable")
        abstained = self.abstains(prediction, threshold)
        return {
            "label": None if abstained else self.classes[likeliest[0]],
            "abstained": abstained,
            "confidence": rounded(prediction[likeliest[0]]),
            "top": [
                {"label": self.classes[place], "probability": rounded(prediction[place])} for place in likeliest[:top]
            ],
            "probabilities": self._by_class(prediction),
        }

    def attribution(self, inputs: Sequence[str], predictions: np.ndarray) -> dict[str, Any]:
        """To the probability of each class."""
        values = shapley(predictions)
        contributions = {name: self._by_class(values[place]) for place, name in enumerate(inputs)}
        return {"base": self._by_class(predictions[0]), "attribution": contributions}

    def _by_class(self, numbers: np.ndarray) -> dict[str, float]:
        return {name: rounded(number) for name, number in zip(self.classes, numbers, strict=True)}

    def openapi(self) -> dict[str, Any]:
        names = list(self.classes)
        top = {"label": {"type": "string", "enum": names}, "probability": NUMBER}
        return {
            "type": "object",
            "required": ["label", "abstained", "confidence", "top", "probabilities"],
            "properties": {
                "label": {"type": ["string", "null"], "enum": [*names, None]},
                "abstained": {"type": "boolean", "description": "too unsure for a label"},
                "confidence": NUMBER,
                "top": {"type": "array", "items": {"type": "object", "properties": top}},
                "probabilities": self.openapi_of_contribution(),
            },
        }

    def openapi_of_contribution(self) -> dict[str, Any]:
        names = list(self.classes)
        return {"type": "object", "required": names, "properties": dict.fromkeys(names, NUMBER)}

    def description(self, threshold: float) -> dict[str, Any]:
        return {"kind": "class", "classes": list(self.classes), "abstain": threshold}

    def openapi_of_label(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean"], "minLength": 1, "maxLength": LONGEST_LABEL}

    def example_label(self) -> Any:
        return self.classes[0]

    @classmethod
    def told(cls, label: Any) -> str:
        """Its spelling; a class that the model does not know is welcome, since that is news."""
        is_one = isinstance(label, str | int | float) and len(str(label)) <= LONGEST_LABEL
        if not is_one or not (name := spelled(label)):
            raise BadInput(f"a label of 1 to {LONGEST_LABEL} letters is expected")
        return name

    def remembered(self, prediction: np.ndarray) -> str:
        """The likeliest class."""
        return self.classes[int(prediction.argmax())]

    @classmethod
    def agrees(cls, remembered: Any, other: Any) -> bool:
        return spelled(remembered) == spelled(other)

    @classmethod
    def score(cls, said: Any, label: Any) -> float:
        return float(cls.agrees(said, label))

    @classmethod
    def interval(cls, scores: np.ndarray, confidence: float) -> tuple[float, float] | None:
        """Wilson's (1927)."""
        from statsmodels.stats.proportion import proportion_confint

        return proportion_confint(int(scores.sum()), len(scores), 1 - confidence, "wilson")

    def recorded(self, prediction: np.ndarray) -> dict[str, Any]:
        shares = [round(float(share), LOGGED_DIGITS) for share in prediction]
        return {"labels": self.remembered(prediction), "probabilities": dict(zip(self.classes, shares, strict=True))}

    @classmethod
    def recalled(cls, line: Mapping[str, Any], name: str) -> str:
        return spelled(line["labels"][name])

    @classmethod
    def compared_of(cls, line: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"predicted": line["labels"][name], "confidence": max(line["probabilities"][name].values())}

    @classmethod
    def traced(cls, line: Mapping[str, Any], name: str) -> tuple[str, str]:
        return line["labels"][name], f"{max(line['probabilities'][name].values()):.0%}"

    def counted_as(self, prediction: np.ndarray) -> str:
        return self.remembered(prediction)

    def confidence(self, prediction: np.ndarray) -> float | None:
        return float(prediction.max())

    def side_by_side(
        self, other: "LearntClass", ours: np.ndarray, theirs: np.ndarray, values: "pd.Series"
    ) -> tuple["LearntClass", np.ndarray, np.ndarray, np.ndarray]:
        """Over the classes of both, as they are spelled now."""
        names = [[spelled(name) for name in one.classes] for one in (self, other)]
        place_of = {name: place for place, name in enumerate(dict.fromkeys([*names[0], *names[1]]))}
        truth = np.array([-1 if is_missing(label) else place_of.get(spelled(label), -1) for label in values])
        ours, theirs = (_spread(of, known, place_of) for of, known in zip((ours, theirs), names, strict=True))
        return LearntClass(tuple(place_of)), truth, ours, theirs

    def examples(self, predictions: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> list[int]:
        from sensorium.targets.class_examples import choose

        return choose(predictions, truth, groups)

    def shown(self, prediction: np.ndarray) -> list[tuple[str, float]]:
        likeliest = np.argsort(-prediction, kind="stable")[:LIKELIEST]
        return [(self.classes[number], float(prediction[number])) for number in likeliest]

    def shown_truth(self, truth: Any) -> str:
        return self.classes[truth]

    def is_right(self, prediction: np.ndarray, truth: Any) -> bool:
        return bool(prediction.argmax() == truth)

    @classmethod
    def rank(cls, figures: Mapping[str, Any]) -> float:
        return figures["accuracy"]

    @classmethod
    def lead(cls, figures: Mapping[str, Any]) -> str:
        return (
            f"is right in {figures['accuracy']:.1%} of test rows (always the commonest class: "
            f"{figures['majority']['accuracy']:.1%})"
        )

    @classmethod
    def much(cls, figures: Mapping[str, Any]) -> float:
        return 1.0

    def summary(self, figures: Mapping[str, Any], interval: str) -> str:
        return (
            f"accuracy {figures['accuracy']:.3f} [{interval}], macro F1 {figures['macro_f1']:.3f}; always the "
            f"commonest class {figures['majority']['accuracy']:.3f}"
        )


def _spread(probabilities: np.ndarray, known: list[str], place_of: Mapping[str, int]) -> np.ndarray:
    """Probabilities over more classes; one that a model does not know has none, one that it spells twice has both."""
    wide = np.zeros((len(probabilities), len(place_of)))
    for name, chances in zip(known, probabilities.T, strict=True):
        wide[:, place_of[name]] += chances
    return wide
