"""The folder of a packaged model: networks, tokenizers, constants, and a manifest with the checksum of every file."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensorium.errors import UserError
from sensorium.files import sha256, write_json

MANIFEST = "manifest.json"
FUSION = "fusion.onnx"
ENCODER = "encoder.onnx"


def seal(folder: Path, description: Mapping[str, Any]) -> str:
    """Writes the manifest of a finished folder.

    Args:
        folder: all files of the model.
        description: what `Predictor` needs to know, as JSON.

    Returns:
        The model's version: the same content has the same version.
    """
    files = {str(path.relative_to(folder)): sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    version = _version(description, files)
    write_json(folder / MANIFEST, {"version": version, **description, "files": files})
    return version


def _version(description: Mapping[str, Any], files: Mapping[str, str]) -> str:
    content = json.dumps([description, files], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def read(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a folder, after comparing every file with its checksum.

    Raises:
        UserError: if one is missing or differs.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise UserError(f"{folder} holds no model ({MANIFEST} is missing); run `dvc repro` to make one.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        description = {key: value for key, value in manifest.items() if key not in ("version", "files")}
        genuine = manifest["version"] == _version(description, manifest["files"])
    except (ValueError, KeyError, AttributeError) as error:
        raise UserError(f"model {folder}: {MANIFEST} cannot be read; get the model again.") from error
    if not genuine:
        raise UserError(f"model {folder}: {MANIFEST} is not the one that was packaged; get the model again.")
    for name, digest in manifest["files"].items():
        if Path(name).is_absolute() or ".." in Path(name).parts:  # links may be DVC's; what they lead to is compared
            raise UserError(f"model {folder}: {name} lies outside the model; get the model again.")
        if not (folder / name).is_file():
            raise UserError(f"model {folder}: {name} is missing; get the model again (`dvc checkout` or `dvc repro`).")
        if sha256(folder / name) != digest:
            raise UserError(f"model {folder}: {name} is not the file that was packaged; get the model again.")
    return manifest


def file(folder: Path, manifest: Mapping[str, Any], name: str) -> Path:
    """The path of a file that the manifest lists.

    Raises:
        UserError: if it does not list it.
    """
    if name not in manifest["files"]:
        raise UserError(f"model {folder}: {MANIFEST} does not vouch for {name}; get the model again.")
    return folder / name


def size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
