import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from sensorium.evaluation.metrics import Predictions, _figures_of, confusion, figures, intervals


def random_predictions(rows: int, classes: int, seed: int) -> Predictions:
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, rows)
    predicted = np.where(random.random(rows) < 0.7, labels, random.integers(0, classes, rows))
    return Predictions(labels, predicted, random.integers(0, max(1, rows // 3), rows), classes)


def test_figures_are_those_of_a_hand_count() -> None:
    found = figures(Predictions(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.arange(4), 3))
    assert found["accuracy"] == 0.75
    assert found["macro_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["macro_recall"] == 0.75
    assert found["macro_f1"] == pytest.approx((2 / 3 + 4 / 5) / 2)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (4, 10), (300, 5)])
def test_counts_and_their_figures_agree_with_scikit_learn(rows: int, classes: int, seed: int) -> None:
    predictions = random_predictions(rows, classes, seed)
    matrix = confusion(predictions)
    expected = confusion_matrix(predictions.labels, predictions.predicted, labels=range(classes))
    assert (matrix == expected).all()
    ours = _figures_of(matrix[None].astype(float))
    theirs = precision_recall_fscore_support(
        predictions.labels, predictions.predicted, average="macro", zero_division=0
    )
    assert [ours[f"macro_{name}"][0] for name in ("precision", "recall", "f1")] == pytest.approx(theirs[:3])


def test_intervals_hold_the_figure_and_narrow_with_rows() -> None:
    few, many = (intervals(random_predictions(rows, 4, 0), 500, 0.95)["accuracy"] for rows in (60, 6000))
    assert few[0] < figures(random_predictions(60, 4, 0))["accuracy"] < few[1]
    assert many[1] - many[0] < (few[1] - few[0]) / 4


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        right = np.repeat(random.random(60) < 0.8, 5)  # groups of five that are right or wrong together
        bounds = intervals(Predictions(np.zeros(300, int), 1 - right, np.arange(300) // 5, 2), 200, 0.9, trial)
        low, high = bounds["accuracy"]
        covered += low <= 0.8 <= high
    assert 0.82 < covered / 200 < 0.96


def test_perfect_and_single_group_predictions_have_a_point_for_an_interval() -> None:
    perfect = Predictions(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]), 2)
    assert intervals(perfect, 100, 0.95)["macro_f1"] == [1.0, 1.0]
    assert intervals(Predictions(np.array([0, 1]), np.array([1, 1]), np.zeros(2, int), 2), 100, 0.95)["accuracy"] == [
        0.5,
        0.5,
    ]
