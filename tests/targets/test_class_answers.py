import numpy as np
import pytest

from sensorium.runtime.settings import Serve
from sensorium.targets import LearntClass

TARGET = LearntClass(("a", "b", "c", "d"))
PROBABILITIES = np.array([0.1, 0.45, 0.3, 0.15])


def test_a_decision_lists_the_likeliest_in_order() -> None:
    assert TARGET.answer(PROBABILITIES, 0.0, 2) == {
        "label": "b",
        "abstained": False,
        "confidence": 0.45,
        "top": [{"label": "b", "probability": 0.45}, {"label": "c", "probability": 0.3}],
        "probabilities": {"a": 0.1, "b": 0.45, "c": 0.3, "d": 0.15},
    }


@pytest.mark.parametrize(
    ("abstain", "label"), [(0.0, "b"), (0.45, "b"), (0.46, None), ({"t": 0.5}, None), ({"other": 0.5}, "b")]
)
def test_below_the_bound_no_label_is_given(abstain: float | dict[str, float], label: str | None) -> None:
    answer = TARGET.answer(PROBABILITIES, Serve(abstain=abstain).threshold("t"), 3)
    assert (answer["label"], answer["abstained"]) == (label, label is None)


def test_base_and_attribution_add_up_to_the_probability() -> None:
    probabilities = np.array([[0.5, 0.5], [0.7, 0.3], [0.4, 0.6], [0.8, 0.2]])  # of none, x, y, both
    answer = LearntClass(("no", "yes")).attribution(["x", "y"], probabilities)
    assert answer["base"] == {"no": 0.5, "yes": 0.5}
    assert answer["attribution"] == {"x": {"no": 0.3, "yes": -0.3}, "y": {"no": 0.0, "yes": 0.0}}
