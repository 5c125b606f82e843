"""Whatever a kind accepts is answered, with its reasons; whatever it refuses is a 400 with the same sentence."""

import base64
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from sensorium.modalities import Modality
from tests.extremes import ACCEPTED, REFUSED

NAMES = {"text": "note", "image": "photo", "audio": "sound", "tabular": "car"}
JSON = {"content-type": "application/json"}
COLUMNS = {"a": "age", "b": "age", "c": "colour"}


def sample(kind: Modality, raw: Any) -> dict[str, Any]:
    """As the model of the tests names it."""
    if kind.kind == "tabular":
        raw = {COLUMNS[name]: cell for name, cell in raw.items()}
    return {NAMES[kind.kind]: base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw}


@pytest.mark.parametrize(("kind", "raw"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted_is_answered_and_explained(client: TestClient, kind: Modality, raw: Any) -> None:
    said = client.post("/explain", content=json.dumps(sample(kind, raw)), headers=JSON)
    assert said.status_code == 200, said.text
    for target in said.json()["targets"].values():
        assert sum(target["probabilities"].values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("kind", "raw", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_in_the_same_words(
    client: TestClient, kind: Modality, raw: Any, sentence: str
) -> None:
    content = sample(kind, raw)
    if kind.kind == "tabular":
        sentence = sentence.replace("'a'", "'age'").replace("'c'", "'colour'")
    said = client.post("/predict_batch", content=json.dumps({"samples": [content]}), headers=JSON)
    assert said.json()["answers"][0]["error"] == f"{NAMES[kind.kind]}: {sentence}"
