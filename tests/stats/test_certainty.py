from collections.abc import Mapping

import numpy as np
import pytest

from sensorium.stats.certainty import interval, intervals, paired, share_interval
from sensorium.stats.enough import unjudged
from sensorium.targets.class_.figures import Predictions, figures
from sensorium.targets.class_.resampling import resample
from tests.targets.test_class_figures import random_predictions


@pytest.mark.parametrize(
    ("groups", "labels", "why"),
    [
        ([], [], "no rows"),
        ([7], [0], "one row"),
        ([0, 1, 2], [0, 1, 0], "3 rows"),
        ([3] * 45, [0, 1, 2] * 15, "one group of 45 rows"),
        ([0, 1, 2, 3] * 9, [0, 1] * 18, "4 groups of 36 rows"),
        (range(40), [2] * 40, "one label in 40 rows"),
        (range(5), [0, 1, 1, 1, 1], ""),
    ],
)
def test_what_cannot_be_judged_says_why_and_has_no_interval(groups: list[int], labels: list[int], why: str) -> None:
    grouped, known = np.array(list(groups), dtype=int), np.array(labels, dtype=int)
    assert unjudged(grouped, known) == why
    samples = {"accuracy": np.full(100, 0.726), "log_loss": np.linspace(0, 1, 100)}
    found = intervals({"accuracy": 0.726, "log_loss": 0.5}, samples, grouped, known, 0.95, ["log_loss"])
    assert [bounds is None for bounds in found.values()] == [bool(why)] * 2


def test_rows_of_one_group_say_nothing_of_a_difference() -> None:
    gain, bounds = paired(np.zeros(100), np.r_[np.ones(30), np.zeros(70)], 200, 0.95, 0.0)
    assert (gain, bounds) == (0.3, None)


def test_intervals_are_wider_the_fewer_the_groups() -> None:
    draws = np.random.default_rng(0).normal(size=100_000)
    few, many = (interval(draws, np.arange(count), 0.95) for count in (5, 5000))
    assert few == pytest.approx([-3.10, 3.10], abs=0.1)  # 2.776 deviations of five, whose own deviation is too small
    assert many == pytest.approx([-1.96, 1.96], abs=0.03)


def test_intervals_of_a_handful_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(300):
        correct = random.random(8) < 0.7
        predictions = Predictions(np.zeros(8, int), 1 - correct, np.arange(8), 2)
        low, high = share_interval(resample(predictions, 200, trial)["accuracy"], np.arange(8), 0.9) or [1, 0]
        covered += low <= 0.7 <= high
    assert 0.86 < covered / 300 < 0.99  # .83 without Student's t and Wilson


def all_of(predictions: Predictions) -> Mapping[str, list[float] | None]:
    samples = resample(predictions, 500)
    return intervals(figures(predictions), samples, predictions.groups, predictions.labels, 0.95, ["log_loss"])


def test_intervals_hold_the_figure_and_narrow_with_rows() -> None:
    few, many = (all_of(random_predictions(rows, 4, 0)) for rows in (60, 6000))
    for name, value in figures(random_predictions(60, 4, 0)).items():
        low, high = few[name] or [np.nan, np.nan]
        assert value is not None
        assert low <= value <= high or name == "calibration_error"  # which is biased upwards by few rows
    assert many["accuracy"] and few["accuracy"]
    assert many["accuracy"][1] - many["accuracy"][0] < (few["accuracy"][1] - few["accuracy"][0]) / 4


def test_a_mean_over_many_classes_lies_in_its_own_interval() -> None:
    predictions = random_predictions(300, 150, 0, 300)  # two rows a class, of which resamples lack many
    found = all_of(predictions)
    for name in ("macro_f1", "macro_recall", "balanced_accuracy"):
        low, high = found[name] or [0, 0]
        assert low < (figures(predictions)[name] or 0) < high


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for trial in range(200):
        right = np.repeat(random.random(60) < 0.8, 5)  # groups of five that are right or wrong together
        predictions = Predictions(np.zeros(300, int), 1 - right, np.arange(300) // 5, 2)
        low, high = interval(resample(predictions, 200, trial)["accuracy"], predictions.groups, 0.9) or [1, 0]
        covered += low <= 0.8 <= high
    assert 0.82 < covered / 200 < 0.96


def test_a_figure_that_no_draw_has_has_no_interval() -> None:
    alike = Predictions.of(np.array([[0.6, 0.4]] * 9), np.zeros(9, int), np.arange(9))
    assert np.isnan(resample(alike, 100)["roc_auc"]).all()
    assert interval(np.array([np.nan, np.nan]), np.arange(9), 0.95) is None


def test_all_right_is_no_certainty_where_rows_are_few() -> None:
    low, high = share_interval(np.ones(100), np.arange(8), 0.95) or [0, 0]
    assert (round(low, 3), high) == (0.676, 1.0)
    assert share_interval(np.zeros(100), np.arange(800), 0.95) == pytest.approx([0, 0.0048], abs=1e-4)
    assert share_interval(np.array([0.4, 0.6]), np.arange(800), 0.95) == pytest.approx([0.405, 0.595], abs=1e-3)
    alike = share_interval(np.array([0.5, 0.5]), np.arange(8), 0.95)  # each group has one right of two
    assert alike == pytest.approx([0.215, 0.785], abs=1e-3)


def test_rows_of_equal_tags_judge_nothing() -> None:
    assert unjudged(np.arange(20), np.tile([1, 0, 1], (20, 1))) == "one label in 20 rows"
    assert not unjudged(np.arange(20), np.eye(20, dtype=int))
