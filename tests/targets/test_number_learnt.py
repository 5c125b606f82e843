import numpy as np
import pandas as pd
import pytest

from sensorium.stats.bootstrap import draw
from sensorium.targets import CalibrationRows, LearntNumber, Number
from sensorium.targets.number.figures import PredictedNumbers
from sensorium.targets.number.scale import Scale

NORMAL = np.random.default_rng(0).normal(size=2000)


@pytest.mark.parametrize(
    ("numbers", "transform"),
    [
        (NORMAL * 1e-9 + 3, "identity"),
        (NORMAL * 1e28, "identity"),
        (np.exp(2 * NORMAL) * 1e6, "logarithm"),
        (-np.exp(2 * NORMAL), "logarithm"),
        (np.where(NORMAL > 1.9, 1e9, NORMAL), "ranks"),
        (np.array([5.0]), "identity"),
        (np.full(30, 7.0), "identity"),
    ],
)
def test_a_scale_without_a_long_tail_is_found_and_led_back_from(numbers: np.ndarray, transform: str) -> None:
    scale = Scale.fit(numbers)
    standard = scale.standardised(numbers)
    assert np.isfinite(standard).all()
    assert len(numbers) < 2000 or abs(standard.std() - 1) < 1e-6
    if transform != "ranks":  # between whose knots something is lost
        assert scale.transform == transform or len(np.unique(numbers)) == 1
        np.testing.assert_allclose(scale.back(standard), numbers, rtol=1e-6)
    assert Scale.of(scale.state) == scale
    assert np.isfinite(scale.back(np.array([-1e9, 1e9]))).all()


def known(numbers: np.ndarray) -> LearntNumber:
    return Number().learn(pd.Series(numbers), np.ones(len(numbers), bool))


def test_intervals_hold_nine_in_ten_whatever_the_network_says() -> None:
    random, target = np.random.default_rng(1), known(np.exp(NORMAL))
    truth = np.exp(random.normal(size=4000))
    standard = target.scale.standardised(truth)
    outputs = np.stack([standard + random.normal(size=4000), *np.zeros((2, 4000))], axis=1)  # an interval of no width
    rows = CalibrationRows(outputs[:1000], np.zeros((1000, 1)), truth[:1000])
    calibrated, _ = target.calibrated([rows], 1.0)
    found = calibrated.judged(calibrated.predict(outputs[1000:]), truth[1000:], np.arange(3000)).figures()
    assert 0.87 < found["coverage"] < 0.96  # type: ignore[operator]


def test_rows_that_belong_together_make_intervals_wider() -> None:
    """A hundred predictions are off by 1 to 100 hundredths of the deviation."""
    target = known(NORMAL)
    off = np.arange(1, 101) / 100
    rows = CalibrationRows(np.zeros((100, 3)), np.zeros((100, 1)), target.scale.back(off))
    margins = [target.calibrated([rows], weight)[0].margin for weight in (1.0, 0.1)]  # of ten groups
    assert margins == pytest.approx([0.92, 1.0])


def test_every_draw_has_the_figures_of_its_rows() -> None:
    random, groups = np.random.default_rng(2), np.repeat(np.arange(12), 3)
    numbers, predicted = random.normal(size=36).round(1), random.normal(size=36).round(1)
    judged = PredictedNumbers(numbers, predicted, predicted - 0.5, predicted + 0.5, groups)
    samples = judged.resample(20)
    for number, weights in enumerate(np.concatenate(list(draw(12, 20, 0)))):
        rows = np.repeat(np.arange(36), weights[groups].astype(int))
        alone = PredictedNumbers(*(of[rows] for of in (numbers, predicted, judged.low, judged.high, groups)))
        for name, value in alone.figures().items():
            assert samples[name][number] == pytest.approx(value), name


def test_figures_are_the_fields_own() -> None:
    numbers, predicted = np.array([1.0, 2.0, 4.0, 8.0]), np.array([2.0, 2.0, 3.0, 6.0])
    judged = PredictedNumbers(numbers, predicted, predicted - 1, predicted + 1, np.arange(4))
    assert judged.figures() == pytest.approx(
        {"mae": 1.0, "rmse": 1.5**0.5, "r2": 1 - 6 / 28.75, "spearman": 0.9486832980505138, "coverage": 0.75}
    )
    constant = PredictedNumbers(np.ones(4), predicted, predicted, predicted, np.arange(4)).figures()
    assert (constant["r2"], constant["spearman"]) == (None, None)
