"""The cold start of a network or a model: how long until a new process gives its first answer, and how much memory.

Run as ``python -m sensorium.compression.cold_start SORT ...``; it prints ``ready`` after the first answer, then the
bytes that it held at most.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sensorium.errors import UserError
from sensorium.modalities import declared
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.runtime.predictor import Predictor, Sample

Answer = Callable[[int], object]  # of so many values
BATCH = 32
INPUTS = "inputs.json"


def measure(*arguments: str | Path) -> tuple[float, int]:
    """Milliseconds from the start of a process to its first answer, and its memory at most in bytes.

    Args:
        arguments: what `main` is given.

    Raises:
        UserError: if the process dies.
    """
    command = [sys.executable, "-m", "sensorium.compression.cold_start", *map(str, arguments)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as problems:
        with subprocess.Popen(command, text=True, env=environment, stdout=subprocess.PIPE, stderr=problems) as child:
            assert child.stdout
            child.stdout.readline()
            taken = 1000 * (time.perf_counter() - start)
            peak = child.stdout.read()
        if child.returncode:
            problems.seek(0)
            last = (problems.read().splitlines() or [f"without a word, status {child.returncode}"])[-1]
            raise UserError(f"it ends a process that loads it: {last}")
    return taken, int(peak)


def write_samples(folder: Path, predictor: Predictor, samples: Sequence[Sample]) -> None:
    """Writes samples of cleaned values, and what a model's inputs are, for the processes to read."""
    folder.mkdir(parents=True)
    inputs = {
        name: {"kind": kind.model_dump(mode="json"), "shape": predictor.shapes[name]}
        for name, kind in predictor.inputs.items()
    }
    (folder / INPUTS).write_text(json.dumps(inputs))
    for number, sample in enumerate(samples):
        for name, value in sample.items():
            (folder / f"{number:02d}.{name}").write_bytes(predictor.inputs[name].pack(value))


def _network(path: str, arrays: str) -> Answer:
    """One ONNX file and a batch of its arrays."""
    network = OnnxNetwork(Path(path))
    with np.load(arrays, allow_pickle=False) as file:
        batch = {name: file[name] for name in file.files}
    return lambda count: network.outputs({name: array[:count] for name, array in batch.items()})


def _served(folder: str, samples: str) -> Answer:
    """A folder that serving loads."""
    predictor = Predictor.load(Path(folder))
    values = _read_samples(Path(samples), predictor.inputs)
    return lambda count: predictor.predict(values[:count])


def _uncompressed(trained: str, samples: str) -> Answer:
    """What the train stage wrote, behind the encoders it was trained on."""
    from sensorium.compression.parts import Reader
    from sensorium.compression.uncompressed import uncompressed
    from sensorium.models import network as networks

    inputs = {name: declared(entry["kind"]) for name, entry in _inputs(Path(samples)).items()}
    shapes = {name: tuple(entry["shape"]) for name, entry in _inputs(Path(samples)).items()}
    readers = {name: Reader(kind, kind.load_encoder(), shapes[name]) for name, kind in inputs.items()}
    predictor = uncompressed(readers, networks.load(Path(trained)))
    values = _read_samples(Path(samples), inputs)
    return lambda count: predictor.predict(values[:count])


def _inputs(folder: Path) -> dict[str, Any]:
    return json.loads((folder / INPUTS).read_text())


def _read_samples(folder: Path, kinds: Mapping[str, Any]) -> list[dict[str, Any]]:
    samples: dict[str, dict[str, Any]] = {}
    for path in sorted(folder.glob("[0-9]*.*")):
        number, _, name = path.name.partition(".")
        samples.setdefault(number, {})[name] = kinds[name].unpack(path.read_bytes())
    return list(samples.values())


SORTS: dict[str, Callable[[str, str], Answer]] = {
    "network": _network,
    "served": _served,
    "uncompressed": _uncompressed,
}


def main() -> None:
    """Loads what is named, answers once, then a full batch."""
    answer = SORTS[sys.argv[1]](*sys.argv[2:])
    answer(1)
    print("ready", flush=True)
    answer(BATCH)
    print(_peak())


def _peak() -> int:
    """Bytes that this process held at most. Not ``ru_maxrss``: that begins with what the parent held."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
