import base64
import json
import os
import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sensorium.runtime import settings
from tests.conftest import png, wav
from tests.serving.conftest import RAWS, serving

JSON = {"content-type": "application/json"}
NOT_OPENED = "photo: a file's bytes are expected in base64; paths and URLs are not opened"


def test_a_form_and_json_get_the_same_answer(client: TestClient) -> None:
    form = client.post("/predict", data={"note": "a frog", "car": '{"age": 3}'}, files={"photo": png(), "sound": wav()})
    encoded = {name: base64.b64encode(raw).decode() for name, raw in (("photo", png()), ("sound", wav()))}
    as_json = client.post("/predict", json={"note": "a frog", "car": {"age": 3}, **encoded})
    assert (form.status_code, as_json.status_code) == (200, 200)
    one, other = form.json(), as_json.json()
    assert one.keys() == {"request_id", "model_version", "inputs", "targets"}
    assert one["inputs"] == ["note", "photo", "sound", "car"]
    assert one["targets"] == other["targets"]
    assert one["request_id"] != other["request_id"]
    label = one["targets"]["label"]
    assert label["probabilities"].keys() == {"no", "yes"}
    assert label["label"] == max(label["probabilities"], key=label["probabilities"].get)


def test_null_counts_as_missing(client: TestClient) -> None:
    assert client.post("/predict", json={"note": "a frog", "photo": None}).json()["inputs"] == ["note"]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "no input was given; give one or more of note, photo, sound, car"),
        ({"note": None}, 400, "no input was given; give one or more of note, photo, sound, car"),
        ({"note": " "}, 400, "note: the text is empty"),
        ({"note": 5}, 400, "note: a text is expected, not int"),
        ({"smell": "x"}, 400, "there is no input 'smell'; this model reads note, photo, sound, car"),
        ({"photo": ""}, 400, "photo: the picture is empty (0 bytes)"),
        ({"photo": "aGVsbG8="}, 400, "photo: not a picture (PNG, JPEG, WEBP, GIF, BMP, TIFF are read)"),
        ({"photo": "http://127.0.0.1/x.png"}, 400, NOT_OPENED),
        ({"photo": "../secret.png"}, 400, NOT_OPENED),
        ({"car": {"age": 10**400}}, 400,
         f"car: column 'age' holds 1{'0' * 39}, which is not within 3.4e+38, as a number must be"),
        ({"car": {"age": "old"}}, 400, "car: column 'age' holds 'old' where a number is expected"),
        ([1], 400, "a sample must be a JSON object of inputs"),
        ("x", 400, "a sample must be a JSON object of inputs"),
    ],
)  # fmt: skip
def test_bad_json_gets_a_sentence(client: TestClient, body: object, status: int, sentence: str) -> None:
    answer = client.post("/predict", json=body)
    assert (answer.status_code, answer.json()) == (status, {"error": sentence})


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"photo": b""}, "photo: the picture is empty (0 bytes)"),
        ({"photo": png()[:60]}, "photo: the picture is broken or cut off"),
        (
            {"sound": b"a text file"},
            "sound: not a sound that can be read (WAV, FLAC, Ogg, MP3, M4A, WebM and clips can)",
        ),
        ({"sound": wav(1 / 16_000)}, "sound: the sound is too short: 0.0001 s, at least 0.1 s is needed"),
        ({"smell": b"x"}, "there is no input 'smell'; this model reads note, photo, sound, car"),
    ],
)
def test_bad_files_get_a_sentence(client: TestClient, files: dict[str, bytes], sentence: str) -> None:
    answer = client.post("/predict", files=files)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(sentence)


def test_a_text_field_for_a_file_is_not_opened(client: TestClient) -> None:
    answer = client.post("/predict", data={"photo": "file:///etc/passwd"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "photo: a file is expected; paths and URLs are not opened"},
    )


