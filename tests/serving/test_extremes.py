"""Whatever a kind accepts is answered, with its reasons; whatever it refuses is a 400 with the same sentence."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from sensorium.modalities import Modality, Video
from tests import model
from tests.extremes import ACCEPTED, REFUSED, SIGNALS
from tests.serving.conftest import serving

NAMES = {"text": "note", "image": "photo", "audio": "sound", "video": "clip", "tabular": "car"}
JSON = {"content-type": "application/json"}
COLUMNS = {"a": "age", "b": "age", "c": "colour"}


@pytest.fixture(scope="module")
def of_clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Of a model of clips alone, which the model of the other tests has no input for."""
    kinds = {"clip": Video(encoder="motion")}
    values = {"clip": kinds["clip"].accept(kinds["clip"].example())}
    readers, folder = model.read(kinds, values), tmp_path_factory.mktemp("clips") / "model"
    network = model.small_network(readers, {"label": ["no", "yes"]})
    with serving(model.write(readers, values, network, folder), folder.with_name("log")) as one:
        yield one


@pytest.fixture(scope="module")
def signals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A client of a model of signals."""
    values = {name: kind.accept(kind.example()) for name, kind in SIGNALS.items()}
    readers = model.read(SIGNALS, values)
    network = model.small_network(readers, {"label": ["no", "yes"]})
    folder = model.write(readers, values, network, tmp_path_factory.mktemp("signals") / "model")
    with serving(folder, tmp_path_factory.mktemp("log")) as one:
        yield one


@pytest.fixture
def asked(kind: Modality, request: pytest.FixtureRequest) -> TestClient:
    """A client of a model that reads this kind."""
    if kind.kind == "video":
        return request.getfixturevalue("of_clips")
    return request.getfixturevalue("signals" if kind in SIGNALS.values() else "client")


def called(kind: Modality) -> str:
    """As the model names it."""
    return next((name for name, one in SIGNALS.items() if one == kind), NAMES.get(kind.kind, ""))


def written(content: Any) -> str:
    return json.dumps(content, default=np.ndarray.tolist)


def sample(kind: Modality, raw: Any) -> dict[str, Any]:
    """As a request gives it."""
    if kind.kind == "tabular":
        raw = {COLUMNS[name]: cell for name, cell in raw.items()}
    return {called(kind): base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw}


@pytest.mark.parametrize(("kind", "raw"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted_is_answered_and_explained(asked: TestClient, kind: Modality, raw: Any) -> None:
    said = asked.post("/explain", content=written(sample(kind, raw)), headers=JSON)
    assert said.status_code == 200, said.text
    for target in said.json()["targets"].values():
        assert sum(target["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("kind", "raw", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_in_the_same_words(
    asked: TestClient, kind: Modality, raw: Any, sentence: str
) -> None:
    content = sample(kind, raw)
    if kind.kind == "tabular":
        sentence = sentence.replace("'a'", "'age'").replace("'c'", "'colour'")
    said = asked.post("/predict_batch", content=written({"samples": [content]}), headers=JSON)
    assert said.json()["answers"][0]["error"] == f"{called(kind)}: {sentence}"
