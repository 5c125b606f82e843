"""The answer is a number with an interval that holds the true one nine times in ten."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field
from typing_extensions import TypedDict  # typing's own is not read by pydantic before Python 3.12

from sensorium.errors import BadInput
from sensorium.spelling import WHOLE, spelled
from sensorium.stats.shapley import shapley
from sensorium.targets.answering import NUMBER, Answering, schema_of
from sensorium.targets.number.cells import read_number
from sensorium.targets.number.state import COVERAGE, Scaled, shortened

ENDS_OF_IT = f"low and high: {COVERAGE:.0%} of such intervals hold the true number"


class NumberAnswer(TypedDict):
    """What the service answers."""

    value: float
    interval: Annotated[list[float], Field(min_length=2, max_length=2, description=ENDS_OF_IT)]


class NumberAnswering(Scaled, Answering):
    """The number and its interval."""

    def answer(self, prediction: np.ndarray, threshold: float, top: int) -> NumberAnswer:
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
        return schema_of(NumberAnswer)

    def openapi_of_contribution(self) -> dict[str, Any]:
        return dict(NUMBER)

    def description(self, threshold: float) -> dict[str, Any]:
        about = f"a number, with an interval that holds {COVERAGE:.1%} of the true ones"
        return {"kind": "number", "about": about, "coverage": COVERAGE, "median": self.median}

    def openapi_of_label(self) -> dict[str, Any]:
        return {"type": ["number", "string"]}

    def example_label(self) -> Any:
        return self.median

    @classmethod
    def read_label(cls, label: Any) -> str:
        """As tables have it: what people tell is kept as text, of whole numbers all digits."""
        try:
            number = read_number(label)
        except BadInput as problem:
            raise BadInput(f"{problem}; a number such as 12.5 is expected") from problem
        name = spelled(label)
        return name if WHOLE.fullmatch(name) else spelled(number)

    @property
    def constant(self) -> float:
        return self.median
