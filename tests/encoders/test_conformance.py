"""What every encoder that packages carry must do, run over every one of every kind of input."""

import copy
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sensorium.compression.parity import SAME, difference
from sensorium.dataset.cache import fingerprint
from sensorium.encoders.encoder import NOT_FINITE, Arrays, Encoder, encode, encode_each
from sensorium.encoders.tokens import filled
from sensorium.encoders.torch_network import TorchNetwork
from sensorium.encoders.trainable import trained
from sensorium.modalities import KINDS, Modality
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.training.encoder import Answering
from tests.modalities.cases import CASES, Case

FEATURES = {  # of an example: how many, their length and their sum; who changes them raises the version
    "transformer texts 1": (384, 6.5956, 1.6878),
    "efficientnet-lite0 1": (1280, 9.3765, 76.8897),
    "speech-embedding 1": (256, 154.9172, 600.9938),
    "frames 1 of efficientnet-lite0 1": (7680, 28.1877, 643.7978),
    "motion 1": (84, 8.6036, 36.9311),
    "spectral 1": (265, 26.8422, -202.1457),
    "columns 2": (5, 2.0801, 2.5714),
}


def read(encoder: Encoder, values: list[Any]) -> np.ndarray:
    """Features, where values have differing numbers of tokens with zeros for those that are not there."""
    return filled(encode(encoder.preprocess, encoder.network, values))


@dataclass(frozen=True)
class Member:
    """An encoder of a kind of input, with some cleaned values and their features."""

    kind: Modality
    encoder: Encoder
    values: list[Any]
    features: np.ndarray

    @classmethod
    def of(cls, case: Case, name: str) -> "Member":
        kind = case.kind.model_copy(update={"encoder": name})
        if learnt := kind.learn(case.values * 3):
            kind = kind.model_copy(update={"learnt": learnt})
        encoder = kind.load_encoder()
        return cls(kind, encoder, case.values, read(encoder, case.values))

    def batch(self, values: list[Any]) -> Arrays:
        preprocess = self.encoder.preprocess
        return preprocess.collate([preprocess(value) for value in values])


class Other:
    """A network that gives no numbers for one of two values, and fails over a third alone."""

    def __init__(self, of: Any) -> None:
        self.of = of

    def __call__(self, batch: Arrays) -> np.ndarray:
        found = self.of(batch).copy()
        found[-1] = np.nan
        return found


class Conformance:
    """Of the encoder of the fixture ``member``."""

    def test_features_are_finite_and_tell_values_apart(self, member: Member) -> None:
        features = member.features
        assert (features.dtype, features.ndim, len(features)) == (np.float32, 3, len(member.values))
        assert np.isfinite(features).all()
        for place, one in enumerate(features):
            assert min(np.abs(one - other).max() for other in np.delete(features, place, 0)) > 1e-3

    def test_a_value_alone_has_the_features_that_it_has_beside_others(self, member: Member) -> None:
        """Whatever pads it, and wherever it stands."""
        encoder, (first, *rest) = member.encoder, member.values
        turned = read(encoder, [*rest, first])
        assert difference(np.roll(member.features, -1, 0), turned) < 1e-5
        for value, features in zip(member.values, member.features, strict=True):
            assert difference(features[None], read(encoder, [value])) < 1e-5

    def test_the_same_again_is_the_same_to_the_bit(self, member: Member) -> None:
        encoder = member.encoder
        np.testing.assert_array_equal(read(encoder, member.values), member.features)

    def test_features_are_kept_under_all_that_decides_them(self, member: Member, tmp_path: Path) -> None:
        encoder = member.encoder
        first = fingerprint(encoder)
        again = member.kind.load_encoder()
        assert fingerprint(again) == first
        assert difference(read(again, member.values[:1]), member.features[:1]) < 1e-5
        (tmp_path / "weights").write_bytes(b"others")
        constants = encoder.preprocess.constants | {"another": 1}
        others = (
            replace(encoder, version=f"{encoder.version}1"),
            replace(encoder, weights=(*encoder.weights[1:], tmp_path / "weights")),
            replace(encoder, preprocess=type(encoder.preprocess)(encoder.preprocess.files, **constants)),
        )
        assert len({first, *map(fingerprint, others)}) == 4
        json.dumps([member.kind.encoder_made_of(), encoder.preprocess.constants])

    def test_the_served_form_gives_the_features_that_training_saw(self, member: Member, tmp_path: Path) -> None:
        encoder = member.encoder
        encoder.network.export(tmp_path / "encoder.onnx", member.batch(member.values[:2]), encoder.preprocess.axes)
        network = OnnxNetwork(tmp_path / "encoder.onnx")
        assert set(network.inputs) <= set(encoder.preprocess.axes)
        (name,) = (name for name, sort in member.kind.preprocesses.items() if sort is type(encoder.preprocess))
        constants = json.loads(json.dumps(encoder.preprocess.constants))
        preprocess = member.kind.preprocesses[name](encoder.preprocess.files, **constants)
        served = Encoder(preprocess, network, encoder.version)
        assert difference(member.features, read(served, member.values)) < SAME
        for value, features in zip(member.values, member.features, strict=True):
            assert difference(features[None], read(served, [value])) < SAME

    def test_an_odd_value_takes_no_other_along(self, member: Member) -> None:
        encoder, first = member.encoder, member.values[0]
        found = encode_each(encoder.preprocess, encoder.network, [first, object(), first])
        assert str(found[1]).startswith("it cannot be encoded (")
        for features in (found[0], found[2]):
            assert difference(member.features[0, : len(features)], np.asarray(features)) < 1e-5
        assert encode_each(encoder.preprocess, Other(encoder.network), member.values[:1]) == [NOT_FINITE]


