"""Bentos of a model in BentoML's store: each built once, whole or not at all."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import yaml

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import detach, place, sha256, temporary
from sensorium.runtime import artefact
from sensorium.runtime import settings as serving

BENTOFILE = Path("bentofile.yaml")
NAME = "sensorium"  # of the Bento, as in bentofile.yaml


def build(model: str) -> tuple[str, int]:
    """Builds the Bento of the packaged model unless it is in the store; returns its tag and bytes.

    Args:
        model: its version.

    Raises:
        UserError: if BentoML cannot build it.
    """
    detach(_description())  # BentoML follows no link into DVC's cache
    return _build(f"{model}-{_code_version()}")


def _description() -> Path:
    """The file with the words of a Bento: the model's card."""
    return Path(yaml.safe_load(BENTOFILE.read_text(encoding="utf-8"))["description"].removeprefix("file:"))


def _code_version() -> str:
    """Six digits that change with all that goes into a Bento beside the model: code, page, pins, card, settings."""
    wanted = yaml.safe_load(BENTOFILE.read_text(encoding="utf-8"))
    included = {path for pattern in wanted["include"] for path in Path().glob(pattern) if path.is_file()}
    settings_file = paths.PACKAGED / serving.FILE
    files = {path for path in included if paths.PACKAGED not in path.parents} | {BENTOFILE, settings_file}
    files |= {Path(wanted["python"]["requirements_txt"]), _description()}
    content = json.dumps([(str(path), sha256(path)) for path in sorted(files)])
    return hashlib.sha256(content.encode()).hexdigest()[:6]


def _build(version: str) -> tuple[str, int]:
    """Builds the Bento of this version unless it is in the store; returns its tag and bytes."""
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")
    import bentoml
    from bentoml._internal.configuration.containers import BentoMLContainer
    from bentoml.exceptions import BentoMLException

    tag = f"{NAME}:{version}"
    try:
        bento = bentoml.get(tag)
    except BentoMLException:  # it is not there, or an earlier version of this left half of one
        _build_into(BentoMLContainer, version)
        bento = bentoml.get(tag)
    _call_latest(Path(bento.path))
    return str(bento.tag), artefact.size(Path(bento.path))


def _build_into(container: Any, version: str) -> None:
    """Puts a Bento into BentoML's store at one stroke: it copies them there, and takes half a copy for a whole one."""
    import bentoml
    from bentoml._internal.bento import BentoStore
    from bentoml.exceptions import BentoMLException

    bentos = Path(container.bento_store_dir.get()) / NAME
    bentos.mkdir(parents=True, exist_ok=True)
    with temporary(bentos.parents[1]) as folder:  # every folder in the store is a Bento to BentoML
        container.tmp_bento_store_dir.set(str(folder))
        try:
            made = bentoml.bentos.build_bentofile(
                str(BENTOFILE), version=version, build_ctx=".", _bento_store=BentoStore(folder)
            )
        except BentoMLException as error:
            raise UserError(f"{BENTOFILE}: the Bento could not be built: {error}") from error
        if (bentos / version).exists():
            place(bentos / version, folder / "half")
        place(Path(made.path), bentos / version)


def _call_latest(bento: Path) -> None:
    """Makes a Bento the one that BentoML takes where no version is named."""
    latest = bento.with_name("latest")
    with temporary(bento.parents[2]) as folder:  # which sweeps what a killed build left
        (folder / "latest").write_text(bento.name)
        place(folder / "latest", latest)
