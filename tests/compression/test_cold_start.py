from pathlib import Path

import pytest

from sensorium.compression import cold_start
from sensorium.errors import UserError
from sensorium.models import network as networks
from sensorium.runtime.predictor import Predictor
from tests import model
from tests.compression.conftest import Toy


def test_a_served_model_and_the_trained_one_start_in_processes_of_their_own(toy: Toy) -> None:
    folder = model.write(toy.readers, {"facts": toy.values[0]}, toy.network, toy.folder / "served")
    (toy.folder / "trained").mkdir()
    networks.save(toy.network, toy.folder / "trained")
    cold_start.write_samples(
        toy.folder / "samples", Predictor.load(folder), [{"facts": value} for value in toy.values[:3]]
    )
    served = cold_start.measure("served", folder, toy.folder / "samples")
    trained = cold_start.measure("uncompressed", toy.folder / "trained", toy.folder / "samples")
    assert 50 < served[0] < trained[0]  # milliseconds: torch takes long to import
    assert 2e7 < served[1] < 0.7 * trained[1]  # bytes, and memory


def test_memory_is_that_of_the_process_alone(toy: Toy) -> None:
    held = bytearray(600_000_000)
    folder = model.write(toy.readers, {"facts": toy.values[0]}, toy.network, toy.folder / "served")
    cold_start.write_samples(toy.folder / "samples", Predictor.load(folder), [{"facts": toy.values[0]}])
    assert cold_start.measure("served", folder, toy.folder / "samples")[1] < 3e8
    assert len(held)


def test_a_process_that_dies_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="it ends a process that loads it: .*holds no model"):
        cold_start.measure("served", tmp_path, tmp_path)
