import base64
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from sensorium.runtime.predictor import Predictor
from tests.conftest import png
from tests.serving.conftest import served_as, serving

JSON = {"content-type": "application/json"}
HALF = b'{"note": "a frog \\ud83d"}'  # a smiley whose second half was cut off


def test_many_samples_are_answered_in_their_order_and_a_bad_one_in_its_place(client: TestClient) -> None:
    photo = base64.b64encode(png()).decode()
    samples = [{"note": "a frog"}, {"photo": "http://127.0.0.1/x.png"}, {"photo": photo}, {"smell": "x"}, 5, {}]
    answer = client.post("/predict_batch", json={"samples": samples}, headers={"X-Request-ID": "mine"})
    said = answer.json()
    assert (answer.status_code, said["request_id"]) == (200, "mine")
    assert [one["request_id"] for one in said["answers"]] == [f"mine.{number}" for number in range(6)]
    assert [one.get("error") for one in said["answers"]] == [
        None,
        "photo: a file's bytes are expected in base64; paths and URLs are not opened",
        None,
        "there is no input 'smell'; this model reads note, photo, sound, car",
        "a sample must be a JSON object of inputs",
        "no input was given; give one or more of note, photo, sound, car",
    ]
    alone = client.post("/predict", json={"photo": photo}).json()
    for target, other in said["answers"][2]["targets"].items():
        assert other["probabilities"] == pytest.approx(alone["targets"][target]["probabilities"], abs=1e-3)


@pytest.mark.parametrize(
    ("content", "status", "sentence"),
    [
        ({}, 400, 'samples are expected: {"samples": [{...}, ...]}'),
        ({"samples": []}, 400, 'samples are expected: {"samples": [{...}, ...]}'),
        ([], 400, "the body must be a JSON object"),
        ({"samples": [{}], "top": 3}, 400, "unknown key 'top'; samples are expected"),
        ({"samples": [{}] * 65}, 413, "65 samples are more than the 64 that one request may hold"),
    ],
)
def test_a_batch_that_is_none(client: TestClient, content: object, status: int, sentence: str) -> None:
    answer = client.post("/predict_batch", json=content)
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})


def test_an_explanation_is_exact(client: TestClient, model_folder: Path) -> None:
    said = client.post("/explain", json={"note": "a frog", "car": {"age": 3}}).json()
    predictor = Predictor.load(model_folder)
    note, car = {"note": "a frog"}, {"car": {"age": 3.0}}
    alone, other, both = predictor.predict([note, car, note | car])
    for target, classes in predictor.targets.items():
        of = said["targets"][target]
        assert set(of["attribution"]) == {"note", "car"}
        assert of["shares"] == of["attribution"]  # as it was called before
        for place, name in enumerate(classes.classes):
            base = of["base"][name]
            gain = ((alone[target][place] - base) + (both[target][place] - other[target][place])) / 2
            assert of["attribution"]["note"][name] == pytest.approx(
                gain, abs=2e-3
            )  # int8 sees batches a little differently
            total = base + sum(values[name] for values in of["attribution"].values())
            assert total == pytest.approx(of["probabilities"][name], abs=1e-5)


def test_below_the_models_bound_it_says_so(model_folder: Path, tmp_path: Path) -> None:
    folder = served_as(model_folder, tmp_path / "model", abstain={"label": 0.999}, top=1)
    with serving(folder, tmp_path / "log") as unsure:
        targets = unsure.post("/predict", json={"note": "a frog"}).json()["targets"]
        assert (targets["label"]["label"], targets["label"]["abstained"]) == (None, True)
        assert len(targets["label"]["top"]) == 1
        assert targets["size"]["label"] == targets["size"]["top"][0]["label"]
        told = unsure.get("/schema").json()
        about = {"kind": "class", "about": "2 classes, a label from 99.9%"}
        assert told["targets"]["label"] == about | {"classes": ["no", "yes"], "abstain": 0.999}
        assert (told["lineage"], told["limits"]["top"]) == ({"data": "0a1b"}, 1)


def test_the_schema_says_what_is_read(client: TestClient) -> None:
    told = client.get("/schema").json()
    assert told["inputs"]["car"] == {
        "kind": "tabular",
        "encoder": "columns",
        "column": "car",
        "control": "tabular",
        "is_sketched": False,
        "is_file": False,
        "media_types": [],
        "max_bytes": 2**20,
        "settings": {"numbers": ["age"], "categories": ["colour"], "dates": [], "written": {}},
        "value": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "age": {"type": ["number", "string", "boolean", "null"]},
                "colour": {"type": ["string", "number", "boolean", "null"]},
            },
        },
    }
    assert told["inputs"]["sound"]["settings"] == {"seconds": 2.0}
    assert told["inputs"]["photo"]["media_types"][:2] == ["image/png", "image/jpeg"]
    assert (told["limits"]["samples"], told["limits"]["explained"]) == (64, 10)


