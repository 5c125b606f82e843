"""Training a network of any kind."""

from collections.abc import Callable, Mapping
from typing import Any

from sensorium.models.fusion import fusion_class
from sensorium.models.network import NetworkConfig
from sensorium.targets import Learnt
from sensorium.training import kernel, linear, trees
from sensorium.training.data import Rows
from sensorium.training.loop import Fitted, TrainConfig, Watch, descend, unwatched
from sensorium.training.solution import solution

Learn = Callable[[NetworkConfig, TrainConfig, Rows, Rows, Watch], Fitted]
LEARN: dict[str, Learn] = {
    "descent": descend,
    "linear": solution(linear.fill),
    "kernel": solution(kernel.fill),
    "trees": solution(trees.fill),
}


def fit(config: NetworkConfig, how: TrainConfig, train: Rows, validation: Rows, watch: Watch = unwatched) -> Fitted:
    """Fits a network as its fusion learns; the same arguments give the same network."""
    return LEARN[fusion_class(config.kind).learns_by](config, how, train, validation, watch)


def configured(
    drawn: Mapping[str, Mapping[str, Any]], rows: Rows, targets: Mapping[str, Learnt]
) -> tuple[NetworkConfig, TrainConfig]:
    """What `fit` needs for these rows.

    Args:
        drawn: the settings ``fusion`` and ``training`` that the search chose.
        rows: to fit to.
        targets: what is learnt of each.
    """
    states = {name: one.state for name, one in targets.items()}
    return NetworkConfig(rows.dims, states, **drawn["fusion"]), TrainConfig(**drawn["training"])
