"""What is written down of a request."""

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium.modalities.modality import Modality
from sensorium.serving import artefact, content, profile, settings
from sensorium.serving.content import Content
from sensorium.serving.predictor import Predictor
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
    assert record["said"]["note"] == {"characters": 40.0, "words": 8.0, "language": "en", "unknown": 0.75}
    assert record["said"]["photo"]["size"] == 24.0
    assert record["said"]["sound"]["seconds"] == 0.5
    assert record["said"]["car"] == {"age": 4.0, "unknown": 1.0}  # the nearest of nine typical ages, not 3.7123
    assert {name: len(axes) for name, axes in record["axes"].items()} == {"note": 2, "photo": 2, "sound": 2}
    assert sum(record["probabilities"]["label"].values()) == pytest.approx(1, abs=1e-3)
    assert other["marks"]["note"] == record["marks"]["note"]
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (b"secret", b"mauve", b"3.7123"):
        assert secret not in kept
    assert not (tmp_path / content.FOLDER).exists()


def test_equal_values_have_equal_marks_in_one_folder_only(profiled: Path, tmp_path: Path) -> None:
    marks = []
    for folder in (tmp_path / "one", tmp_path / "one", tmp_path / "other"):
        with serving(profiled, folder) as client:
            client.post("/predict", json={"note": "a frog"})
        marks.append(lines(folder)[-1]["marks"]["note"])
    assert marks[0] == marks[1] != marks[2]
    assert stat.S_IMODE((tmp_path / "one/salt").stat().st_mode) == 0o600


def test_content_is_kept_where_it_is_asked_for(profiled: Path, tmp_path: Path) -> None:
    keeping = tmp_path / "model"
    shutil.copytree(profiled, keeping)
    (keeping / settings.FILE).unlink(missing_ok=True)
    settings.write(keeping, settings.Settings(keep=settings.Keep(keep_content=True)))
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
    inputs: dict[str, Modality] = dict(Predictor.load(profiled).inputs)
    assert inputs["note"].cells("note", kept["note"]) == {"note": TEXT}
    assert inputs["car"].cells("car", kept["car"]) == {"age": 3.7123, "colour": "mauve"}


def test_the_oldest_content_goes(tmp_path: Path) -> None:
    store = Content(tmp_path)
    names = [store.keep({"x": bytes([number]) * 400_000}, megabytes=1)["x"] for number in range(4)]
    store.keep({"x": bytes([3]) * 400_000}, megabytes=1)
    store.close()
    there = [content.file(tmp_path / content.FOLDER, name).exists() for name in names]
    assert there == [False, False, True, True]


def test_a_disk_that_does_not_keep_up_costs_content_not_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "MOST_WAITING", 100)
    store = Content(tmp_path)
    assert store.keep({"large": b"x" * 100, "small": b"x"}, megabytes=1) == {}
    assert set(store.keep({"one": b"x", "other": b"y"}, megabytes=1)) == {"one", "other"}
    store.close()
