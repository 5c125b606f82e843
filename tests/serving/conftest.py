"""A model over four kinds of input with real encoders and an untrained fusion."""

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import uvicorn
from starlette.testclient import TestClient

from sensorium.cached import alone
from sensorium.modalities import Audio, Image, Modality, Tabular, Text
from sensorium.runtime import settings
from sensorium.serving.app import create_app, start
from sensorium.serving.deployment import Deployment
from sensorium.serving.live import Workers
from tests import model
from tests.conftest import free_port, png, wav

RAWS = {"note": "a frog", "photo": png(), "sound": wav(), "car": {"age": 3, "colour": "red"}}


@pytest.fixture(scope="session")
def model_folder(folder_of_all: Path) -> Path:
    """The model, written once for all tests: whoever changes something in it has a copy."""
    folder = folder_of_all / "model/whole"
    with alone(folder):
        if not folder.exists():
            write_model(folder.with_name("unfinished")).rename(folder)
    return folder


def write_model(folder: Path) -> Path:
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
    return model.write(readers, values, network, folder, {"note": "int8-tables"})


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


@pytest.fixture(scope="session")
def table_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model over one input of columns, which loads in no time."""
    return table_model(tmp_path_factory.mktemp("table") / "model", seed=0)


def table_model(folder: Path, seed: int) -> Path:
    """Writes a model of columns with other weights for another seed."""
    values = {"facts": {"a": 1.0, "b": 2.0}, "more": {"c": 1.0}}
    readers = model.read({"facts": Tabular(numbers=["a", "b"]), "more": Tabular(numbers=["c"])}, values)
    torch.manual_seed(seed)
    return model.write(readers, values, model.small_network(readers, {"label": ["no", "yes"]}), folder)


def served_as(folder: Path, copy: Path, **serve: object) -> Path:
    """The same model with other settings of ``serve``."""
    shutil.copytree(folder, copy, copy_function=os.link)
    (copy / settings.FILE).unlink(missing_ok=True)
    written = settings.Settings(settings.Serve(**serve), lineage={"data": "0a1b"})  # type: ignore[arg-type]
    settings.write(copy, written)
    return copy


@contextmanager
def listening(client: TestClient) -> Iterator[str]:
    """The address of a real server of a client's application."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(client.app, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
