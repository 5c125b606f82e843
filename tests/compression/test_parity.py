from pathlib import Path

import numpy as np
import pytest
import torch

from sensorium.compression import parity
from sensorium.errors import UserError
from sensorium.modalities import Audio, Image, Text
from sensorium.runtime.predictor import Predictor
from tests import model
from tests.compression.conftest import Toy
from tests.conftest import png, wav


def served(toy: Toy) -> Predictor:
    return Predictor.load(model.write(toy.readers, {"facts": toy.values[0]}, toy.network, toy.folder / "served"))


def test_every_step_of_a_sound_model_is_the_same(toy: Toy) -> None:
    found = parity.check(toy.readers, toy.network, served(toy), {"facts": toy.values[:9]})
    assert list(found) == ["facts.preprocess", "facts.encoder", "facts.random", "fusion"]
    assert max(found.values()) < 1e-5


@pytest.mark.slow
def test_real_encoders_read_arrays_of_any_length_and_number(tmp_path: Path) -> None:
    kinds = {"note": Text(), "photo": Image(), "sound": Audio(seconds=4)}
    raws = {
        "note": ["a frog", "a dog that barks at two cats", "x"],
        "photo": [png(), png((0, 90, 9), (40, 80)), png((1, 2, 3), (300, 300))],
        "sound": [wav(0.3), wav(3.0), wav(1.7, 200)],
    }
    values = {name: [kind.accept(raw) for raw in raws[name]] for name, kind in kinds.items()}
    readers = model.read(kinds, {name: several[0] for name, several in values.items()})
    network = model.small_network(readers, {"label": ["no", "yes"]}, "attention")
    folder = model.write(readers, {name: several[0] for name, several in values.items()}, network, tmp_path / "m")
    found = parity.check(readers, network, Predictor.load(folder), values)
    assert [name for name, distance in found.items() if distance] != []
    assert max(found.values()) < 1e-4


def test_another_fusion_is_found_out(toy: Toy) -> None:
    predictor = served(toy)
    with torch.no_grad():
        toy.network.heads[0].bias += 1
    with pytest.raises(UserError, match=r"compress: fusion of the served model differs .* more than 0.001"):
        parity.check(toy.readers, toy.network, predictor, {"facts": toy.values[:2]})


def test_other_preprocessing_is_found_out(toy: Toy) -> None:
    predictor = served(toy)
    predictor.encoders["facts"][0].constants["numbers"].reverse()
    with pytest.raises(UserError, match=r"facts.preprocess of the served model differs"):
        parity.check(toy.readers, toy.network, predictor, {"facts": toy.values[:2]})


def test_random_batches_take_their_numbers_from_the_same_place() -> None:
    text = Text().load_encoder().preprocess
    real = text.collate([text("a frog"), text("a")])
    for size, batch in zip(parity.SIZES, parity.random_batches(text, real), strict=True):
        assert batch["input_ids"].shape == (size, real["input_ids"].shape[1])
        assert (batch["input_ids"][:, 0] == real["input_ids"][0, 0]).all()
        assert set(batch["attention_mask"][:, -1]) <= {0, 1}


def test_difference_is_relative_and_knows_shapes() -> None:
    assert parity.difference(np.array([100.0, 1.0]), np.array([99.0, 1.0])) == 0.01
    assert parity.difference(np.zeros(2), np.zeros(3)) == float("inf")
    assert parity.difference(np.zeros(0), np.zeros(0)) == 0
    assert np.isnan(parity.largest([0.0, float("nan"), 1.0]))
    assert parity.largest([]) == 0
    with pytest.raises(UserError, match="text.encoder .* by nan"):
        parity.require({"text.encoder": float("nan")})
