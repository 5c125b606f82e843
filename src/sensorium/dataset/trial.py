"""Whether an input's encoder loads and reads an example: found out before any work, and once while nothing changes."""

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sensorium import modalities, models, paths
from sensorium.files import sha256, write_json
from sensorium.modalities import Modality

LIBRARIES = ("torch", "transformers", "tokenizers", "safetensors", "onnxruntime")


def require(kind: Modality) -> None:
    """Brings an input's encoder and has it read the input's example.

    What was found fit is remembered in the cache, with all that it hangs on, so that torch is not imported to find the
    same again.

    Raises:
        UserError: if the encoder cannot be had, or cannot be used.
    """
    folder = kind.fetch_encoder()
    declared = json.dumps([kind.model_dump_json(), str(folder and folder.resolve())])
    record = paths.cache() / "encoders" / f"{hashlib.sha256(declared.encode()).hexdigest()}.json"
    current = {"files": _files(folder) if folder else {}, "code": _code(), "libraries": _versions()}
    if _remembered(record) != current:
        kind.try_encoder()
        write_json(record, current)


def _remembered(record: Path) -> Any:
    try:
        return json.loads(record.read_text())
    except (OSError, ValueError):  # never tried, or cut off by a full disk
        return None


def _files(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file: reading gigabytes of weights would take longer than trying them."""
    found = {path: path.stat() for path in sorted(folder.rglob("*")) if path.is_file()}
    return {str(path.relative_to(folder)): [facts.st_size, facts.st_mtime_ns] for path, facts in found.items()}


def _code() -> str:
    roots = [Path(next(iter(package.__path__))) for package in (modalities, models)]
    files = [path for root in roots for path in sorted(root.rglob("*.py"))]
    return hashlib.sha256("".join(map(sha256, files)).encode()).hexdigest()


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = None
    return found
