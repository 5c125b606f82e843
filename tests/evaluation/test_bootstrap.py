import numpy as np
import pytest

from sensorium.evaluation.bootstrap import compare, draw, interval, intervals, means, resample, share_interval
from sensorium.evaluation.metrics import Predictions, figures
from tests.evaluation.test_metrics import random_predictions


def repeated(predictions: Predictions, weights: np.ndarray) -> Predictions:
    """The rows as often as their group was drawn."""
    groups = np.unique(predictions.groups, return_inverse=True)[1]
    rows = np.repeat(np.arange(len(groups)), weights[groups].astype(int))
    assert predictions.probabilities is not None
    return Predictions(
        predictions.labels[rows],
        predictions.predicted[rows],
        predictions.groups[rows],
        predictions.classes,
        predictions.probabilities[rows],
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("rows", "classes", "groups"), [(1, 2, 1), (6, 4, 3), (40, 12, 9), (200, 3, 60), (90, 2, 2)])
def test_every_draw_has_the_figures_of_its_rows(rows: int, classes: int, groups: int, seed: int) -> None:
    predictions = random_predictions(rows, classes, seed, groups)
    samples = resample(predictions, 20, seed)
    count = len(np.unique(predictions.groups))
    for number, weights in enumerate(np.concatenate(list(draw(count, 20, seed)))):
        assert weights.sum() == count
        for name, value in figures(repeated(predictions, weights)).items():
            assert samples[name][number] == pytest.approx(np.nan if value is None else value, nan_ok=True), name


def test_predictions_without_probabilities_have_the_figures_of_labels_alone() -> None:
    found = resample(Predictions(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]), 2), 100)
    assert "log_loss" not in found
    assert interval(found["macro_f1"], 0.95) == [1.0, 1.0]


def test_intervals_hold_the_figure_and_narrow_with_rows() -> None:
    few, many = (intervals(resample(random_predictions(rows, 4, 0), 500), 0.95) for rows in (60, 6000))
    for name, value in figures(random_predictions(60, 4, 0)).items():
        low, high = few[name] or [np.nan, np.nan]
        assert value is not None
        assert low <= value <= high or name == "calibration_error"  # which is biased upwards by few rows
    assert many["accuracy"] and few["accuracy"]
    assert many["accuracy"][1] - many["accuracy"][0] < (few["accuracy"][1] - few["accuracy"][0]) / 4


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        right = np.repeat(random.random(60) < 0.8, 5)  # groups of five that are right or wrong together
        predictions = Predictions(np.zeros(300, int), 1 - right, np.arange(300) // 5, 2)
        low, high = interval(resample(predictions, 200, trial)["accuracy"], 0.9) or [1, 0]
        covered += low <= 0.8 <= high
    assert 0.82 < covered / 200 < 0.96


def test_a_figure_that_no_draw_has_has_no_interval() -> None:
    alike = Predictions.of(np.array([[0.6, 0.4]] * 3), np.zeros(3, int), np.arange(3))
    assert intervals(resample(alike, 100), 0.95)["accuracy"] == [1.0, 1.0]
    assert intervals(resample(alike, 100), 0.95)["roc_auc"] is None
    assert interval(np.array([np.nan, np.nan]), 0.95) is None


def test_all_right_is_no_certainty_where_rows_are_few() -> None:
    low, high = share_interval(np.ones(100), np.arange(8), 0.95) or [0, 0]
    assert (round(low, 3), high) == (0.676, 1.0)
    assert share_interval(np.zeros(100), np.arange(800), 0.95) == pytest.approx([0, 0.0048], abs=1e-4)
    assert share_interval(np.array([0.5, 0.5]), np.arange(8), 0.95) == [0.5, 0.5]


def test_means_are_those_of_the_rows_drawn() -> None:
    groups = np.array([7, 7, 9, 11])
    columns = np.array([[1.0], [0.0], [1.0], [5.0]])
    masks = np.array([[True], [True], [True], [False]])
    weights = np.concatenate(list(draw(3, 50, 0)))
    with np.errstate(invalid="ignore"):
        expected = (weights[:, 0] + weights[:, 1]) / (2 * weights[:, 0] + weights[:, 1])
    np.testing.assert_allclose(means(groups, columns, masks, 50)[:, 0], expected)


def test_a_model_beside_itself_gains_nothing_and_beside_a_worse_one_something() -> None:
    good = random_predictions(600, 4, 0)
    new, old, gains = compare(good, good, "accuracy", 200)
    assert new == old
    assert (gains == 0).all()
    assert good.probabilities is not None
    spoiled = good.probabilities.copy()
    spoiled[:200] = spoiled[:200, ::-1]
    worse = Predictions.of(spoiled, good.labels, good.groups)
    for name in ("accuracy", "log_loss", "macro_f1"):
        assert np.quantile(compare(good, worse, name, 200)[2], 0.05) > 0
        assert np.quantile(compare(worse, good, name, 200)[2], 0.95) < 0
