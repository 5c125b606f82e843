"""One number in twenty is the largest there is: nothing becomes infinite, and the others still tell."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sensorium.compression.export import export_network
from sensorium.compression.forms import FORMS, make_form
from sensorium.compression.parity import difference
from sensorium.compression.parts import fusion_batches
from sensorium.compression.quality import similarity
from sensorium.errors import UserError
from sensorium.evaluation.baselines import baselines
from sensorium.models.network import NetworkConfig
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.monitoring.drift.reference import principal_axes
from sensorium.runtime.profile import Profile
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import Fitted, TrainConfig

NODATA = -3.4028234663852886e38
HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.0, label_smoothing=0.0, batch_size=16, epochs=15,
    patience=15, seed=0,
)  # fmt: skip
CONFIG = NetworkConfig({"facts": 2}, {"sign": ["-", "+"]}, "concat", 16, 1, 0.0)


def rows(count: int, seed: int) -> Rows:
    """``sign`` can be read from a number around 5, where it is known; another holds nodata and its opposite."""
    random = np.random.default_rng(seed)
    numbers = random.normal(5, 1, (count, 2)).astype(np.float32)
    signs = torch.from_numpy((numbers[:, 0] > 5).astype(np.int64))
    numbers[::20] = NODATA
    numbers[1::20, 1] = -NODATA
    return Rows({"facts": torch.from_numpy(numbers[:, None])}, {"facts": torch.arange(count)}, {"sign": signs})


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit(CONFIG, HOW, rows(400, 0), rows(100, 1))


def test_the_loss_is_finite_and_the_others_are_told_apart(fitted: Fitted) -> None:
    test = rows(200, 2)
    right = (predict(fitted.network, test)["sign"].argmax(1) == test.labels["sign"]).numpy()
    known = np.arange(200) % 20 != 0
    assert np.isfinite([number for epoch in fitted.curve for number in epoch.values()]).all()
    assert right[known].mean() > 0.95
    simplest = baselines("sign", CONFIG.learnt["sign"], ["facts"], rows(400, 0), rows(100, 1), test)
    beside = simplest["logistic_regression"].argmax(1)
    assert (beside == test.labels["sign"].numpy())[known].mean() > 0.8  # its penalty hardly lets it lean that far


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_numbers_or_is_refused(fitted: Fitted, form: str, tmp_path: Path) -> None:
    source, target = tmp_path / "fp32.onnx", tmp_path / "form.onnx"
    export_network(fitted.network, source, {"facts": 1})
    batches = fusion_batches(rows(64, 3), 64)
    try:
        make_form(form, source, target, batches)
    except UserError:
        assert form.endswith("int4-tables")  # there are none
        return
    for batch in batches:
        assert np.isfinite(OnnxNetwork(target).outputs(batch)["logits.sign"]).all()


def test_axes_of_the_reference_are_numbers(fitted: Fitted) -> None:
    features = rows(100, 4).features["facts"].numpy()
    mean, axes = principal_axes(features[:, 0])
    assert np.isfinite(axes).all()
    assert mean == pytest.approx(4.5, abs=1.5)
    profile = Profile({"facts.mean": mean, "facts.axes": axes})
    assert np.isfinite(profile.onto_axes("facts", features)).all()


def test_a_loss_that_is_no_number_ends_training_with_a_sentence() -> None:
    wild = TrainConfig(**(HOW.__dict__ | {"learning_rate": 1e30}))
    with pytest.raises(UserError) as caught:
        fit(CONFIG, wild, rows(100, 0), rows(50, 1))
    assert str(caught.value) == (
        "the loss is nan in epoch 1, so nothing more can be learnt: a learning rate of 1e+30 is too high here; set a "
        "lower training.learning_rate in params.yaml."
    )


def test_alike_and_different_are_told_of_the_largest_numbers() -> None:
    largest = np.array([[NODATA, 1], [1, -NODATA]], np.float32)
    assert (similarity(largest, largest), similarity(largest, -largest)) == (1, -1)
    assert (difference(largest, largest), difference(largest, -largest)) == (0, 2)
