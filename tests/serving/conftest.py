"""A model over four kinds of input with real encoders and an untrained fusion."""

from pathlib import Path

import pytest
import torch

from sensorium.compression.candidates import assemble, export_part
from sensorium.modalities import Audio, Image, Modality, Tabular, Text
from sensorium.modalities.encoder import encode
from sensorium.models.network import Network, NetworkConfig
from tests.conftest import png, wav

RAWS = {"note": "a frog", "photo": png(), "sound": wav(), "car": {"age": 3, "colour": "red"}}


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    work = tmp_path_factory.mktemp("model")
    kinds: dict[str, Modality] = {
        "note": Text(),
        "photo": Image(),
        "sound": Audio(seconds=2),
        "car": Tabular(numbers=["age"], categories=["colour"]),
    }
    parts = {}
    for name, kind in kinds.items():
        encoder, value = kind.load_encoder(), kind.accept(RAWS[name])
        _, tokens, dim = encode(encoder.preprocess, encoder.network, [value]).shape
        parts[name] = export_part(kind, encoder, (tokens, dim), [value] * 2, work / name)
    torch.manual_seed(0)
    dims = {name: part.dim for name, part in parts.items()}
    network = Network(NetworkConfig(dims, {"label": ["no", "yes"], "size": ["s", "m", "l"]}, "attention", 16, 1, 0.0))
    assemble(
        parts,
        network.eval(),
        frozenset({"note"}),
        work / "whole",
    )
    return work / "whole"
