"""What DVC takes for media in shards, as `ingest` keeps them, and for the same media as a file each.

Makes files of random bytes, and for both ways a repository with a remote in a folder. One in a hundred more come at
the end of the table. Seconds of the clock; of `dvc status`, the second one, when DVC knows the files.

    python bench/media.py --files 20000
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from sensorium.files import remove
from sensorium.media import Media, MediaWriter

RAW = "raw"
SMALLEST, LARGEST = 2_000, 20_000  # bytes of a file
Write = Callable[[Path, int], None]


def main(count: int, where: Path | None) -> None:
    """Prints both ways side by side; every step is taken both ways before the next."""
    ways: dict[str, Write] = {"loose files": loose, "shards": in_shards}
    table = Table("", *ways, "times less", title=f"{count:,} files")
    with tempfile.TemporaryDirectory(dir=where) as folder:
        for (row, one), (_, other) in zip(
            *(figures(Path(folder, name), write, count) for name, write in ways.items()), strict=True
        ):
            table.add_row(row, f"{one:,.1f}", f"{other:,.1f}", f"{one / other:.1f}")
    Console(width=100).print(table)


def figures(root: Path, write: Write, count: int) -> Iterator[tuple[str, float]]:
    """Seconds and megabytes of one way, each when it is asked for."""
    root.mkdir()
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"], ["dvc", "remote", "add", "-d", "far", "remote"]):
        subprocess.run(command, cwd=root, check=True, capture_output=True)
    dvc = partial(seconds, root)
    yield "written, s", taken(lambda: write(root / RAW, count))
    yield "dvc add, s", dvc("add", RAW)
    yield "dvc push, s", dvc("push")
    dvc("status")
    yield "dvc status, s", dvc("status")
    files, size = of_files(root / "remote")
    remove(root / RAW)
    remove(root / ".dvc" / "cache")
    yield "dvc pull, s", dvc("pull")
    remove(root / RAW)
    write(root / RAW, count + count // 100)
    yield "dvc add, 1% more, s", dvc("add", RAW)
    yield "dvc push, 1% more, s", dvc("push")
    files_then, size_then = of_files(root / "remote")
    yield "files", files
    yield "MB", size / 1e6
    yield "files pushed, 1% more", files_then - files
    yield "MB pushed, 1% more", (size_then - size) / 1e6


def contents(count: int) -> Iterator[tuple[str, bytes]]:
    """So many files, the first ones the same whatever the number."""
    for number in range(count):
        random = np.random.default_rng(number)
        yield f"image/{number // 1000}/{number}.png", random.bytes(int(random.integers(SMALLEST, LARGEST)))


def loose(folder: Path, count: int) -> None:
    """A file each."""
    for cell, content in contents(count):
        (folder / cell).parent.mkdir(parents=True, exist_ok=True)
        (folder / cell).write_bytes(content)


def in_shards(folder: Path, count: int) -> None:
    """As `ingest` does."""
    folder.mkdir()
    with MediaWriter(folder) as media:
        for cell, content in contents(count):
            media.add("Image", cell, content)
    if len(list(Media.of_folder(folder))) != count:
        raise AssertionError("a file was lost")


def of_files(folder: Path) -> tuple[int, int]:
    """How many files there are below a folder, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return len(sizes), sum(sizes)


def seconds(root: Path, *words: str) -> float:
    """Of a command of DVC's, which must succeed."""
    return taken(lambda: subprocess.run(["dvc", *words], cwd=root, check=True, capture_output=True))


def taken(act: Callable[[], object]) -> float:
    """Seconds of the clock."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made, on a disk with room")
    given = parser.parse_args()
    main(given.files, given.folder)
