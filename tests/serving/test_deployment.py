import gc
import json
import os
import shutil
import subprocess
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import replacing
from sensorium.runtime import artefact
from sensorium.serving import deployment
from sensorium.serving.deployment import Deployment, challenger_folder, champion_folder, registered
from sensorium.serving.live import Workers
from tests.serving.conftest import serving, table_model
from tests.serving.test_feedback import lines

FACTS = {"facts": {"a": 1}, "more": {"c": 2}}


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment, "POLL", 0.05)


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return [table_model(tmp_path_factory.mktemp("models") / str(seed), seed) for seed in (1, 2)]


def version(folder: Path) -> str:
    return artefact.read(folder)["version"]


def install(source: Path, folder: Path) -> None:
    with replacing(folder) as beside:
        shutil.copytree(source, beside)


def served(client: TestClient) -> str:
    return client.post("/predict", json=FACTS).json()["model_version"]


def wait_for(client: TestClient, expected: str) -> None:
    wait_until(lambda: served(client) == expected)


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


def failed() -> float:
    labels = {"role": "champion", "outcome": "failed"}
    return REGISTRY.get_sample_value("sensorium_model_switches_total", labels) or 0


def test_models_are_switched_under_load_and_no_request_is_dropped(others: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "served"
    install(others[0], folder)
    statuses: list[int] = []
    versions: set[str] = set()
    with serving(folder, tmp_path / "log") as client:
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                answer = client.post("/predict", json=FACTS)
                statuses.append(answer.status_code)
                versions.add(answer.json()["model_version"])

        with ThreadPoolExecutor(4) as threads:
            asking = [threads.submit(ask) for _ in range(4)]
            for source in (others[1], others[0], others[1]):
                install(source, folder)
                wait_for(client, version(source))
            stop.set()
            for one in asking:
                one.result()
    assert set(statuses) == {200}
    assert len(statuses) > 20
    assert versions == {version(source) for source in others}


def test_a_model_that_was_replaced_leaves_the_memory(others: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "served"
    install(others[0], folder)
    with serving(folder, tmp_path / "log") as client:
        served(client)
        before = weakref.ref(client.app.state.deployment.champion)  # type: ignore[attr-defined]
        install(others[1], folder)
        wait_for(client, version(others[1]))
        wait_until(lambda: gc.collect() >= 0 and before() is None)


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_in_service(others: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "served"
    install(others[0], folder)
    before = failed()
    with serving(folder, tmp_path / "log") as client:
        with replacing(folder) as beside:
            shutil.copytree(others[1], beside)
            (beside / artefact.FUSION).write_bytes(b"cut off")
        wait_until(lambda: failed() == before + 1)
        assert served(client) == version(others[0])
        shutil.rmtree(folder)
        time.sleep(0.3)
        assert served(client) == version(others[0])
        install(others[1], folder)
        wait_for(client, version(others[1]))


def test_other_settings_are_taken_up_too(others: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "served"
    install(others[0], folder)
    with serving(folder, tmp_path / "log") as client:
        assert client.get("/schema").json()["limits"]["top"] == 3
        (folder / "serve.json").write_text(json.dumps({"settings": {"top": 1}, "lineage": {}}))
        wait_until(lambda: client.get("/schema").json()["limits"]["top"] == 1)
        before = failed()
        (folder / "serve.json").write_text('{"settings": {"top": "many"}}')
        wait_until(lambda: failed() == before + 1)
        assert client.get("/schema").json()["limits"]["top"] == 1


def test_a_challenger_runs_in_shadow_and_never_answers(others: list[Path], tmp_path: Path) -> None:
    champion, challenger = others
    with serving(champion, tmp_path, challenger) as client:
        answers = [client.post("/predict", json=FACTS).json() for _ in range(3)]
        client.post("/predict", json={"facts": {"a": "old"}})
        assert {answer["model_version"] for answer in answers} == {version(champion)}
        wait_until(lambda: len(lines(tmp_path / "predictions.jsonl")) == 6)
    written = lines(tmp_path / "predictions.jsonl")
    for answer in answers:
        both = {line["role"]: line for line in written if line["request_id"] == answer["request_id"]}
        assert both["champion"]["model_version"] == version(champion)
        assert both["challenger"]["model_version"] == version(challenger)
        assert both["champion"]["probabilities"] != both["challenger"]["probabilities"]


def test_a_broken_challenger_does_not_keep_the_champion_from_serving(others: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(others[1], broken)
    (broken / artefact.FUSION).unlink()
    with serving(others[0], tmp_path / "log", broken) as client:
        assert served(client) == version(others[0])


def test_without_a_model_the_service_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        Deployment(Workers(1, "a"), Workers(1, "b"), lambda: tmp_path, lambda: None).start()


NAMED = {"version": "v1.0.0", "commit": "c", "model_version": "abc", "settings": ""}
BROKEN = {  # what stands in the file, and what is said of it
    "": "it is no JSON: Expecting value",
    "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> other": "it is no JSON: Expecting value",
    '{"version": "v1.0.0", "commit"': "it is no JSON",
    "[1]": "it has no key 'version'",
    '"v1.0.0"': "it has no key 'version'",
    "{}": "it has no key 'version'",
    '{"version": "v1.0.0"}': "commit is ''",
    json.dumps(NAMED | {"model_version": None}): "model_version is None",
    json.dumps(NAMED | {"model_version": ["abc"]}): "model_version is ['abc']",
    json.dumps(NAMED | {"model_version": "../packaged"}): "model_version is '../packaged'",
    json.dumps(NAMED | {"version": ""}): "version is ''",
    json.dumps(NAMED | {"settings": 5}): "settings is 5",
    "\udcff": "'utf-8' codec can't decode byte 0xff",
    "[" * 100_000: "it is no JSON",
}


@pytest.mark.parametrize(("text", "said"), BROKEN.items(), ids=range(len(BROKEN)))
def test_a_file_that_cannot_be_read_is_never_taken_for_one_that_names_no_model(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths.CHAMPION.parent.mkdir()
    paths.CHAMPION.write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UserError) as told:
        champion_folder()
    assert f"models/champion.json cannot be read ({said}" in str(told.value)
    assert "so it is not known which model it names; make it what it was (`git checkout HEAD --" in str(told.value)


def test_what_is_no_file_cannot_be_read_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths.CHAMPION.mkdir(parents=True)
    with pytest.raises(UserError, match="it is no file"):
        champion_folder()
    paths.CHAMPION.rmdir()
    os.mkfifo(paths.CHAMPION)  # to read it would wait for ever
    with pytest.raises(UserError, match="it is no file"):
        champion_folder()
    paths.CHAMPION.unlink()
    paths.CHAMPION.symlink_to(paths.CHAMPION.name)
    with pytest.raises(UserError, match="Too many levels of symbolic links"):
        champion_folder()


def test_a_deleted_or_emptied_file_that_git_has_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths.CHAMPION.parent.mkdir()
    paths.CHAMPION.write_text(json.dumps(NAMED))
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    for command in (["init"], ["add", "models"], [*who, "commit", "--message", "Champion"]):
        subprocess.run(["git", *command], check=True, capture_output=True)
    paths.CHAMPION.unlink()
    with pytest.raises(UserError) as told:
        champion_folder()
    assert str(told.value) == (
        "models/champion.json is not there, but git has it, naming v1.0.0; "
        "`git checkout HEAD -- models/champion.json` brings it back."
    )
    paths.CHAMPION.write_text('{"version": null}')
    with pytest.raises(UserError, match="champion.json names no model, but git has it, naming v1.0.0"):
        champion_folder()


def metric(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


@pytest.mark.parametrize("is_packaged", [True, False])
def test_a_running_service_keeps_its_champion_whatever_becomes_of_the_file(
    others: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_packaged: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    promoted, other = map(version, others)
    if is_packaged:
        install(others[1], paths.PACKAGED)
    for source in others:
        install(source, paths.promoted(version(source), ""))
    pointer = tmp_path / paths.CHAMPION

    def point(name: str) -> None:
        with replacing(pointer) as beside:
            beside.write_text(json.dumps(NAMED | {"model_version": name}))

    point(promoted)
    one = Deployment(Workers(1, "a"), Workers(1, "b"))
    one.start()
    for damage in (
        lambda: pointer.write_text(""),
        lambda: pointer.write_text("<<<<<<< HEAD"),
        lambda: pointer.write_text('{"version": null}'),
        lambda: point("not-here"),
        pointer.unlink,
        lambda: (pointer.unlink(), pointer.mkdir()),
    ):
        damage()
        caplog.clear()
        before = failed()
        for _ in range(3):
            one.refresh("champion")
        assert one.champion.version == promoted
        assert metric("sensorium_model_stuck", role="champion") == 1
        assert failed() == before + 1
        assert [record.levelname for record in caplog.records] == ["ERROR"]  # once, not at each look
        assert "the champion is not served: models/champion.json" in caplog.text
        point(promoted)
        one.refresh("champion")
        assert (one.champion.version, metric("sensorium_model_stuck", role="champion")) == (promoted, 0)
    point(other)
    one.refresh("champion")
    assert (one.champion.version, metric("sensorium_model_stuck", role="champion")) == (other, 0)


def test_a_challenger_runs_on_while_its_file_cannot_be_read(
    others: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    install(others[1], paths.promoted("def", ""))
    paths.CHALLENGER.parent.mkdir()
    paths.CHALLENGER.write_text(json.dumps(NAMED | {"model_version": "def"}))
    one = Deployment(Workers(1, "a"), Workers(1, "b"), lambda: others[0])
    one.start()
    assert one.challenger is not None
    paths.CHALLENGER.write_text("")
    one.refresh("challenger")
    assert one.challenger is not None
    assert metric("sensorium_model_stuck", role="challenger") == 1
    paths.CHALLENGER.unlink()
    one.refresh("challenger")
    assert one.challenger is None
    assert metric("sensorium_model_stuck", role="challenger") == 0


def test_the_champion_of_the_repository_is_served_and_before_there_is_one_what_was_packaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    paths.CHAMPION.parent.mkdir()
    assert (champion_folder(), challenger_folder()) == (paths.PACKAGED, None)
    paths.CHAMPION.write_text('{"version": null}')
    assert champion_folder() == paths.PACKAGED
    for pointer, name in ((paths.CHAMPION, "abc"), (paths.CHALLENGER, "def")):
        pointer.write_text(json.dumps({"version": "v1.0.0", "commit": "c", "model_version": name, "settings": "5e7"}))
    with pytest.raises(
        UserError, match=r"names v1.0.0, which is not on this machine; `sensorium promote v1.0.0` brings"
    ):
        champion_folder()
    for name in ("abc", "def"):
        paths.promoted(name, "5e7").mkdir(parents=True)
        (paths.promoted(name, "5e7") / artefact.MANIFEST).write_text("{}")
    assert champion_folder() == tmp_path / "cache/champions/abc-5e7"
    assert challenger_folder() == tmp_path / "cache/champions/def-5e7"
    assert registered(tmp_path / "cache/champions/abc-5e7") == {"version": "v1.0.0", "commit": "c"}
    assert registered(paths.PACKAGED) == {}
    monkeypatch.setenv("SENSORIUM_MODEL", "/models/fixed")
    monkeypatch.setenv("SENSORIUM_CHALLENGER", "/models/other")
    assert (champion_folder(), challenger_folder()) == (Path("/models/fixed"), Path("/models/other"))
