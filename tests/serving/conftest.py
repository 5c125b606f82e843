"""A model over four kinds of input with real encoders and an untrained fusion."""

from pathlib import Path

import pytest
import torch

from sensorium.modalities import Audio, Image, Modality, Tabular, Text
from tests import model
from tests.conftest import png, wav

RAWS = {"note": "a frog", "photo": png(), "sound": wav(), "car": {"age": 3, "colour": "red"}}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kinds: dict[str, Modality] = {
        "note": Text(),
        "photo": Image(),
        "sound": Audio(seconds=2),
        "car": Tabular(numbers=["age"], categories=["colour"]),
    }
    values = {name: kind.accept(RAWS[name]) for name, kind in kinds.items()}
    readers = model.read(kinds, values)
    torch.manual_seed(0)
    network = model.small_network(readers, {"label": ["no", "yes"], "size": ["s", "m", "l"]}, "attention")
    return model.write(readers, values, network, tmp_path_factory.mktemp("model") / "whole", {"note": "int8-tables"})