def test_what_a_browser_sends_where_nothing_was_chosen_counts_as_missing(client: TestClient) -> None:
    body = b""
    for name, file in (
        ("note", b""),
        ("photo", b'; filename=""\r\nContent-Type: application/octet-stream'),
        ("sound", b""),
    ):
        body += b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"' + file + b"\r\n\r\n\r\n"
    body += b'--x\r\nContent-Disposition: form-data; name="car"\r\n\r\n{"age": 3}\r\n--x--\r\n'
    answer = client.post("/predict", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.json()["inputs"] == ["car"]


def test_json_without_its_type_gets_a_hint(client: TestClient) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/predict", content=b'{"note": "a frog"}', headers=form)
    assert (answer.status_code, answer.json()["error"]) == (
        415,
        "the body looks like JSON; send it with Content-Type: application/json",
    )


def test_a_field_given_twice(client: TestClient) -> None:
    answer = client.post("/predict", files=[("photo", png()), ("photo", png())])
    assert (answer.status_code, answer.json()) == (400, {"error": "photo: given more than once"})


def test_sizes_are_limited(client: TestClient) -> None:
    one = client.post("/predict", files={"photo": bytes(33 * 2**20)})
    assert (one.status_code, one.json()) == (413, {"error": "photo: larger than 32 MiB"})
    whole = client.post("/predict", content=bytes(100 * 2**20), headers={"content-type": "application/json"})
    assert (whole.status_code, whole.json()) == (413, {"error": "the body is larger than 89 MiB"})


def test_other_bodies_and_broken_ones(client: TestClient) -> None:
    assert client.post("/predict", content=b"hi", headers={"content-type": "text/plain"}).status_code == 415
    deep = "[" * 100_000
    for content, sort in (
        (b"{", "application/json"),
        (deep.encode(), "application/json"),
        (b"x", "multipart/form-data"),
    ):
        assert client.post("/predict", content=content, headers={"content-type": sort}).status_code == 400


def test_text_that_no_encoding_knows_is_read_as_blanks(client: TestClient) -> None:
    answer = client.post("/predict", content=b'{"car": {"colour": "a\\ud800"}}', headers=JSON)
    assert answer.status_code == 200


def test_deep_columns_in_a_form(client: TestClient) -> None:
    answer = client.post("/predict", data={"car": "[" * 100_000})
    assert (answer.status_code, answer.json()) == (400, {"error": "car: columns are expected as a JSON object"})


def test_a_form_that_is_cut_off(client: TestClient) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--x\r\n'
    body += b'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\n\x89PNG half'
    answer = client.post("/predict", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "the form is cut off: its closing boundary is missing"},
    )


@pytest.mark.parametrize(
    "sort", ["multipart/form-data; Boundary=x", 'multipart/form-data; charset=utf-8; boundary="x"']
)
def test_boundaries_as_mail_programs_write_them(client: TestClient, sort: str) -> None:
    whole = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--x--\r\nan epilogue'
    assert client.post("/predict", content=whole, headers={"content-type": sort}).json()["inputs"] == ["note"]
    assert client.post("/predict", content=whole[:-20], headers={"content-type": sort}).status_code == 400


def test_the_description_names_inputs_and_classes(client: TestClient) -> None:
    described = client.get("/docs.json").json()
    content = described["paths"]["/predict"]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"]["properties"]["photo"] == {"type": "string", "format": "binary"}
    assert '"enum": ["no", "yes", null]' in json.dumps(described)
    assert content["multipart/form-data"]["schema"]["properties"].keys() == RAWS.keys()


def test_what_is_offered_to_try_travels_with_the_model(table_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(table_folder, folder, copy_function=os.link)
    example = {"facts": {"a": 1.0}}
    written = settings.Settings(title="Cars of Lyon", examples=[example], choices={"facts": {"b": ["x"]}})
    settings.write(folder, written)
    assert settings.read(folder) == written
    with serving(folder, tmp_path / "log") as client:
        described = client.get("/schema").json()
        assert (described["title"], described["examples"]) == ("Cars of Lyon", 1)
        assert described["inputs"]["facts"]["value"]["properties"]["b"]["examples"] == ["x"]
        assert client.get("/docs.json").json()["info"]["title"] == "Cars of Lyon"
        assert client.get("/examples").json() == {"examples": [example]}
        assert client.post("/predict", json=example).json()["inputs"] == ["facts"]
