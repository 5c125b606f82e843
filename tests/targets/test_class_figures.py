import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score

from sensorium.targets.class_.figures import BINS, Predictions, confusion, figures, reliability


def random_predictions(rows: int, classes: int, seed: int, groups: int | None = None) -> Predictions:
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, classes)).round(1)  # rounded, so that some probabilities are equal
    labels = np.where(random.random(rows) < 0.5, logits.argmax(1), random.integers(0, classes, rows))
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return Predictions.of(probabilities, labels, random.integers(0, groups or max(1, rows // 3), rows))


def test_figures_are_those_of_a_hand_count() -> None:
    found = figures(Predictions(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), np.arange(4), 3))
    assert found["accuracy"] == 0.75
    assert found["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert found["macro_precision"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["weighted_recall"] == 0.75
    assert found["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert found["weighted_f1"] == pytest.approx((3 * 4 / 5 + 2 / 3) / 4)
    assert found["micro_f1"] == 0.75
    assert "roc_auc" not in found


def test_figures_of_probabilities_are_those_of_a_hand_count() -> None:
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.2, 0.8]])
    found = figures(Predictions.of(probabilities, np.array([0, 0, 1, 1]), np.arange(4)))
    assert found["roc_auc"] == 0.75
    assert found["pr_auc"] == pytest.approx(((1 + 2 / 3) / 2 + (1 + 2 / 3) / 2) / 2)
    assert found["log_loss"] == pytest.approx(-np.log([0.9, 0.4, 0.3, 0.8]).mean())
    assert found["calibration_error"] == pytest.approx((0.1 + 0.6 + 0.7 + 0.2) / 4)


def test_a_label_that_is_not_known_does_not_count() -> None:
    found = Predictions.of(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([0, -1]), np.arange(2))
    assert figures(found)["accuracy"] == 1.0
    assert len(found.groups) == 1


@pytest.mark.parametrize(
    ("labels", "defined"), [([0, 0, 0], False), ([2, 2, 2], False), ([0, 1, 1], True), ([0], False)]
)
def test_areas_are_not_defined_where_all_rows_are_alike(labels: list[int], defined: bool) -> None:
    probabilities = np.full((len(labels), 3), 1 / 3)
    found = figures(Predictions.of(probabilities, np.array(labels), np.arange(len(labels))))
    assert (found["roc_auc"] is not None) == (found["pr_auc"] is not None) == defined
    assert found["log_loss"] == pytest.approx(np.log(3))


@pytest.mark.parametrize(("rows", "classes"), [(7, 3), (60, 4), (300, 40), (900, 2)])
def test_areas_are_those_of_scikit_learn(rows: int, classes: int) -> None:
    found = random_predictions(rows, classes, rows)
    assert found.probabilities is not None
    told = [one for one in range(classes) if 0 < (found.labels == one).sum() < rows]
    for name, score in (("roc_auc", roc_auc_score), ("pr_auc", average_precision_score)):
        expected = np.mean([score(found.labels == one, found.probabilities[:, one]) for one in told])
        assert figures(found)[name] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_calibration_error_agrees_with_the_bins_of_scikit_learn(seed: int) -> None:
    found = random_predictions(400, 4, seed)
    assert found.probabilities is not None
    right, confidence = found.labels == found.predicted, found.probabilities.max(1)
    accuracy, mean = calibration_curve(right, confidence, n_bins=BINS)
    rows = np.bincount(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidence), minlength=BINS)
    expected = (np.abs(accuracy - mean) * rows[rows > 0]).sum() / 400
    assert found.honesty()["calibration_error"] == pytest.approx(expected)


def test_reliability_cuts_rows_into_parts_of_equal_size() -> None:
    confidence = np.array([0.9, 0.6, 0.8, 0.7, 0.5])
    labels = np.array([0, 1, 0, 0, 1])  # the predicted class is 0
    found = reliability(confidence, labels == 0, 2)
    assert found == [pytest.approx((0.6, 1 / 3)), pytest.approx((0.85, 1.0))]


def test_reliability_of_fewer_rows_than_parts() -> None:
    assert reliability(np.array([0.6, 0.9]), np.array([False, True]), 10) == [(0.6, 0.0), (0.9, 1.0)]


@pytest.mark.parametrize(("rows", "classes"), [(1, 2), (4, 10), (300, 5)])
def test_confusion_agrees_with_scikit_learn(rows: int, classes: int) -> None:
    found = random_predictions(rows, classes, 0)
    assert (confusion(found) == confusion_matrix(found.labels, found.predicted, labels=range(classes))).all()
