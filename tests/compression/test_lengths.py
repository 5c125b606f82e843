"""Values of differing numbers of tokens are compressed, measured and described."""

from pathlib import Path

import numpy as np
import pytest
import torch

from sensorium.compression.parts import FP32, Reader
from sensorium.compression.settings import FUSION, Compress, Student
from sensorium.compression.students import EncoderDistillation
from sensorium.compression.trials import try_parts
from sensorium.dataset.served import ServedRows, predict_rows
from sensorium.encoders.encoder import encode
from sensorium.errors import UserError
from sensorium.modalities import Text
from sensorium.monitoring.drift.reference import ReferenceContext, write_reference
from sensorium.runtime.profile import Profile
from sensorium.training.data import Rows
from tests import model
from tests.compression.conftest import Toy
from tests.compression.test_parts import bench
from tests.encoders.letters import Letters, letters


@pytest.fixture
def lettered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Toy:
    """A model whose one input is a text of one to four tokens."""
    monkeypatch.setitem(Text.preprocesses, "letters", Letters)
    values = ["frog"[: 1 + number % 4] + "s" * (number % 3) for number in range(60)]
    readers = {"note": Reader(Text(), letters(), (4, 3))}
    torch.manual_seed(0)
    network = model.small_network(readers, {"label": ["no", "yes"]}).requires_grad_(False)
    encoder, items = readers["note"].encoder, torch.arange(60)
    features = torch.from_numpy(encode(encoder.preprocess, encoder.network, values))
    labels = {"label": items % 2}
    return Toy(readers, network, values, Rows({"note": features}, {"note": items}, labels), tmp_path)  # type: ignore[arg-type]


def test_forms_of_the_fusion_are_measured_and_an_encoder_says_why_it_has_no_student(lettered: Toy) -> None:
    made = bench(lettered)
    reader, values = lettered.readers["note"], dict.fromkeys(lettered.values)
    distillation = EncoderDistillation("note", reader, lambda: values, {}, lettered.network, lettered.rows, 1)
    students = {FUSION: [Student(kind="width", keep=0.5)], "text": [Student(kind="width", keep=0.5)]}
    write = {"note": distillation.distil, FUSION: lambda student, path: (_ for _ in ()).throw(UserError("none"))}
    tried = try_parts(made, Compress(forms=["optimised", "fp16"], students=students), write)
    assert {one.variant for one in tried[FUSION]} == {"fp32", "optimised", "fp16"}
    assert min(one.similarity for one in tried[FUSION]) > 0.999
    assert tried["note"][0].variant == FP32
    refused = made.parts["note"].refused["width-0.5"]
    assert refused == "its values have differing numbers of tokens, which no student gives"


def test_a_part_is_run_with_no_more_at_once_than_serving_runs(lettered: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = [[at, at + 1] for at in range(0, 32, 2)]
    made = bench(lettered)
    monkeypatch.setattr(Letters, "groups", lambda self, samples: pairs if len(samples) == 32 else [[0], [1]])
    monkeypatch.setattr(made, "logits", lambda chosen: {})
    part = made.parts["note"]
    assert [len(made.job(part, form, form).batches) for form in ("fp16", "int8-static")] == [0, 1]
    with np.load(made.job(part, "fp16").arrays) as arrays:
        assert len(arrays["letters"]) == 8  # of two texts of four letters


def test_a_row_is_described_and_answered_in_a_table_as_alone(lettered: Toy, tmp_path: Path) -> None:
    predictor = bench(lettered).predictor({})
    some = lettered.values[:9]
    rows = ServedRows({"note": some}, {"note": np.arange(9)})
    known = ReferenceContext(np.arange(9), {"label": ["no"] * 9}, [], {}, {"note": predictor.encode("note", some)})
    write_reference(tmp_path, predictor, rows, known)
    onto = Profile.read(tmp_path).onto_axes("note", predictor.encode("note", some))
    assert np.isfinite(onto).all()
    assert onto.shape == (9, 8)
    alone = [predictor.predict([{"note": value}])[0]["label"] for value in some]
    np.testing.assert_allclose(predict_rows(predictor, rows)["label"], alone, atol=1e-6)
