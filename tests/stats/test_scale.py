import numpy as np
import pytest

from sensorium.stats.scale import scale

NODATA = -3.4028234663852886e38  # of rasters


def column(*numbers: float) -> np.ndarray:
    return np.array(numbers)[:, None]


@pytest.mark.parametrize(
    ("mark", "share"), [(NODATA, 0.05), (NODATA, 0.3), (NODATA, 0.45), (-9999, 0.05), (-9999, 0.2), (1e30, 0.001)]
)
def test_marks_of_missing_values_do_not_count(mark: float, share: float) -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(5, 2, (2000, 1))
    numbers[random.random(2000) < share] = mark
    mean, deviation = scale(numbers)
    assert mean[0] == pytest.approx(5, abs=0.2)
    assert deviation[0] == pytest.approx(2, abs=0.2)


def test_where_nothing_is_absurd_every_number_counts() -> None:
    random = np.random.default_rng(0)
    rare = (random.random((3000, 1)) < 0.001).astype(float)
    for numbers in (column(1, 2, 3, 100), rare, np.exp(random.normal(0, 1, (2000, 1))), random.normal(0, 1, (50, 3))):
        mean, deviation = scale(numbers)
        np.testing.assert_allclose(mean, numbers.mean(0))
        np.testing.assert_allclose(deviation, numbers.std(0))


def test_a_constant_and_the_largest_numbers() -> None:
    assert scale(column(7, 7, 7)) == (7, 1)
    assert scale(column(5e-324, 0, 0)) == (pytest.approx(0), 1)
    mean, deviation = scale(np.array([[NODATA], [-NODATA]] * 5, np.float32))
    assert (mean[0], deviation[0]) == (0, -NODATA)


def test_what_varies_by_rounding_only_is_constant() -> None:
    numbers = np.random.default_rng(0).normal(0, 1, (200, 1))
    assert scale(3 + 1e-5 * numbers)[1] == 1  # features of pictures of one colour, computed in torch and in ONNX
    assert scale(1.7e9 + 86400 * numbers)[1] == pytest.approx(86400, rel=0.2)  # seconds of days
