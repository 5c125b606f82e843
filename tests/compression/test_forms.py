from pathlib import Path

import numpy as np
import pytest

from sensorium.compression.forms import FORMS, make_form
from sensorium.compression.quality import similarity
from sensorium.compression.settings import DEFAULT_FORMS
from sensorium.errors import UserError
from sensorium.models.onnx_network import OnnxNetwork
from tests.compression.conftest import arrays, pictures, sentences

ALIKE = {"optimised": 0.99999, "fp16": 0.999, "int8-weights": 0.999, "int4-weights": 0.97}  # others: 0.98
SMALLER = {  # the least times that a file of tables and products shrinks
    "int8": 1.3,
    "int8-tables": 1.5,
    "int8-int4-tables": 1.5,
    "fp16": 1.4,
    "int4-weights": 1.5,
}


def test_params_may_name_every_form() -> None:
    assert set(DEFAULT_FORMS) <= set(FORMS)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "int8-static"])
def test_a_form_computes_nearly_the_same(form: str, sentence_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "form.onnx"
    make_form(form, sentence_file, target, [])
    for count, length in ((1, 1), (5, 12)):
        batch = arrays(sentences(count, length))
        original, made = OnnxNetwork(sentence_file)(batch), OnnxNetwork(target)(batch)
        assert made.shape == original.shape == (count, 1, 32)
        assert similarity(made, original) > ALIKE.get(form, 0.98)
    assert sentence_file.stat().st_size > SMALLER.get(form, 0.9) * target.stat().st_size


def test_static_looks_at_training_rows(picture_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    target, batch = tmp_path / "form.onnx", arrays(pictures(8))
    make_form("int8-static", picture_file, target, [batch])
    assert similarity(OnnxNetwork(target)(batch), OnnxNetwork(picture_file)(batch)) > 0.99
    assert 2.5 * target.stat().st_size < picture_file.stat().st_size
    assert [path.name for path in tmp_path.iterdir()] == ["form.onnx"]  # nothing of the quantizer's is left


@pytest.mark.parametrize("scale", [0.0, 1e-30, 1e30])
def test_odd_training_rows_make_a_network_or_a_sentence(scale: float, picture_file: Path, tmp_path: Path) -> None:
    batch = {"pixel_values": np.full((1, 3, 16, 16), scale, np.float32)}
    try:
        make_form("int8-static", picture_file, tmp_path / "form.onnx", [batch])
    except UserError as error:
        assert str(error)
        assert not (tmp_path / "form.onnx").exists()
    else:
        assert OnnxNetwork(tmp_path / "form.onnx")(arrays(pictures(1))).shape == (1, 1, 24)


def test_without_training_rows_there_is_no_static_form(picture_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no training rows to see the ranges"):
        make_form("int8-static", picture_file, tmp_path / "form.onnx", [])


@pytest.mark.parametrize("form", ["int8", "int8-tables", "int8-int4-tables", "int8-weights", "int4-weights"])
def test_a_form_that_changes_nothing_is_refused(form: str, picture_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it changes nothing in this network"):
        make_form(form, picture_file, tmp_path / "form.onnx", [])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_network_gets_a_sentence(form: str, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    with pytest.raises(UserError):
        make_form(form, tmp_path / "broken.onnx", tmp_path / "form.onnx", [arrays(pictures(1))])
    assert [path.name for path in tmp_path.iterdir()] == ["broken.onnx"]
