import json
import shutil
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.serving import artefact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text").mkdir()
    (tmp_path / "text/encoder.onnx").write_bytes(b"weights")
    artefact.seal(tmp_path, {"targets": {"label": ["a"]}})
    return tmp_path


def test_the_same_content_has_the_same_version(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    copy = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(folder / "text", copy / "text")
    assert artefact.seal(copy, {"targets": {"label": ["a"]}}) == artefact.read(folder)["version"]
    (copy / "manifest.json").unlink()
    assert artefact.seal(copy, {"targets": {"label": ["b"]}}) != artefact.read(folder)["version"]


def test_a_changed_file_is_refused(folder: Path) -> None:
    (folder / "text/encoder.onnx").write_bytes(b"other weights")
    with pytest.raises(UserError, match="text/encoder.onnx is not the file that was packaged"):
        artefact.read(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "text/encoder.onnx").unlink()
    with pytest.raises(UserError, match="text/encoder.onnx is missing"):
        artefact.read(folder)


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no model"):
        artefact.read(tmp_path)


def test_size_counts_every_file(folder: Path) -> None:
    manifest = (folder / "manifest.json").read_bytes()
    assert artefact.size(folder) == len(b"weights") + len(manifest)
    assert json.loads(manifest)["files"].keys() == {"text/encoder.onnx"}
