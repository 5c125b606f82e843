"""Students of the real text encoder."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sensorium.compression.settings import Student
from sensorium.compression.students import EncoderDistillation
from sensorium.encoders.encoder import encode
from sensorium.errors import UserError
from sensorium.modalities import Audio, Text
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.training.data import Rows
from tests import model
from tests.conftest import wav

TEXTS = ["a red apple", "a green frog", "an old house by the sea", "two dogs", "the moon at night", "a fast car"]

pytestmark = pytest.mark.slow


@pytest.fixture
def distillation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EncoderDistillation:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sensorium.compression.students.MOST_SAMPLES", 24)
    readers = model.read({"note": Text()}, {"note": "a"})
    network = model.small_network(readers, {"label": ["no", "yes"]})
    encoder = readers["note"].encoder
    features = torch.from_numpy(encode(encoder.preprocess, encoder.network, TEXTS))
    rows = Rows({"note": features}, {"note": torch.arange(6)}, {"label": torch.zeros(6, dtype=torch.long)})
    digests = {f"{place:064x}": text for place, text in enumerate(TEXTS)}
    places = {digest: np.array([place]) for place, digest in enumerate(digests)}
    return EncoderDistillation("note", readers["note"], lambda: digests, places, network, rows, 2)


@pytest.mark.parametrize(("kind", "times_smaller"), [("layers", 1.25), ("width", 1.3), ("words", 7.0), ("sparse", 0.9)])
def test_a_student_reads_any_text_and_is_taught_once(
    kind: str, times_smaller: float, distillation: EncoderDistillation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = Student(kind=kind, keep=0.5 if kind != "words" else 0.25)  # type: ignore[arg-type]
    distillation.distil(student, tmp_path / "student.onnx")
    encoder = distillation.reader.encoder
    made = encode(encoder.preprocess, OnnxNetwork(tmp_path / "student.onnx"), ["x", "quite a long text about a frog"])
    assert made.shape == (2, 1, 384)
    assert np.isfinite(made).all()
    assert times_smaller * (tmp_path / "student.onnx").stat().st_size < 90.4e6
    assert sum(p.numel() for p in encoder.network.module.parameters()) == 22_713_216  # type: ignore[attr-defined]
    monkeypatch.setattr(EncoderDistillation, "_distil", lambda *_: pytest.fail("it is distilled again"))
    distillation.distil(student, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == (tmp_path / "student.onnx").read_bytes()


def test_samples_are_values_and_changed_forms_of_them(distillation: EncoderDistillation) -> None:
    dataset = distillation._dataset
    assert len(dataset.samples) == len(dataset.rows) == len(dataset.features)
    assert 18 <= len(dataset.samples) <= 24
    encoder = distillation.reader.encoder
    np.testing.assert_allclose(
        dataset.features[0], encode(encoder.preprocess, encoder.network, TEXTS[:1])[0], atol=1e-4
    )


def test_an_encoder_that_is_an_onnx_file_cannot_learn(distillation: EncoderDistillation, tmp_path: Path) -> None:
    sound = Audio(seconds=1)
    readers = model.read({"sound": sound}, {"sound": sound.accept(wav())})
    other = EncoderDistillation("sound", readers["sound"], dict, {}, distillation.network, distillation.train, 1)
    with pytest.raises(UserError, match="its encoder is an ONNX file, which cannot learn"):
        other.distil(Student(kind="width", keep=0.5), tmp_path / "student.onnx")