def test_a_null_is_no_input_and_excuses_no_unknown_name(client: TestClient) -> None:
    assert client.post("/predict", json={"note": "e1", "photo": None}).json()["inputs"] == ["note"]
    refused = client.post("/predict", json={"note": "e1", "phot": None})
    assert refused.status_code == 400
    assert refused.json()["error"] == "there is no input 'phot'; this model reads note, photo, sound, car"


def test_what_no_number_can_hold_is_refused_and_takes_no_other_along(table_folder: Path, tmp_path: Path) -> None:
    with serving(table_folder, tmp_path) as client:
        live = client.app.state.deployment.champion  # type: ignore[attr-defined]
        original = live.predictor.predictions

        def overflow(features: Any, masks: Any) -> Any:
            found = original(features, masks)
            for one, value in zip(found, features["facts"][:, 0, 0], strict=True):
                if value > 1:  # farther than any of training
                    one["label"][:] = np.nan
            return found

        object.__setattr__(live.predictor, "predictions", overflow)
        said = client.post("/predict_batch", json={"samples": [{"facts": {"a": 1}}, {"facts": {"a": 3e38}}]}).json()
    assert "targets" in said["answers"][0]
    assert said["answers"][1]["error"].startswith("the inputs lie so far from what the model knows")


def test_a_body_of_very_many_parts_is_not_taken_apart(client: TestClient) -> None:
    body = b'{"samples":[' + b"[]," * 1_000_001 + b"[]]}"
    answer = client.post("/predict_batch", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()) == (413, {"error": "the body has more than 500,000 parts"})


def test_half_a_sign_in_a_text_is_read_as_a_blank(client: TestClient) -> None:
    whole = client.post("/predict", json={"note": "a frog"}).json()["targets"]
    one = client.post("/predict", content=HALF, headers=JSON)
    explained = client.post("/explain", content=HALF, headers=JSON)
    batch = client.post("/predict_batch", content=b'{"samples": [%s, {"note": "a frog"}]}' % HALF, headers=JSON)
    assert (one.status_code, explained.status_code, batch.status_code) == (200, 200, 200)
    assert one.json()["targets"] == whole
    assert explained.json()["targets"]["label"]["probabilities"].keys() == {"no", "yes"}
    assert [answer["targets"]["label"]["label"] for answer in batch.json()["answers"]] == [whole["label"]["label"]] * 2


def test_an_accident_of_one_sample_is_its_own_and_of_all_the_services(
    table_folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(table_folder, tmp_path) as client:
        live = client.app.state.deployment.champion  # type: ignore[attr-defined]
        original = live.predictor.predictions

        def trip(features: Any, masks: Any) -> Any:
            if (features["facts"][:, 0, 0] > 1).any():  # farther than any of training
                raise ZeroDivisionError("7")
            return original(features, masks)

        object.__setattr__(live.predictor, "predictions", trip)
        good, bad, none = {"facts": {"a": 1}}, {"facts": {"a": 7}}, {"smell": 1}
        logging.getLogger("sensorium").propagate = True  # another test may have sent it elsewhere
        some = client.post("/predict_batch", json={"samples": [good, bad, none]}, headers={"X-Request-ID": "some"})
        accidents = [vars(line) for line in caplog.records if line.getMessage() == "accident"]
        every = client.post("/predict_batch", json={"samples": [bad, bad]}, headers={"X-Request-ID": "every"})
        alone = client.post("/predict", json=bad, headers={"X-Request-ID": "alone"})
    assert some.status_code == 200
    assert "targets" in some.json()["answers"][0]
    assert [one.get("error") for one in some.json()["answers"][1:]] == [
        "the service failed; its log says why under the request id some.1",
        "there is no input 'smell'; this model reads facts, more",
    ]
    assert [(line["request_id"], line["error"]) for line in accidents] == [("some.1", "ZeroDivisionError")]
    assert (every.status_code, alone.status_code) == (500, 500)
    assert every.json() == {"error": "the service failed; its log says why under the request id every"}
    assert alone.json() == {"error": "the service failed; its log says why under the request id alone"}
