import resource
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.bench import Bench
from sensorium.compression.parts import FP32, Part, Reader, export_encoder
from sensorium.compression.quality import Evaluator
from sensorium.compression.running import run
from sensorium.compression.settings import FUSION, Compress, Student
from sensorium.compression.students import EncoderDistillation, distil_fusion
from sensorium.compression.trials import try_parts
from sensorium.dataset.served import ServedRows
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.errors import UserError
from sensorium.files import replacing
from sensorium.models.network import Network
from sensorium.training.forward import predict
from tests.compression.conftest import Toy


def bench(toy: Toy) -> Bench:
    labels = {target: known.numpy() for target, known in toy.rows.labels.items()}
    uncompressed = {target: logits.numpy() for target, logits in predict(toy.network, toy.rows).items()}
    (name,) = toy.readers
    rows = ServedRows({name: toy.values}, {name: np.arange(60)})
    evaluator = Evaluator(toy.network.targets, labels, uncompressed, np.arange(60), 200, 0.95)
    return Bench(toy.readers, toy.parts(), toy.network.targets, rows, evaluator, {name: toy.values[:8]}, toy.folder)


def no_students(student: Student, path: Path) -> None:
    raise UserError("there is no teacher here")


def test_all_that_is_tried_of_a_part_is_measured_or_has_a_reason(toy: Toy) -> None:
    made = bench(toy)
    part = made.parts[FUSION]
    settings = Compress(forms=["int8", "fp16"], students={FUSION: [Student(kind="layers", keep=0.5)]})
    tried = try_parts(made, settings, dict.fromkeys(made.parts, no_students))[FUSION]
    assert [one.variant for one in tried] == ["fp32", "int8", "fp16"]
    assert part.refused == {"layers-0.5": "there is no teacher here"}
    first = tried[0]
    assert (first.similarity, first.quality["label"].gain, first.cost.slowdown > 0) == (pytest.approx(1), 0, True)
    assert first.cost.start > 50
    assert first.cost.memory > 2e7
    assert first.size == part.files[FP32].stat().st_size


def test_of_a_student_that_does_not_run_no_form_is_made(toy: Toy) -> None:
    def broken(student: Student, path: Path) -> None:
        path.write_bytes(b"no network")

    made = bench(toy)
    settings = Compress(forms=["fp16"], students={FUSION: [Student(kind="width", keep=0.5)]})
    tried = try_parts(made, settings, dict.fromkeys(made.parts, broken))[FUSION]
    assert [one.variant for one in tried] == ["fp32", "fp16"]
    assert list(made.parts[FUSION].refused) == ["width-0.5"]


def test_the_encoder_of_columns_has_nothing_to_compress(toy: Toy) -> None:
    made = bench(toy)
    part = made.parts["facts"]
    students = {kind: [Student(kind="width", keep=0.5)] for kind in ("tabular", "image")}
    settings = Compress(forms=["int8"], students=students)
    tried = try_parts(made, settings, dict.fromkeys(made.parts, no_students))["facts"]
    assert [one.variant for one in tried] == ["fp32"]
    assert part.refused == {
        "int8": "it changes nothing in this network",
        "width-0.5": "there is no teacher here",  # by the kind of the input, whatever its name
    }


def test_a_variant_that_answers_no_numbers_is_refused(toy: Toy) -> None:
    made = bench(toy)
    part = made.parts[FUSION]
    toy.network.temperatures = torch.tensor([0.0, 0.0])
    broken = replace(toy, folder=toy.folder / "broken").parts()[FUSION]
    shutil.copyfile(broken.files[FP32], part.path("broken"))
    assert made.measure(part, "broken", run(made.job(part, "broken"))) is None
    assert part.refused == {"broken": "its answers are no numbers"}
    assert list(part.files) == [FP32]


def test_a_variant_that_does_not_run_is_refused(toy: Toy) -> None:
    made = bench(toy)
    part = made.parts[FUSION]
    part.path("broken").write_bytes(b"no network")
    assert made.measure(part, "broken", run(made.job(part, "broken"))) is None
    assert "is no network that ONNX Runtime can run" in part.refused["broken"]


def test_a_file_that_ends_the_process_that_opens_it_ends_only_that(toy: Toy) -> None:
    config = replace(toy.network.config, kind="attention", width=64, layers=2)  # ONNX Runtime 1.31 dies of it in fp16
    made = bench(replace(toy, network=Network(config).eval()))
    part = made.parts[FUSION]
    found = made.measure(part, "fp16", run(made.job(part, "fp16", "fp16")))
    assert found.similarity > 0.99 if found else "it ends a process that loads it" in part.refused["fp16"]


class Unknown(nn.Module):
    def forward(self, columns: Tensor) -> Tensor:
        return torch.linalg.eigvals(columns @ columns.transpose(1, 2)).real


def test_an_operator_that_onnx_lacks_gets_a_sentence(toy: Toy) -> None:
    reader = toy.readers["facts"]
    odd = Reader(reader.kind, replace(reader.encoder, network=TorchNetwork(Unknown())), reader.shape)
    with pytest.raises(
        UserError, match=r"the encoder .* of facts cannot be written as ONNX \(.*not supported.*\); choose another"
    ):
        export_encoder("facts", odd, toy.values[:2], toy.folder / "odd")


def test_an_input_that_no_training_row_has(toy: Toy) -> None:
    with pytest.raises(UserError, match="no training row has the input 'facts'"):
        export_encoder("facts", toy.readers["facts"], [], toy.folder / "none")


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/old").write_text("old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match="File too large"), replacing(tmp_path / "model") as beside:
            beside.mkdir()
            (beside / "encoder.onnx").write_bytes(b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [path.name for path in tmp_path.rglob("*")] == ["model", "old"]


class Same(nn.Module):
    def forward(self, columns: Tensor) -> Tensor:
        return columns.clone()


def distillation(toy: Toy) -> EncoderDistillation:
    digests = {f"{place:064x}": value for place, value in enumerate(toy.values)}
    rows = {digest: np.array([place]) for place, digest in enumerate(digests)}
    reader = toy.readers["facts"]
    reader = replace(reader, encoder=replace(reader.encoder, network=TorchNetwork(Same())))
    return EncoderDistillation("facts", reader, lambda: digests, rows, toy.network, toy.rows, 1)


def test_what_cannot_be_made_smaller_says_why(toy: Toy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    for kind, why in {
        "layers": "no stack of layers",
        "words": "only encoders of text",
        "width": "cannot be made",
    }.items():
        with pytest.raises(UserError, match=why):
            distillation(toy).distil(Student(kind=kind, keep=0.5), tmp_path / "student.onnx")  # type: ignore[arg-type]
    assert not list((tmp_path / "cache").rglob("*.onnx"))


def test_a_fusion_has_two_sorts_of_students(toy: Toy) -> None:
    tokens = {"facts": 1}
    for kind in ("width", "sparse"):
        distil_fusion(Student(kind=kind, keep=0.5), toy.network, tokens, toy.rows, toy.folder / f"{kind}.onnx")  # type: ignore[arg-type]
    part = Part(FUSION, toy.folder, [], {kind: toy.folder / f"{kind}.onnx" for kind in ("width", "sparse")})
    assert part.size("width") < part.size("sparse")
    with pytest.raises(UserError, match="a fusion has no words to lose; width and sparse make it smaller"):
        distil_fusion(Student(kind="words", keep=0.5), toy.network, tokens, toy.rows, toy.folder / "no.onnx")
