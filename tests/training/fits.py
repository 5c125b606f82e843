"""Fits networks, alone or with other processes, and writes how they came to what they say."""

import json
import sys
from pathlib import Path

import torch

from sensorium.models.network import NetworkConfig
from sensorium.training.data import Rows
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig, descend
from sensorium.training.team import join

STATES = {"sign": ["-", "+"], "size": ["small", "large"]}
CASES = {  # by name the fusion, its dropout, and how losses are weighted
    "concat": ("concat", 0.3, "given"),
    "bottleneck": ("bottleneck", 0.3, "learnt"),
    "attention": ("attention", 0.0, "given"),
}


def rows(count: int, seed: int) -> Rows:
    """Wide features, and slim ones that some rows lack, as some do a label."""
    random = torch.Generator().manual_seed(seed)
    wide, slim = torch.randn(count, 1, 40, generator=random), torch.randn(count, 2, 3, generator=random)
    wide = wide[..., :4] @ torch.ones(4, 40).triu()  # few axes
    items = torch.arange(count)
    labels = {"sign": (wide[:, 0, 0] > 0).long(), "size": torch.where(items % 7 == 0, -1, (slim[:, 0, 0] > 0).long())}
    return Rows({"wide": wide, "slim": slim}, {"wide": items, "slim": torch.where(items % 5 == 0, -1, items)}, labels)


def fits() -> dict[str, list[list[float]]]:
    """By case, the losses of all epochs, and what the network says of some rows."""
    torch.set_num_threads(1)
    found = {}
    for name, (kind, dropout, weights) in CASES.items():
        config = NetworkConfig({"wide": 40, "slim": 3}, STATES, kind, 16, 1, dropout)
        how = TrainConfig(0.01, 0.01, 0.3, 0.1, 16, epochs=3, patience=9, seed=0, target_weights=weights)
        fitted = descend(config, how, rows(129, 0), rows(40, 1))  # the last batch is of one row
        said = torch.cat(list(predict(fitted.network, rows(10, 2)).values()), dim=1)
        found[name] = [*([one["train"], one["validation"]] for one in fitted.curve), *said.tolist()]
    return found


if __name__ == "__main__":
    together = join()
    told = {"processes": torch.distributed.get_world_size(), "fits": fits()}
    if together.leads:
        Path(sys.argv[1]).write_text(json.dumps(told))
    together.leave()
