"""Values of differing numbers of tokens, from training to what is served."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from sensorium.compression.parity import check, difference
from sensorium.compression.parts import Reader
from sensorium.compression.uncompressed import uncompressed
from sensorium.modalities import Tabular, Text
from sensorium.models.export import export_onnx
from sensorium.models.fusion import FUSIONS
from sensorium.models.network import Network, NetworkConfig
from sensorium.runtime import artefact
from sensorium.runtime.predictor import Predictor
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from tests import model
from tests.encoders.letters import Letters, letters
from tests.runtime.test_predictor import reseal

VALUES = {"note": "frog", "facts": {"a": 1.0}}
SAMPLES = [
    {name: value for name, value in (("note", note), ("facts", facts)) if value is not None}
    for note, facts in product(["a", "abc", "frogs", None], [{"a": 2.0}, None])
    if note or facts
]


@pytest.fixture(autouse=True)
def kind_that_reads_letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(Text.preprocesses, "letters", Letters)
    yield


def readers(most: int) -> dict[str, Reader]:
    facts = model.read({"facts": Tabular(numbers=["a"])}, {"facts": VALUES["facts"]})
    return {"note": Reader(Text(), letters(most), (most, 3)), **facts}


def answers(predictor: Predictor, samples: list[dict]) -> np.ndarray:
    return np.stack([one["label"] for one in predictor.predict(samples)])


@pytest.mark.parametrize("kind", FUSIONS)
def test_served_alone_or_beside_longer_ones_with_any_padding_the_answer_is_the_trained_ones(
    kind: str, tmp_path: Path
) -> None:
    torch.manual_seed(0)
    network = model.small_network(readers(4), {"label": ["no", "yes"]}, kind)
    network.absence = torch.tensor([[0.3, -0.5]])
    wanted = answers(uncompressed(readers(4), network), SAMPLES)
    assert len(np.unique(wanted[:, 0].round(5))) >= (5 if kind == "trees" else len(SAMPLES))  # trees rise in steps
    for most in (4, 7):
        predictor = Predictor.load(model.write(readers(most), VALUES, network, tmp_path / str(most)))
        samples = [{**one, **({"note": one["note"][:4]} if "note" in one else {})} for one in SAMPLES]
        assert difference(wanted, answers(predictor, samples)) < 1e-6
        for sample, one in zip(samples, wanted, strict=True):
            assert difference(one[None], answers(predictor, [sample])) < 1e-6
        found = check(readers(most), network, predictor, {"note": ["a", "abc", "frog"], "facts": [VALUES["facts"]] * 3})
        assert max(found.values()) < 1e-5


class OfInputs(nn.Module):
    """A fusion as versions without masks of tokens wrote it: it is told which inputs there are."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        return self.network({"facts": features}, {"facts": present[:, None]})["label"]


def test_a_model_that_an_earlier_version_packaged_answers_as_it_did(tmp_path: Path) -> None:
    one = {"facts": readers(4)["facts"]}
    network = model.small_network(one, {"label": ["no", "yes"]})
    folder = model.write(one, VALUES, network, tmp_path / "model")
    wanted = answers(Predictor.load(folder), [{"facts": {"a": 2.0}}])
    arrays = {"features.facts": np.zeros((2, *one["facts"].shape), np.float32), "present.facts": np.ones(2, np.float32)}
    axes = {name: {0: "batch"} for name in (*arrays, "logits.label")}
    export_onnx(OfInputs(network).eval(), folder / artefact.FUSION, arrays, ["logits.label"], axes)
    reseal(folder)
    assert difference(wanted, answers(Predictor.load(folder), [{"facts": {"a": 2.0}}])) < 1e-6


def rows(padding: int) -> Rows:
    """Rows of one to three tokens of an input, and so many that no row has."""
    chance = torch.Generator().manual_seed(0)
    items = torch.arange(80)
    a, b = torch.randn(80, 3, 6, generator=chance), torch.randn(80, 1, 2, generator=chance)
    a[torch.arange(3) > (items % 3)[:, None]] = torch.nan
    label = (a.nanmean((1, 2)) + b.mean((1, 2)) > 0).long()
    a = torch.cat([a, torch.full((80, padding, 6), torch.nan)], dim=1)
    return Rows({"a": a, "b": b}, {"a": torch.where(items % 5 == 0, -1, items), "b": items}, {"y": label}, items)


@pytest.mark.parametrize("kind", FUSIONS)
def test_what_is_learnt_does_not_depend_on_padding(kind: str) -> None:
    how = TrainConfig(0.01, 0.0, 0.2, 0.0, 16, 8, 8, 0)
    config = NetworkConfig({"a": 6, "b": 2}, {"y": ["no", "yes"]}, kind, 8, 1, 0.0)
    few, many = (fit(config, how, rows(padding), rows(padding)) for padding in (0, 4))
    np.testing.assert_allclose(predict(few.network, rows(0))["y"], predict(many.network, rows(4))["y"], atol=1e-5)
    assert few.best_loss == pytest.approx(many.best_loss, abs=1e-6)
    assert few.best_loss < 0.6