@cache
def member_of(kind: str, name: str) -> Member:
    return Member.of(CASES[kind], name)


@cache
def untrained(kind: str, name: str, tune: str | None) -> Member:
    """One that is trained here, before it is: all that would learn is random."""
    case, folder = CASES[kind], Path(tempfile.mkdtemp())
    encoder = {"name": name, "width": 16, "tune": tune}
    declared = case.kind.model_validate(case.kind.model_dump() | {"encoder": encoder})
    if learnt := declared.learn(case.values * 3):
        declared = declared.model_copy(update={"learnt": learnt})
    torch.manual_seed(0)
    trainable = declared.to_train(case.values, folder)
    module = Answering(trainable, 40).eval()
    for weights in module.parameters():
        if weights.requires_grad and tune:
            weights.data += 0.02 * torch.randn_like(weights)
    in_torch = read(Encoder(trainable.preprocess, TorchNetwork(copy.deepcopy(module)), ""), case.values)
    trainable.merge()
    samples = [trainable.preprocess(value) for value in case.values[:2]]
    trained.write(folder, trainable, module, samples, declared.preprocesses)
    there = declared.with_trained(folder)
    member = Member(there, there.load_encoder(), case.values, read(there.load_encoder(), case.values))
    assert difference(member.features, in_torch) < 1e-4
    return member


def trained_here() -> Iterator[tuple[str, str, str | None]]:
    """All readers of texts, and of other kinds, which have the same readers, every fourth; and tuned ones."""
    for name, kind in KINDS.items():
        yield from ((name, one, None) for one in [*kind.trainable][:: 1 if name == "text" else 4])
    yield "text", "minilm", "lora"
    yield "image", "efficientnet-lite0", "last"


@pytest.mark.slow
class TestTrainedHere(Conformance):
    @pytest.fixture(params=trained_here(), ids=str)
    def member(self, request: pytest.FixtureRequest) -> Member:
        return untrained(*request.param)


@pytest.mark.slow
class TestConformance(Conformance):
    @pytest.fixture(params=[(name, encoder) for name, kind in KINDS.items() for encoder in kind.packaged], ids=" ".join)
    def member(self, request: pytest.FixtureRequest) -> Member:
        return member_of(*request.param)

    def test_a_version_gives_these_features(self, member: Member) -> None:
        encoder, kind = member.encoder, member.kind
        features = read(encoder, [kind.accept(kind.example())])
        count, length, total = FEATURES[encoder.version]
        assert features.size == count
        assert (np.linalg.norm(features), features.sum()) == pytest.approx((length, total), rel=1e-3)
