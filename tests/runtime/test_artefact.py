import json
import shutil
from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.runtime import artefact


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


def rewrite(folder: Path, **changes: object) -> None:
    """Changes the manifest and vouches for it again, as a careless tool would."""
    manifest = json.loads((folder / "manifest.json").read_text()) | changes
    description = {key: value for key, value in manifest.items() if key not in ("version", "files")}
    manifest["version"] = artefact._version(description, manifest["files"])
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_changed_manifest_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["targets"]["label"] = ["b"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="manifest.json is not the one that was packaged"):
        artefact.read(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"version": 1, "files": 2}', "\x00"])
def test_a_manifest_that_is_none_is_refused(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    with pytest.raises(UserError, match=r"manifest.json (cannot be read|is not the one)"):
        artefact.read(folder)


def test_a_manifest_does_not_lead_outside_the_model(folder: Path) -> None:
    (folder.parent / "secret").write_text("s")
    rewrite(folder, files={"../secret": "0" * 64})
    with pytest.raises(UserError, match=r"../secret lies outside the model"):
        artefact.read(folder)


def test_files_that_dvc_linked_to_its_cache_are_the_models(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("cache") / "0a1b"
    (folder / "text/encoder.onnx").rename(kept)
    (folder / "text/encoder.onnx").symlink_to(kept)
    assert artefact.read(folder)["files"].keys() == {"text/encoder.onnx"}
    kept.write_bytes(b"other weights")
    with pytest.raises(UserError, match="text/encoder.onnx is not the file that was packaged"):
        artefact.read(folder)


def test_only_files_that_are_vouched_for_are_used(folder: Path) -> None:
    (folder / "text/other.onnx").write_bytes(b"x")
    with pytest.raises(UserError, match="does not vouch for text/other.onnx"):
        artefact.file(folder, artefact.read(folder), "text/other.onnx")
