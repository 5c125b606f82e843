"""What tests share: small real media, a project folder, and a slice of the real stamps."""

import io
import os
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml
from PIL import Image

from demo.place import answers as answers
from demo.place import free_port as free_port

REPOSITORY = Path(__file__).parents[1]
os.environ |= {"GX_ANALYTICS_ENABLED": "false", "BENTOML_DO_NOT_TRACK": "True", "DVC_NO_ANALYTICS": "1"}
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in the background of a script; children would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # spinning threads starve the tests that run beside
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile all sources anew


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of many minutes begin first, so that none is left for one of two workers while the other has nothing.

    A worker with two tests left is given the next file: a file of minutes that is one test would be given away together
    with the next one. So these run what takes long once, in a fixture, and have a test for each thing that it shows.
    """
    minutes: dict[Path, float] = {}
    for item in items:
        if marker := item.get_closest_marker("minutes"):
            minutes[item.path] = marker.args[0]
    items.sort(key=lambda item: -minutes.get(item.path, 0))


def png(colour: tuple[int, int, int] = (200, 30, 30), size: tuple[int, int] = (24, 16)) -> bytes:
    """A picture of one colour."""
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return stream.getvalue()


def wav(seconds: float = 0.5, pitch: float = 440.0, rate: int = 16_000) -> bytes:
    """A tone."""
    stream = io.BytesIO()
    times = np.arange(int(seconds * rate)) / rate
    soundfile.write(stream, 0.3 * np.sin(2 * np.pi * pitch * times), rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


# Of the slice of the stamps: a hundred rows judge one fit; fewer would be cross-validated, six fits for every one.
SPLIT_OF_SLICE = {
    "train": 0.31, "val": 0.51, "test": 0.18, "stratify": "category", "group": ["item", "text", "image", "speech"],
    "seed": 0,
}  # fmt: skip
PRIVATE = {"drwx------", "-rw-------"}


def modes(folder: Path) -> set[str]:
    """Who may do what with a folder and all that is in it, as `ls -l` shows it."""
    return {stat.filemode(path.lstat().st_mode) for path in [folder, *folder.rglob("*")]}


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """A process that lets others read and write what it makes."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(scope="session")
def forks() -> Iterator[Any]:
    """Runs commands of `sensorium` with faults in their way: a `tests.faults.Forks`."""
    from tests.faults import Forks

    made = Forks()
    yield made
    made.close()


@pytest.fixture(scope="module")
def disk() -> Iterator[Any]:
    """An empty `tests.crashes.Disk`, in memory where there is some: hundreds of steps wait for it."""
    from tests.crashes import Disk

    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Disk(Path(folder).resolve())


class Project:
    """A folder with a params.yaml and a table of the user's own, which is the working directory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.params: dict[str, Any] = {
            "data": {"source": "manifest", "path": "mine/table.csv"},
            "inputs": {"note": {"kind": "text"}},
            "targets": {"label": {"kind": "class"}},
        }

    def write(self, rows: list[Mapping[str, Any]] | None = None, files: Mapping[str, bytes] | None = None) -> None:
        """Writes params.yaml, the table and the media beside it."""
        (self.root / "params.yaml").write_text(yaml.safe_dump(self.params))
        (self.root / "mine").mkdir(exist_ok=True)
        if rows is not None:
            pd.DataFrame(rows).to_csv(self.root / "mine/table.csv", index=False)
        for name, content in (files or {}).items():
            path = self.root / "mine" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 30 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m", "none", str(disk)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a disk needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path, but: int) -> Path:
    """Fills a disk but for so many kilobytes; returns the file that does."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    os.truncate(filler, filler.stat().st_size - but * 1024)
    return filler


@pytest.fixture(scope="module")
def module_path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of a file's tests; it goes with the last of them unless one failed, as `tmp_path` does."""
    folder, failed = tmp_path_factory.mktemp(Path(request.path).stem), request.session.testsfailed
    yield folder
    if request.session.testsfailed == failed:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def folder_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of a run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def stamps() -> Path:
    """The stamps folder of the real data set."""
    from sensorium.fetch import tuxpaint_stamps

    return tuxpaint_stamps()


@pytest.fixture(scope="session")
def slice_of_stamps(stamps: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like the real one, with 36 items of each of three categories."""
    folder = tmp_path_factory.mktemp("stamps")
    for category in ("animals", "food", "vehicles"):
        texts = sorted(path for path in (stamps / category).rglob("*.txt") if path.with_suffix(".png").is_file())
        for text in texts[:36]:
            for found in [text, text.with_suffix(".png"), *text.parent.glob(f"{text.stem}_desc_*.ogg")]:
                target = folder / found.relative_to(stamps)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(found, target)
    return folder


@pytest.fixture(scope="session")
def cache_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder without features, but with the weights that were fetched."""
    from sensorium import paths
    from sensorium.fetch import speech_embedding_models

    weights = speech_embedding_models().parent
    folder = tmp_path_factory.mktemp("cache")
    assert weights.parent == paths.cache()
    (folder / "weights").symlink_to(weights)
    return folder
