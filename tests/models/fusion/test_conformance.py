"""What every fusion must do, run over every one: a network of it, its students and its compressed forms."""

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.distil import distil_network, divergence
from sensorium.compression.export import export_network
from sensorium.compression.forms import FORMS, make_form
from sensorium.compression.parity import difference
from sensorium.compression.parts import fusion_batches
from sensorium.compression.quality import similarity
from sensorium.compression.shrink import products
from sensorium.compression.students import FUSION_SHRINKS
from sensorium.compression.uncompressed import TorchFusion
from sensorium.encoders.encoder import Arrays
from sensorium.errors import UserError
from sensorium.models import network as networks
from sensorium.models.fusion import FUSIONS
from sensorium.models.network import Network, NetworkConfig
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.training.data import Rows

ROWS, WIDTH = 48, 64
DIMS, TOKENS = {"type": 32, "keys": 24, "sound": 8}, {"type": 1, "keys": 3, "sound": 2}  # two are words of torch's own
TARGETS = {"train": ["no", "yes"], "half": ["s", "m", "l"]}
SUBSETS = torch.tensor(list(product([0.0, 1.0], repeat=len(DIMS))))  # of inputs, none and all among them
NO_TABLES = {"int8-int4-tables", "int8-weights-int4-tables"}  # forms that change nothing in a network without them
PROCESSOR = Path("/proc/cpuinfo")
HAS_DOT_PRODUCTS = not PROCESSOR.exists() or re.search("vnni|asimddp", PROCESSOR.read_text()) is not None
ALIKE = 0.97 if HAS_DOT_PRODUCTS else 0.9  # cosine; without dot products of bytes, sums of two end at 16 bits
SMALLER = {("kernel", "width"): 0.99}  # than half in general: what it is compared with is not narrowed
STEPS = {"trees"}
BREAKS = {("attention", "int8-static")}  # no range of eight bits holds the infinity that hides a missing input


@dataclass
class Fused:
    """A network of a fusion with three inputs, each missing in some rows, and rows of any length to teach on."""

    kind: str
    folder: Path

    @cached_property
    def files(self) -> dict[str, Path]:
        """The network and its students as ONNX, written once for all tests."""
        students = {kind: of(self.network, 0.5) for kind, of in FUSION_SHRINKS.items()}
        found = {}
        for name, one in {"fp32": self.network, **students}.items():
            found[name] = self.folder / f"{name}.onnx"
            export_network(one, found[name], TOKENS)
        return found

    @cached_property
    def network(self) -> Network:
        torch.manual_seed(0)
        network = Network(NetworkConfig(DIMS, TARGETS, self.kind, WIDTH, 1, 0.1)).eval()
        network.temperatures, network.absence = torch.tensor([0.5, 3.0]), torch.randn(2, len(DIMS)) / 4
        return network.requires_grad_(False)

    @cached_property
    def rows(self) -> Rows:
        items, whole = torch.arange(ROWS), features(ROWS)
        return Rows(
            {name: array.masked_fill(lengths(ROWS, name)[..., None] == 0, torch.nan) for name, array in whole.items()},
            {name: torch.where(items % 5 == place, -1, items) for place, name in enumerate(DIMS)},
            {"train": items % 2, "half": items % 3},
        )

    @cached_property
    def batches(self) -> list[Arrays]:
        return fusion_batches(self.rows, ROWS)

    @cached_property
    def whole(self) -> list[Arrays]:
        """The same rows with all tokens of the inputs that they have."""
        return fusion_batches(replace(self.rows, features=features(ROWS)), ROWS)


def features(count: int, seed: int = 1) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return {name: torch.randn(count, TOKENS[name], dim, generator=chance) for name, dim in DIMS.items()}


def lengths(count: int, name: str) -> Tensor:
    """A mask of rows that have from one token of an input to all."""
    return (torch.arange(TOKENS[name]) <= torch.arange(count)[:, None] % TOKENS[name]).float()


