import time

import numpy as np
import pytest

from sensorium.evaluation.comparison import compare
from sensorium.stats.bootstrap import draw, means
from sensorium.targets import LearntClass
from sensorium.targets.class_.figures import Predictions, figures
from sensorium.targets.class_.resampling import resample
from tests.targets.test_class_figures import random_predictions

TARGET = LearntClass(("a", "b", "c", "d"))


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
    assert set(found["macro_f1"]) == {1.0}


def test_means_are_those_of_the_rows_drawn() -> None:
    groups = np.array([7, 7, 9, 11])
    columns = np.array([[1.0], [0.0], [1.0], [5.0]])
    masks = np.array([[True], [True], [True], [False]])
    weights = np.concatenate(list(draw(3, 50, 0)))
    with np.errstate(invalid="ignore"):
        expected = (weights[:, 0] + weights[:, 1]) / (2 * weights[:, 0] + weights[:, 1])
    np.testing.assert_allclose(means(groups, columns, masks, 50)[:, 0], expected)


def test_one_column_is_meant_over_any_number_of_masks() -> None:
    right, masks = np.array([[1.0], [0.0]]), np.zeros((2, 200), bool)
    masks[0, ::2] = masks[1, 1::2] = True
    found = means(np.arange(2), right, masks, 20)
    assert found.shape == (20, 200)
    assert np.nanmax(found[:, 199]) == 0 < np.nanmin(found[:, 198]) == 1


def test_a_model_beside_itself_gains_nothing_and_beside_a_worse_one_something() -> None:
    good = random_predictions(600, 4, 0)
    new, old, gains = compare(TARGET, good, good, "accuracy", 200)
    assert new == old
    assert (gains == 0).all()
    assert good.probabilities is not None
    spoiled = good.probabilities.copy()
    spoiled[:200] = spoiled[:200, ::-1]
    worse = Predictions.of(spoiled, good.labels, good.groups)
    for name in ("accuracy", "log_loss", "macro_f1"):
        assert np.quantile(compare(TARGET, good, worse, name, 200)[2], 0.05) > 0
        assert np.quantile(compare(TARGET, worse, good, name, 200)[2], 0.95) < 0


def test_many_classes_take_no_longer_than_few() -> None:
    def seconds(classes: int) -> float:
        predictions, taken = random_predictions(1000, classes, 0), []
        for _ in range(3):
            start = time.perf_counter()
            resample(predictions, 200)
            taken.append(time.perf_counter() - start)
        return min(taken)

    assert seconds(1000) < 20 * seconds(10)  # once a hundred times; the machine may be busy
