"""What is written down of a request."""

import json
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium.modalities.modality import Modality
from sensorium.monitoring.feedback.labels import EPOCH, read_feedback
from sensorium.monitoring.log.lines import Problems, read_records
from sensorium.monitoring.log.window import FIELDS, read_window
from sensorium.runtime import artefact, profile, settings
from sensorium.runtime.predictor import Predictor
from sensorium.serving import content
from tests.conftest import png, wav
from tests.serving.conftest import serving

TEXT = "A secret frog lives in the green garden."
FORM = {
    "note": (None, TEXT),
    "photo": png(),
    "sound": wav(),
    "car": (None, '{"age": 3.7123, "colour": "mauve"}'),
}


@pytest.fixture(scope="module")
def profiled(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model with a reference."""
    folder = tmp_path_factory.mktemp("profiled") / "model"
    shutil.copytree(model_folder, folder)
    (folder / artefact.MANIFEST).unlink()
    shapes = {name: int(np.prod(shape)) for name, shape in Predictor.load(model_folder).shapes.items()}
    arrays: dict[str, np.ndarray] = {}
    for name, size in shapes.items():
        arrays |= {f"{name}.mean": np.zeros(size), f"{name}.axes": np.eye(size, 2), f"{name}.tenths": np.zeros((2, 9))}
    arrays["note.names"] = profile.checksums(["a", "frog"])
    arrays["car.names"] = profile.checksums(["colour=red"])
    arrays["car.values.age"] = np.arange(1.0, 10)
    np.savez(folder / profile.FILE, **arrays)  # type: ignore[arg-type]
    manifest = json.loads((model_folder / artefact.MANIFEST).read_text())
    artefact.seal(folder, {key: value for key, value in manifest.items() if key not in ("version", "files")})
    return folder


@pytest.fixture(scope="module")
def keeping(profiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and the content of requests is kept."""
    folder = tmp_path_factory.mktemp("keeping") / "model"
    shutil.copytree(profiled, folder)
    (folder / settings.FILE).unlink(missing_ok=True)
    settings.write(folder, settings.Settings(keep=settings.Keep(keep_content=True)))
    return folder


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "predictions.jsonl").read_text().splitlines()]


def test_a_record_describes_and_never_holds_the_content(profiled: Path, tmp_path: Path) -> None:
    with serving(profiled, tmp_path) as client:
        answer = client.post("/predict", files=FORM).json()
        client.post("/predict", json={"note": TEXT})
    record, other = lines(tmp_path)
    assert record["request_id"] == answer["request_id"]
    assert (record["role"], record["key"], record["inputs"]) == ("champion", "", ["note", "photo", "sound", "car"])
    assert record["model_version"] == answer["model_version"]
    assert record["descriptors"]["note"] == {"characters": 40.0, "words": 8.0, "language": "en", "unknown": 0.75}
    assert record["descriptors"]["photo"]["size"] == 24.0
    assert record["descriptors"]["sound"]["seconds"] == 0.5
    assert record["descriptors"]["car"] == {"age": 4.0, "unknown": 1.0}  # the nearest of nine typical ages, not 3.7123
    assert {name: len(axes) for name, axes in record["axes"].items()} == {"note": 2, "photo": 2, "sound": 2}
    shares = record["probabilities"]["label"].values()
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert all(share == round(share, 4) for share in shares)
    assert other["hashes"]["note"] == record["hashes"]["note"]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (b"secret", b"mauve", b"3.7123"):
        assert secret not in kept
    assert not (tmp_path / content.FOLDER).exists()


def test_equal_values_have_equal_hashes_in_one_folder_only(profiled: Path, tmp_path: Path) -> None:
    hashes = []
    for folder in (tmp_path / "one", tmp_path / "one", tmp_path / "other"):
        with serving(profiled, folder) as client:
            client.post("/predict", json={"note": "a frog"})
        hashes.append(lines(folder)[-1]["hashes"]["note"])
    assert hashes[0] == hashes[1] != hashes[2]
    assert stat.S_IMODE((tmp_path / "one/salt").stat().st_mode) == 0o600


def test_content_is_kept_where_it_is_asked_for(keeping: Path, tmp_path: Path) -> None:
    with serving(keeping, tmp_path / "log") as client:
        client.post("/predict", files=FORM)
        client.post("/predict", json={"smell": "x"})
    (record,) = lines(tmp_path / "log")
    kept = {
        name: content.file(tmp_path / "log" / content.FOLDER, digest).read_bytes()
        for name, digest in record["content"].items()
    }
    assert kept == {
        "note": TEXT.encode(), "photo": png(), "sound": wav(), "car": b'{"age": 3.7123, "colour": "mauve"}'
    }  # fmt: skip
    inputs: dict[str, Modality] = dict(Predictor.load(keeping).inputs)
    assert inputs["note"].cells("note", kept["note"]) == {"note": TEXT}
    assert inputs["car"].cells("car", kept["car"]) == {"age": 3.7123, "colour": "mauve"}


def test_replicas_with_a_folder_each_are_read_as_one(
    keeping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENSORIUM_SALT", "0123456789abcdef")
    with serving(keeping, tmp_path / "pod-a") as one, serving(keeping, tmp_path / "pod-b") as other:
        version = one.post("/predict", json={"note": "a frog"}, headers={"X-Request-ID": "a"}).json()["model_version"]
        other.post("/predict", json={"note": "a frog"}, headers={"X-Request-ID": "b"})
        one.post("/predict", json={"note": "a lorry"}, headers={"X-Request-ID": "c"})
        other.post("/feedback", json={"request_id": "a", "labels": {"label": "yes"}})  # the balancer's choice
        one.post("/feedback", json={"request_id": "a", "labels": {"label": "no"}})
    now = datetime.now(UTC)
    records = read(tmp_path, now)
    assert [record["request_id"] for record in records] == ["a", "b", "c"]
    hashes = [record["hashes"]["note"] for record in records]
    assert hashes[0] == hashes[1] != hashes[2]
    assert all(content.find(tmp_path, record["content"]["note"]) for record in records)
    feedback = read_feedback(tmp_path, [], now)
    assert [(one.request_id, one.value) for one in feedback.accepted] == [("a", "no")]
    assert read_window(tmp_path, version, 1, now).predictions == 3
    assert [record["request_id"] for record in read(tmp_path / "pod-b", now)] == ["b"]


def read(folder: Path, now: datetime) -> list[dict[str, Any]]:
    """All predictions, as a check reads them."""
    return [record for _, record in read_records(folder, "predictions.jsonl", FIELDS, EPOCH, now, Problems())]
