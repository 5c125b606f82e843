"""Embedding, search, training and distillation on a GPU beside the same on the CPU of that machine.

Run it in a clone where `dvc repro` has been run. Every piece of work runs in a process of its own, once with the GPU
and once with it hidden; starts of further processes are in its seconds, what a process does before its first value is
not. How busy the GPU was is what `nvidia-smi` says five times a second.

    python -m bench.gpu --work "embed image" "search concat"
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from rich.console import Console
from rich.table import Table

from bench.search import NEEDED
from sensorium import paths
from sensorium.dataset import embedding, items
from sensorium.prepared import load_params
from sensorium.shards import shards

BEST = "models/search/best.yaml"
VALUES = 8_192  # to embed: those of the clone, as often as needed
SHARD = 1_024  # of them in a file
SAMPLES = 512  # that a student learns from
TRIALS = 8
SAMPLING = ("nvidia-smi", "--query-gpu=utilization.gpu,memory.used", "--format=csv,noheader,nounits", "-lms", "200")
HIDDEN = {"CUDA_VISIBLE_DEVICES": ""}

Found = dict[str, Any]


@contextmanager
def measured(found: Found, amount: int, of: str) -> Iterator[None]:
    """Puts the seconds of what is done meanwhile into ``found``, and how busy the GPU was."""
    sampler = subprocess.Popen(SAMPLING, stdout=subprocess.PIPE, text=True)
    start = time.monotonic()
    yield
    found |= {"seconds": time.monotonic() - start, "amount": amount, "of": of}
    sampler.terminate()
    lines, _ = sampler.communicate()
    used = np.array([[float(cell) for cell in line.split(",")] for line in lines.splitlines() if line.count(",") == 1])
    if len(used):
        found |= {"busy": used[:, 0].mean(), "memory": used[:, 1].max()}


def embed(name: str, found: Found, folder: Path) -> None:
    """The values of an input, each under several names."""
    kind, source = load_params().inputs[name], paths.PREPARED / name
    distinct = dict(items.read_items(source, items.digests(source)))
    rounds = -(-VALUES // len(distinct))
    named = {f"{turn:03d}{digest[3:]}": packed for turn in range(rounds) for digest, packed in distinct.items()}
    for number, shard in enumerate(shards(list(named.items())[:VALUES], SHARD)):
        items.write_shard(folder, number, dict(shard), {digest: {} for digest, _ in shard})
    job = embedding.Job(kind, folder, items.digests(folder))
    embedding.load_encoder(kind)
    with measured(found, VALUES, "values"):
        embedding.embed([job], name)
    first = replace(job, digests=job.digests[: len(distinct)])
    np.save(folder / "features.npy", np.stack(list(embedding.features(first, {}).values())))


def search(kind: str, found: Found, folder: Path) -> None:
    """Trials of one kind of fusion."""
    from sensorium.stages import search as stage

    settings = copied(folder)
    settings["fusion"]["kind"] = kind
    settings["search"] = {"trials": TRIALS, "minutes": 600, "seed": 0}
    Path("params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    with measured(found, TRIALS, "trials"):
        stage.run()
    found["loss"] = yaml.safe_load(Path(BEST).read_text())["loss"]


def train(best: str, found: Found, folder: Path) -> None:
    """The network that the search of the clone chose."""
    from sensorium.stages import train as stage

    chosen = Path(best).absolute()
    copied(folder)
    Path(BEST).parent.mkdir(parents=True)
    shutil.copyfile(chosen, BEST)
    with measured(found, 1, "networks"):
        stage.run()


def distil(named: str, found: Found, folder: Path) -> None:
    """A student of an encoder: the epoch, without the making of its samples."""
    from sensorium.compression import students
    from sensorium.compression.parts import Reader
    from sensorium.compression.settings import Student
    from sensorium.stages.compress import read_trained

    name, sort = named.split()
    trained = read_trained(load_params())
    kind = trained.inputs[name]
    learn = students.distil_encoder

    def timed(*of: Any) -> None:
        with measured(found, SAMPLES, "samples"):
            learn(*of)

    students.distil_encoder = timed  # type: ignore[assignment]
    students.MOST_SAMPLES = SAMPLES
    students.EncoderDistillation(
        name,
        Reader(kind, kind.load_encoder(), (1, 1)),
        partial(trained.training_values, name, SAMPLES),
        {str(digest): np.asarray(at) for digest, at in trained.train.groupby(name).indices.items()},
        trained.network,
        trained.train_rows,
        1,
    ).distil(Student(kind=sort, keep=0.5), folder / "student.onnx")


WORK: dict[str, Callable[[str, Found, Path], None]] = {
    "embed": embed,
    "search": search,
    "train": train,
    "distil": distil,
}
ALL = (
    "embed image",
    "embed text",
    "search concat",
    "search attention",
    f"train {BEST}",
    "distil image width",
    "distil text layers",
)


def copied(folder: Path) -> Any:
    """Copies what a search needs, works there from now on, and gives the settings."""
    for name in NEEDED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if Path(name).is_dir() else shutil.copyfile
        copy(name, folder / name)
    os.chdir(folder)
    return yaml.safe_load(Path("params.yaml").read_text())


def run(work: str, hidden: bool, cache: Path) -> Found:
    """What a process of its own finds."""
    with tempfile.TemporaryDirectory() as name:
        folder, environment = Path(name), os.environ | {"SENSORIUM_CACHE": str(cache)}
        command = [sys.executable, "-m", "bench.gpu", "--child", name, "--work", work]
        subprocess.run(command, check=True, stdout=sys.stderr, env=environment | (HIDDEN if hidden else {}))
        found: Found = json.loads((folder / "found.json").read_text())
        if (folder / "features.npy").exists():
            found["features"] = np.load(folder / "features.npy")
        return found


def alike(one: np.ndarray, other: np.ndarray) -> str:
    """How far features differ at most, by the largest number; and the least cosine."""
    apart = np.abs(one - other).max() / np.abs(other).max()
    cosines = (one * other).sum(-1) / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)
    return f"apart by {apart:.1e} at most, cosine {cosines.min():.6f}"


def row(work: str, gpu: Found, cpu: Found) -> list[str]:
    """A line of the table."""
    paces = [one["amount"] / one["seconds"] for one in (gpu, cpu)]
    same = alike(gpu["features"], cpu["features"]) if "features" in gpu else ""
    if "loss" in gpu:
        same = f"loss {gpu['loss']:.4f}, {cpu['loss']:.4f}"
    shown = [f"{pace:,.3g}" for pace in paces]
    busy = f"{gpu['busy']:.0f}%, {gpu['memory'] / 1024:.1f} GB"
    return [work, f"{gpu['of']} a second", *shown, f"{paces[0] / paces[1]:.2f}", busy, same]


def main() -> None:
    """Prints a line a piece of work as it is done, and all as a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", nargs="*", default=ALL)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        sort, _, of = asked.work[0].partition(" ")
        found: Found = {}
        WORK[sort](of, found, asked.child)
        (asked.child / "found.json").write_text(json.dumps(found))
        return
    from torch import cuda

    columns = ("work", "", "GPU", "CPU", "ratio", "GPU is busy", "GPU beside CPU")
    table = Table(*columns, title=f"{cuda.get_device_name()}, {len(os.sched_getaffinity(0))} cores")
    with tempfile.TemporaryDirectory() as cache:
        for work in asked.work:
            cells = row(work, *(run(work, hidden, Path(cache) / str(hidden)) for hidden in (False, True)))
            print(*cells, sep="  ", flush=True)
            table.add_row(*cells)
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
