import pandas as pd

from sensorium.monitoring.check_result import decide_retrain
from sensorium.monitoring.feedback.selection import Selection
from sensorium.monitoring.settings import Retrain

SETTINGS = Retrain(feedback=100, feedback_on_drift=20)


def untrained(count: int) -> Selection:
    return Selection(pd.DataFrame(), 0, [str(number) for number in range(count)], {}, {}, pd.DataFrame())


def test_a_retrain_is_asked_for_on_drift_with_less_feedback_than_without() -> None:
    assert decide_retrain("drift", untrained(20), SETTINGS) == (
        "drift", "A retrain is asked for on drift: 20 new labelled predictions can be learnt from."
    )  # fmt: skip
    assert decide_retrain("no drift", untrained(100), SETTINGS) == (
        "feedback", "A retrain is asked for on feedback: 100 new labelled predictions can be learnt from."
    )  # fmt: skip
    assert decide_retrain("too few", untrained(100), SETTINGS)[0] == "feedback"


def test_none_is_asked_for_without_enough_to_learn_from() -> None:
    assert decide_retrain("drift", untrained(1), SETTINGS) == (
        None, "No retrain is asked for: 1 new labelled prediction can be learnt from, 20 are needed."
    )  # fmt: skip
    assert decide_retrain("no drift", untrained(99), SETTINGS) == (
        None, "No retrain is asked for: 99 new labelled predictions can be learnt from, 100 are needed."
    )  # fmt: skip
    assert decide_retrain("drift", "the rows are not here", SETTINGS) == (
        None, "No retrain is asked for: what can be learnt from is not known."
    )  # fmt: skip