def every_subset() -> dict[str, Tensor]:
    """Masks of a row for every subset of the inputs."""
    subsets = zip(DIMS, SUBSETS.unbind(1), strict=True)
    return {name: one[:, None] * lengths(len(SUBSETS), name) for name, one in subsets}


def longer(arrays: dict[str, Tensor], by: float) -> dict[str, Tensor]:
    """The same with two more tokens behind."""
    return {
        name: torch.cat([array, torch.full_like(array[:, :1], by).repeat_interleave(2, 1)], dim=1)
        for name, array in arrays.items()
    }


def batch(given: dict[str, Tensor], masks: dict[str, Tensor]) -> Arrays:
    named = {f"features.{name}": array.numpy() for name, array in given.items()}
    return named | {f"mask.{name}": array.numpy() for name, array in masks.items()}


def logits(network: TorchFusion | OnnxNetwork, batches: list[Arrays]) -> np.ndarray:
    return np.concatenate([np.concatenate(list(network.outputs(one).values()), axis=1) for one in batches])


@torch.no_grad()
def apart(student: Network, teacher: Network, rows: Rows) -> float:
    """The divergence of a student's answers, which outputs that all rise alike do not change."""
    features, masks, _ = rows.batch(slice(None))
    return divergence(teacher.targets, student(features, masks), teacher(features, masks)).item()


def used(module: nn.Module) -> int:
    """Weights that are not zero."""
    return sum(int(weight.count_nonzero()) for weight in products(module))


def zeros(path: Path) -> list[float]:
    """Of every matrix of an ONNX file, the share of zeros."""
    tensors = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer]
    return [float((one == 0).mean()) for one in tensors if one.ndim > 1 and one.dtype == np.float32]


