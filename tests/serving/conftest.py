"""A model over four kinds of input with real encoders and an untrained fusion."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from starlette.testclient import TestClient

from sensorium.modalities import Audio, Image, Modality, Tabular, Text
from sensorium.serving.app import create_app, start
from sensorium.serving.deployment import Deployment
from sensorium.serving.live import Workers
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


@contextmanager
def serving(folder: Path, log: Path, challenger: Path | None = None, **environment: str) -> Iterator[TestClient]:
    """A client of the whole application on the loopback, with a model of the folder."""
    app = create_app()
    deployment = Deployment(Workers(1, "a"), Workers(1, "b"), lambda: folder, lambda: challenger)
    start(app, deployment, log, environment)
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50_000)) as client:
        yield client


@pytest.fixture(scope="package")
def client(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(model_folder, tmp_path_factory.mktemp("log")) as one:
        yield one
