"""Several inputs that read one column: a request gives it once."""

import base64
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from sensorium.client import Client
from sensorium.commands import predict
from sensorium.dataset.table_prediction import ERROR, INPUTS, predict_table
from sensorium.modalities import Image
from sensorium.modalities.request_fields import request_fields
from sensorium.runtime import artefact, settings
from sensorium.runtime.predictor import Predictor
from sensorium.serving import content
from tests.browser import browsing
from tests.conftest import png, wav
from tests.serving.conftest import listening, serving

COLUMNS = {"note": "head line", "photo": "clip", "sound": "clip"}
PATIENCE = 10  # seconds


@pytest.fixture(scope="module")
def shared(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model of the other tests, whose photo and sound are read from one column; requests are kept."""
    folder = tmp_path_factory.mktemp("shared") / "model"
    shutil.copytree(model_folder, folder)
    manifest = json.loads((folder / artefact.MANIFEST).read_text())
    for name, column in COLUMNS.items():
        manifest["inputs"][name]["settings"]["column"] = column
    (folder / artefact.MANIFEST).unlink()
    artefact.seal(folder, {key: value for key, value in manifest.items() if key not in ("version", "files")})
    examples = [{"note": "as an earlier version packaged it"}]
    lineage = {"encoders": {"photo": "some/network"}}
    settings.write(folder, settings.Settings(keep=settings.Keep(keep_content=True), lineage=lineage, examples=examples))
    return folder


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log")


@pytest.fixture(scope="module")
def client(shared: Path, log: Path) -> Iterator[TestClient]:
    with serving(shared, log) as one:
        yield one


def answered(client: TestClient, path: str = "/predict", **request: Any) -> dict[str, Any]:
    answer = client.post(path, **request)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_one_file_feeds_all_inputs_that_can_read_it(client: TestClient) -> None:
    answer = answered(client, files={"clip": ("a", png()), "head line": (None, "a frog")})
    assert answer["inputs"] == ["note", "photo"]
    assert list(answer["unread"]) == ["sound"]
    assert "sound" in answer["unread"]["sound"]
    heard = answered(client, "/explain", json={"clip": base64.b64encode(wav()).decode()})
    assert (heard["inputs"], list(heard["unread"])) == (["sound"], ["photo"])
    assert list(heard["targets"]["label"]["attribution"]) == ["sound"]
    assert "unread" not in answered(client, json={"head line": "a frog"})


def test_what_no_input_can_read_is_refused_with_every_reason(client: TestClient) -> None:
    samples = [{"clip": base64.b64encode(b"neither").decode()}, {"clip": base64.b64encode(png()).decode()}]
    refused, answer = answered(client, "/predict_batch", json={"samples": samples})["answers"]
    assert refused["error"].startswith("clip: not a picture")
    assert "sound" in refused["error"]
    assert answer["inputs"] == ["photo"]


def test_names_of_inputs_are_read_for_one_version_more_where_they_are_plain(client: TestClient) -> None:
    assert answered(client, json={"note": "a frog"})["inputs"] == ["note"]
    assert answered(client, data={"note": "a frog"})["inputs"] == ["note"]
    for given, sentence in (
        ({"note": "a", "head line": "b"}, "head line: given more than once"),
        ({"photo": "AAAA"}, "there is no input 'photo'; this model reads head line, clip, car"),
    ):
        refused = client.post("/predict", json=given)
        assert (refused.status_code, refused.json()["error"]) == (400, sentence)
    assert client.get("/examples").json()["examples"] == [{"head line": "as an earlier version packaged it"}]


def test_the_schema_and_the_description_name_columns(client: TestClient) -> None:
    schema = client.get("/schema").json()
    assert {name: one["column"] for name, one in schema["inputs"].items()} == {**COLUMNS, "car": "car"}
    assert (schema["inputs"]["photo"]["encoder"], schema["inputs"]["note"]["encoder"]) == ("some/network", "minilm")
    clip = schema["columns"]["clip"]
    assert (clip["inputs"], clip["kind"], clip["is_file"]) == (["photo", "sound"], "audio", True)
    assert {"image/png", "audio/wav"} <= set(clip["media_types"])
    body = client.get("/docs.json").json()["paths"]["/predict"]["post"]["requestBody"]["content"]
    given = body["multipart/form-data"]["schema"]["properties"]
    assert list(given) == ["head line", "clip", "car", "note"]
    assert given["note"]["deprecated"]
    assert answered(client, json=body["application/json"]["example"])["inputs"] == ["note", "sound", "car"]


def test_the_log_has_hashes_by_input_and_keeps_what_a_column_was_given_once(client: TestClient, log: Path) -> None:
    request_id = answered(client, files={"clip": ("a", png((1, 2, 3)))})["request_id"]
    records = [json.loads(line) for line in (log / "predictions.jsonl").read_text().splitlines()]
    (record,) = (one for one in records if one["request_id"] == request_id)
    assert (list(record["hashes"]), list(record["content"])) == (["photo"], ["clip"])
    end = time.monotonic() + PATIENCE
    while not (kept := content.find(log, record["content"]["clip"])) and time.monotonic() < end:
        time.sleep(0.01)
    assert kept
    assert kept.read_bytes() == png((1, 2, 3))


def test_programs_and_terminals_name_columns(
    client: TestClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.wav").write_bytes(wav())
    with listening(client) as address:
        with Client(address) as service:
            assert service.predict(clip=tmp_path / "a.wav", **{"head line": "a"})["inputs"] == ["note", "sound"]
        predict.run(["--clip", str(tmp_path / "a.wav"), "--note", "a frog"], address)
    told = capsys.readouterr().out
    assert "given    note, sound; missing photo, car" in told
    assert "unread   photo: not a picture" in told


def test_a_tables_column_is_read_by_all_its_inputs(shared: Path, tmp_path: Path) -> None:
    for name, raw in {"a.png": png(), "a.wav": wav(), "a.txt": b"neither"}.items():
        (tmp_path / name).write_bytes(raw)
    table = pa.table({"clip": ["a.png", "a.wav", "a.txt", None], "head line": [None, None, None, "a frog"]})
    columns = predict_table(table, Predictor.load(shared), settings.Serve(), tmp_path)
    assert columns[INPUTS].to_pylist() == ["photo", "sound", None, "note"]
    errors = columns[ERROR].to_pylist()
    assert [str(one).split(":")[0] for one in errors] == ["sound", "photo", "photo", "None"]
    assert "; sound: " in errors[2]


def test_inputs_that_differ_in_their_encoders_have_a_file_decoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from sensorium.runtime import predictor

    decoded: list[bytes] = []
    decode = Image.decode
    monkeypatch.setattr(Image, "decode", lambda kind, raw: decoded.append(raw) or decode(kind, raw))
    other = Image(column="look").model_copy(update={"encoder": "another"})
    fields = request_fields({"look": Image(), "again": other})
    found = predictor._read(fields["look"], png())
    assert found["look"] is found["again"]
    assert decoded == [png()]


@pytest.mark.slow
def test_the_page_has_one_card_for_the_column_and_says_what_was_left_out(client: TestClient) -> None:
    with browsing() as chromium, listening(client) as address:
        page = chromium.new_page()
        page.goto(f"{address}/ui/")
        page.wait_for_selector("#inputs form")
        assert page.eval_on_selector_all(".card", "all => all.map((one) => one.dataset.input)") == [
            "head line", "clip", "car"
        ]  # fmt: skip
        choose = page.locator("[data-input=clip] input[type=file]").first
        assert "audio/wav" in choose.get_attribute("accept")
        choose.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": png()})
        page.keyboard.press("Control+Enter")
        page.wait_for_selector(".answered")
        assert page.locator("[data-unread=sound]").inner_text().startswith("Sound was left out: ")
        assert page.locator("[data-target=label] [data-attribution=sound]").inner_text().split("\n")[-1] == "not given"
