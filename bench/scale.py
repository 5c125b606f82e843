"""Every stage from ingest to gate on more and more rows: rows a second, peak memory, and whether time grows faster.

Makes tables of its own in a temporary folder: of columns (facts), of texts and columns, or of texts, pictures and
clips, each different from all others. Every stage is a process of its own, with a cache of its own. "Slower" is the
time of a row by that at the next smaller size: of the clock, and of the processor, which other work on the machine
changes less. Memory is that of all processes of the stage, looked at twenty times a second.

    python bench/scale.py facts 10000 100000 --until evaluate
    python bench/scale.py columns 1000 10000
    python bench/scale.py media 1000 10000
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import soundfile
import yaml
from PIL import Image
from rich.console import Console
from rich.table import Table

CLASSES = ("bird", "fish", "tree", "house")
WORDS = ("small", "large", "green", "red", "old", "new", "quiet", "bright", "round", "flat", "wild", "plain")
SIDE, RATE, SECONDS = 64, 16_000, 0.5
EVERY = 0.05  # seconds between looks at the memory
MADE_ONCE = 16  # rows by which the encoders are written as ONNX, before anything is measured

TEXT = {"kind": "text", "encoder": "minilm", "max_tokens": 16}
FACTS = {"kind": "tabular", "numbers": ["price", "weight"], "categories": ["brand"], "dates": ["made"]}
INPUTS: dict[str, dict[str, Any]] = {
    "facts": {"facts": FACTS},
    "columns": {"text": TEXT, "facts": FACTS},
    "media": {
        "text": TEXT,
        "image": {"kind": "image", "encoder": "efficientnet-lite0"},
        "sound": {"kind": "audio", "encoder": "speech-embedding", "seconds": 1},
    },
}


@dataclass(frozen=True)
class Measured:
    """What a stage took: seconds of the clock and of the processor, and bytes of all its processes at the highest."""

    seconds: float
    busy: float
    peak: int


def main(sort: str, sizes: list[int], until: str | None, where: Path | None) -> None:
    """Prints a table a size."""
    with tempfile.TemporaryDirectory(dir=where) as folder:
        os.environ |= {"SENSORIUM_CACHE": f"{folder}/cache", "GX_ANALYTICS_ENABLED": "false", "DVC_NO_ANALYTICS": "1"}
        make(Path(folder, "first"), sort, MADE_ONCE)
        for stage in ("source", "ingest"):
            measured(stage, Path(folder, "first"))
        smaller: dict[str, Measured] = {}
        for before, rows in zip([0, *sizes], sizes, strict=False):
            root = Path(folder, str(rows))
            make(root, sort, rows)
            found = {stage: measured(stage, root) for stage in stages(sort, until)}
            show(f"{sort}, {rows:,} rows", found, rows, smaller, before)
            smaller = found
            shutil.rmtree(root)


def stages(sort: str, until: str | None) -> list[str]:
    """What is typed behind ``sensorium``, in turn."""
    embed = [f"embed {name}" for name in INPUTS[sort]]
    every = ["source", "ingest", "validate", "prepare", *embed, "search", "train", "evaluate", "compress", "gate"]
    return every[: every.index(until) + 1 if until else None]


def measured(stage: str, root: Path) -> Measured:
    """Runs a stage, which must succeed."""
    start, peak, ended = time.perf_counter(), 0, threading.Event()
    with (root / "log.txt").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sensorium", *stage.split()], cwd=root, stdout=log, stderr=subprocess.STDOUT
        )

        def look() -> None:
            nonlocal peak
            while not ended.wait(EVERY):
                peak = max(peak, held(process.pid))

        looking = threading.Thread(target=look)
        looking.start()
        _, status, used = os.wait4(process.pid, 0)  # with what it waited for
        ended.set()
        looking.join()
    if status:
        sys.exit(f"{stage} failed:\n{(root / 'log.txt').read_text()[-3000:]}")
    found = Measured(time.perf_counter() - start, used.ru_utime + used.ru_stime, peak)
    words = f"{found.seconds:.1f} s, {found.busy:.1f} s of the processor, {found.peak / 1e6:,.0f} MB"
    print(f"{root.name} {stage}: {words}", file=sys.stderr)
    return found


def held(pid: int) -> int:
    """Bytes that a process and its descendants hold in memory; what several of them share counts for each."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        for one in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
    return total


def show(title: str, found: dict[str, Measured], rows: int, smaller: dict[str, Measured], before: int) -> None:
    """Prints what was measured at one size, beside the next smaller one."""
    table = Table(
        "stage", "seconds", "processor", "rows a second", "peak, MB", "slower", "slower, processor", title=title
    )
    for stage, one in found.items():
        ratios = ["", ""]
        if other := smaller.get(stage):
            pairs = ((one.seconds, other.seconds), (one.busy, other.busy))
            ratios = [f"{here / rows / (there / before):.2f}" for here, there in pairs]
        figures = (f"{one.seconds:.1f}", f"{one.busy:.1f}", f"{rows / one.seconds:,.0f}", f"{one.peak / 1e6:,.0f}")
        table.add_row(stage, *figures, *ratios)
    Console(width=100).print(table)


