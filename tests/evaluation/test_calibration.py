import numpy as np
import pytest
import torch
from scipy.special import softmax

from sensorium.evaluation.calibration import calibrate
from sensorium.models.masks import mean_token
from sensorium.models.network import Network, NetworkConfig
from sensorium.targets import CalibrationRows
from sensorium.targets.class_.figures import calibration_gap
from sensorium.targets.class_.temperatures import of_classes
from sensorium.targets.temperatures import fit_temperatures
from sensorium.training.data import Rows


def honest(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits, and labels drawn by the probabilities that they stand for."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(rows, 4))
    return logits, (softmax(logits, axis=1).cumsum(1) < random.random((rows, 1))).sum(1)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return calibration_gap(probabilities.max(1), probabilities.argmax(1) == labels)


def fitted(
    logits: np.ndarray, labels: np.ndarray, absent: np.ndarray | None = None, weight: float = 1.0
) -> list[float]:
    """The temperature with all inputs, and by what each absence multiplies it."""
    none = np.zeros((len(labels), 2)) if absent is None else absent
    return np.exp(
        fit_temperatures([CalibrationRows(logits, none, labels)], weight, lambda truth: truth >= 0, of_classes)
    ).tolist()


def test_logits_that_are_three_times_too_large_are_divided_by_three() -> None:
    logits, labels = honest(20_000)
    temperature, *others = fitted(3 * logits, labels)
    assert temperature == pytest.approx(3, rel=0.05)
    assert others == [1, 1]
    assert calibration_error(softmax(3 * logits, axis=1), labels) > 0.15
    assert calibration_error(softmax(3 * logits / temperature, axis=1), labels) < 0.02


def test_rows_without_an_input_have_a_temperature_of_their_own() -> None:
    logits, labels = honest(20_000)
    absent = np.stack([np.arange(20_000) % 2, np.zeros(20_000)], axis=1)
    temperature, first, second = fitted(logits * np.where(absent[:, :1], 3, 0.8), labels, absent)
    assert (temperature, first, second) == pytest.approx((0.8, 3 / 0.8, 1), rel=0.05)


def test_temperatures_of_few_rows_are_not_trusted() -> None:
    logits, _ = honest(14)
    lucky, none = logits.argmax(1), np.zeros((14, 2))
    few = fitted(logits, lucky)[0]
    many = [np.tile(one, (50,) + (1,) * (one.ndim - 1)) for one in (logits, lucky, none)]
    assert 0.2 < few < 0.6
    assert fitted(*many)[0] < 0.2
    assert fitted(*many, weight=1 / 50)[0] == pytest.approx(few, rel=1e-3)  # rows of a group are as one


def test_a_subset_of_few_rows_has_nearly_the_temperature_of_all() -> None:
    logits, labels = honest(2014)
    absent = np.zeros((2014, 2))
    absent[:14, 0] = 1
    labels[:14] = logits[:14].argmax(1)  # each of them right by luck
    temperature, first, _ = fitted(logits, labels, absent)
    assert temperature == pytest.approx(1, abs=0.1)
    assert 0.5 < first < 1  # alone they would have a fifth and less


def test_where_nothing_is_known_nothing_is_changed() -> None:
    assert fitted(np.ones((3, 2)), np.array([-1, -1, -1])) == [1, 1, 1]
    assert fitted(np.ones((0, 2)), np.array([], int)) == [1, 1, 1]


def test_a_row_whose_label_is_not_known_does_not_count() -> None:
    logits, labels = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0]]), np.array([0, 1, 1])
    assert fitted(np.concatenate([logits, [[90.0, 0.0]]]), np.append(labels, -1)) == fitted(logits, labels)


def test_what_is_always_right_is_not_made_certain_without_end() -> None:
    assert fitted(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1]))[0] > 0.3


def test_a_network_becomes_honest_with_every_subset_of_its_inputs() -> None:
    """One input tells the class, the other says nothing; the network is as sure of either."""
    torch.manual_seed(0)
    network = Network(NetworkConfig({"a": 4, "b": 4}, {"t": list("wxyz")}, "concat", 8, 1, 0.0)).eval()
    told, labels = honest(3000)
    rows = Rows(
        {"a": torch.from_numpy(told).float()[:, None], "b": torch.randn(3000, 1, 4)},
        {"a": torch.arange(3000), "b": torch.where(torch.arange(3000) % 3 > 0, torch.arange(3000), -1)},
        {"t": torch.from_numpy(labels)},
    )
    network.project = lambda features: features  # type: ignore[method-assign]
    network.fusion.forward = lambda tokens, masks: sum(  # type: ignore[method-assign]
        4 * mean_token(tokens[name], masks[name]) for name in ("a", "b")
    )
    network.heads[0] = torch.nn.Identity()  # type: ignore[assignment]
    calibrate(network, [(network, rows)])
    for kept, error in (({"a", "b"}, 0.05), ({"a"}, 0.03), ({"b"}, 0.05)):
        with torch.inference_mode():
            features, masks, _ = rows.without({"a", "b"} - kept).batch(slice(1, 3000, 3))
            chances = network(features, masks)["t"].softmax(1).numpy()
        assert calibration_error(chances, labels[1::3]) < error