class Conformance:
    """Of the fusion of the fixture ``fused``."""

    @pytest.fixture
    def forms(self, fused: Fused) -> tuple[TorchFusion, OnnxNetwork]:
        """The network as training has it, and as it is served."""
        return TorchFusion(fused.network), OnnxNetwork(fused.files["fp32"])

    def test_what_stands_in_for_a_missing_token_changes_no_bit(self, forms: tuple[TorchFusion, OnnxNetwork]) -> None:
        given, masks = features(len(SUBSETS)), every_subset()
        others = {
            name: torch.where(masks[name][..., None] == 0, 1e30 * features(len(SUBSETS), 2)[name], array)
            for name, array in given.items()
        }
        for form in forms:
            one, other = logits(form, [batch(given, masks)]), logits(form, [batch(others, masks)])
            np.testing.assert_array_equal(one, other)

    def test_tokens_that_are_not_there_change_no_answer(self, fused: Fused, tmp_path: Path) -> None:
        given, masks = features(len(SUBSETS)), every_subset()
        padded = batch(longer(given, 7.0), longer(masks, 0.0))
        export_network(fused.network, tmp_path / "longer.onnx", {name: count + 2 for name, count in TOKENS.items()})
        wanted = logits(TorchFusion(fused.network), [batch(given, masks)])
        for form in (TorchFusion(fused.network), OnnxNetwork(tmp_path / "longer.onnx")):
            assert difference(wanted, logits(form, [padded])) < 1e-6

    def test_it_answers_for_any_inputs_and_hears_each_that_is_there(
        self, forms: tuple[TorchFusion, OnnxNetwork]
    ) -> None:
        trained, served = forms
        given, masks = features(len(SUBSETS)), every_subset()
        answers = logits(trained, [batch(given, masks)])
        assert answers.shape == (len(SUBSETS), 5)
        assert np.isfinite(answers).all()
        assert difference(answers, logits(served, [batch(given, masks)])) < 1e-5
        alone = [
            batch({name: array[[row]] for name, array in given.items()}, {k: m[[row]] for k, m in masks.items()})
            for row in range(len(SUBSETS))
        ]
        for form in forms:
            assert difference(answers, logits(form, alone)) < 1e-5
        for name in DIMS:
            changed = logits(trained, [batch(given | {name: given[name].flip(2)}, masks)])
            assert (np.abs(changed - answers).max(1) > 1e-4).tolist() == masks[name].any(1).tolist()

    def test_the_gradient_reaches_every_token_that_is_there_and_no_other(self, fused: Fused) -> None:
        if fused.kind in STEPS:
            pytest.skip("its answers rise in steps")
        given = {name: array.requires_grad_() for name, array in features(len(SUBSETS)).items()}
        masks = every_subset()
        sum(one.square().sum() for one in fused.network(given, masks).values()).backward()
        for name, array in given.items():
            assert array.grad is not None
            assert torch.equal(array.grad.abs().amax(2) > 0, masks[name] == 1)

    def test_saved_and_loaded_it_is_the_same_to_the_bit(self, fused: Fused, tmp_path: Path) -> None:
        networks.save(fused.network, tmp_path)
        assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors", ".json"}
        again = networks.load(tmp_path)
        wanted = logits(TorchFusion(fused.network), fused.batches)
        np.testing.assert_array_equal(logits(TorchFusion(again), fused.batches), wanted)
        assert json.loads((tmp_path / "network.json").read_text())["kind"] == fused.kind

    @pytest.mark.parametrize("kind", FUSION_SHRINKS)
    def test_it_has_every_student(self, fused: Fused, kind: str, tmp_path: Path) -> None:
        network, batches = fused.network, fused.batches
        student = FUSION_SHRINKS[kind](network, 0.5)
        share = used(student) / used(network)
        before = apart(student.eval(), network, fused.rows)
        distil_network(student, network, fused.rows, 20)
        answers = logits(TorchFusion(student), batches)
        assert apart(student, network, fused.rows) < before / 2
        assert used(student) / used(network) == share <= SMALLER.get((fused.kind, kind), 0.5)
        export_network(student, tmp_path / "student.onnx", TOKENS)
        assert difference(answers, logits(OnnxNetwork(tmp_path / "student.onnx"), batches)) < 1e-5
        assert difference(answers, logits(TorchFusion(student), batches)) < 1e-5  # to write it changed nothing in it

    def test_half_of_every_matrix_is_zero_once_a_sparse_one_has_learnt(self, fused: Fused, tmp_path: Path) -> None:
        student = FUSION_SHRINKS["sparse"](fused.network, 0.5)
        distil_network(student, fused.network, fused.rows, 20)
        assert [float((weight == 0).float().mean()) for weight in products(student)] == [0.5] * len(products(student))
        export_network(student, tmp_path / "student.onnx", TOKENS)
        assert set(zeros(tmp_path / "student.onnx")) - {0.0} == {0.5}  # without zeros: a query, marks, temperatures

    @pytest.mark.parametrize("form", FORMS)
    def test_it_or_a_student_has_every_form(self, fused: Fused, form: str, tmp_path: Path) -> None:
        turn = list(FORMS).index(form) + list(FUSIONS).index(fused.kind)  # over all fusions, each of the three has each
        source, target = list(fused.files.values())[turn % len(fused.files)], tmp_path / "form.onnx"
        if form in NO_TABLES:
            with pytest.raises(UserError, match="it changes nothing in this network"):
                make_form(form, source, target, fused.whole)
            return
        make_form(form, source, target, fused.whole)
        alike = similarity(logits(OnnxNetwork(target), fused.whole), logits(OnnxNetwork(source), fused.whole))
        assert (alike > ALIKE) == ((fused.kind, form) not in BREAKS)


class TestConformance(Conformance):
    @pytest.fixture(scope="class", params=FUSIONS)
    def fused(self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fused:
        return Fused(request.param, tmp_path_factory.mktemp(request.param))