def make(root: Path, sort: str, rows: int) -> None:
    """A repository with a table of so many rows, its media, and params.yaml."""
    data = root / "data" / "own"
    data.mkdir(parents=True)
    random = np.random.default_rng(0)
    label = random.integers(0, len(CLASSES), rows)
    columns: dict[str, Any] = {
        "id": [f"r{row}" for row in range(rows)],
        "what": [CLASSES[one] for one in label],
        "text": [text(row, CLASSES[one], random) for row, one in enumerate(label)],
    }
    if sort != "media":
        columns |= {
            "price": random.normal(10, 3, rows) + label,
            "weight": random.lognormal(1, 1, rows),
            "brand": [f"brand {one}" for one in random.integers(0, 50, rows)],
            "made": [f"2026-{1 + one % 12:02d}-{1 + one % 28:02d}" for one in random.integers(0, 1000, rows)],
        }
    else:
        for name, suffix, write in (("image", "png", picture), ("sound", "flac", clip)):
            columns[name] = files(data, name, suffix, label, random, write)
    pq.write_table(pa.table(columns), data / "table.parquet")
    (root / "params.yaml").write_text(yaml.safe_dump(params(sort)))
    for command in (["git", "init", "-q"], ["dvc", "init", "-q"]):
        subprocess.run(command, cwd=root, check=True)


def text(row: int, name: str, random: np.random.Generator) -> str:
    """A sentence that names its class half of the time, and no other row has."""
    words = " ".join(WORDS[one] for one in random.integers(0, len(WORDS), 3))
    return f"{words} {name if random.random() < 0.5 else 'thing'} number {row}"


def files(
    data: Path,
    name: str,
    suffix: str,
    label: np.ndarray,
    random: np.random.Generator,
    write: Callable[[Path, int, np.random.Generator], None],
) -> list[str]:
    """Writes a file a row, a thousand in a folder; returns their paths in the table."""
    cells = [f"{name}/{row // 1000}/{row}.{suffix}" for row in range(len(label))]
    for row, (cell, one) in enumerate(zip(cells, label, strict=True)):
        if row % 1000 == 0:
            (data / cell).parent.mkdir(parents=True)
        write(data / cell, int(one), random)
    return cells


def picture(path: Path, label: int, random: np.random.Generator) -> None:
    """A square on another colour, at a place and of colours of its own."""
    pixels = np.full((SIDE, SIDE, 3), random.integers(0, 256, 3), np.uint8)
    at, side = random.integers(0, SIDE // 2, 2), 8 + 6 * label
    pixels[at[0] : at[0] + side, at[1] : at[1] + side] = random.integers(0, 256, 3)
    Image.fromarray(pixels).save(path, compress_level=1)


def clip(path: Path, label: int, random: np.random.Generator) -> None:
    """A tone of its class's pitch, with noise of its own."""
    time_line = np.arange(int(SECONDS * RATE)) / RATE
    tone = 0.3 * np.sin(2 * np.pi * 220 * (label + 1) * time_line) + random.normal(0, 0.003, len(time_line))
    soundfile.write(path, tone, RATE)


def params(sort: str) -> dict[str, Any]:
    """One trial of a few epochs, one form: what grows with the rows is measured, not how well they are learnt."""
    return {
        "data": {"source": "manifest", "path": "data/own/table.parquet"},
        "inputs": INPUTS[sort],
        "targets": {"what": {"kind": "class"}},
        "split": {"train": 0.7, "val": 0.15, "test": 0.15, "stratify": "what", "group": [], "seed": 0},
        "fusion": {"kind": "concat", "width": 64, "layers": 1, "dropout": 0.2},
        "training": {"learning_rate": 0.001, "batch_size": 256, "epochs": 2, "patience": 2},
        "search": {"trials": 1, "minutes": 60, "seed": 0},
        "compress": {"objective": "size", "max_drop": 0.05, "forms": ["optimised"], "students": {}},
        "gate": [{"metric": "evaluate.what.accuracy", "min": 0.25}],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sort", choices=list(INPUTS))
    parser.add_argument("rows", type=int, nargs="+", help="sizes, the smallest first")
    parser.add_argument("--until", help="the last stage")
    parser.add_argument("--folder", type=Path, help="where the temporary folder is made, on a disk with room")
    given = parser.parse_args()
    main(given.sort, given.rows, given.until, given.folder)
