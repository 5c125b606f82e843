"""Networks that were solved before: the same rows, targets and code give the same one, so it is read again."""

import hashlib
import json
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

from sensorium import models, paths, stats, targets, training
from sensorium.cached import made_once
from sensorium.models.network import NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.loop import Fitted, TrainConfig
from sensorium.training.solution import blank, judged

LIBRARIES = ("numpy", "scikit-learn", "torch")  # that solve


def solved(config: NetworkConfig, how: TrainConfig, train: Rows, validation: Rows) -> Fitted:
    """What `fit` gives of a kind of network that is solved, from the cache where it is there."""

    def make(beside: Path) -> None:
        weights = fit(config, how, train, validation).network.state_dict()
        save_file({name: tensor.contiguous() for name, tensor in weights.items()}, beside)

    network = blank(config)
    kept = made_once(paths.cache() / "solved" / _key(config, train) / "network.safetensors", make)
    network.load_state_dict(load_file(kept))
    return judged(network, how, train, validation)


def _key(config: NetworkConfig, train: Rows) -> str:
    asked = asdict(replace(config, width=0, layers=0, dropout=0.0))  # which change nothing
    found = hashlib.sha256(json.dumps([_code(), asked, list(train.items)]).encode())
    for tensors in (train.features, train.items, train.labels):
        for tensor in tensors.values():
            _add(found, tensor)
    if train.groups is not None:
        _add(found, train.groups)
    return found.hexdigest()


def _add(found: "hashlib._Hash", tensor: Tensor) -> None:
    found.update(f"{tensor.dtype} {list(tensor.shape)}".encode())
    found.update(tensor.contiguous().numpy().data)


@cache
def _code() -> str:
    """A digest of all that has a part in it: a change costs no more than that a network is solved once more."""
    files = [path for room in (models, stats, targets, training) for path in Path(room.__path__[0]).rglob("*.py")]
    libraries = ",".join(f"{name} {version(name)}" for name in LIBRARIES)
    return hashlib.sha256(libraries.encode() + b"".join(path.read_bytes() for path in sorted(files))).hexdigest()
