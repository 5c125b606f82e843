"""Evaluation of many test rows beside a plain loop over subsets and draws.

Random features and an untrained network: how long it takes does not depend on what is said. The plain loop predicts one
subset of the inputs after the other and calls scikit-learn for every draw of the bootstrap; a few of its draws are
timed and the rest is reckoned from them.

    python bench/evaluation.py --rows 100000
"""

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.special import softmax

from sensorium.evaluation.names import subsets
from sensorium.evaluation.subsets import predict_subsets
from sensorium.models.network import Network, NetworkConfig
from sensorium.stats.bootstrap import draw
from sensorium.targets.class_.figures import Predictions, figures
from sensorium.targets.class_.resampling import resample
from sensorium.training.data import Rows
from sensorium.training.forward import predict

DIMS = {"text": 384, "image": 1280, "speech": 256}
CLASSES = {"category": 10, "language": 5}
DRAWS = 1000
TIMED_DRAWS = 5
GROUP = 4  # rows


def main(count: int) -> None:
    """Prints seconds of each step, vectorised and by the plain loop."""
    rows, network = make(count)
    prior = {target: np.full(classes, 1 / classes, np.float32) for target, classes in CLASSES.items()}
    logits = predict(network, rows)
    groups = np.arange(count) // GROUP
    cases = [
        Predictions.of(softmax(logits[target].numpy(), axis=1), rows.labels[target].numpy(), groups)
        for target in CLASSES
    ]
    before = memory()
    ours = [
        seconds(lambda: predict_subsets(network, rows, prior)),
        seconds(lambda: [resample(case, DRAWS) for case in cases]),
    ]
    grown = memory() - before
    plain = [
        seconds(lambda: one_by_one(network, rows)),
        seconds(lambda: [plain_draws(case, TIMED_DRAWS) for case in cases]) * DRAWS / TIMED_DRAWS,
    ]
    steps = [f"{len(subsets(list(DIMS))) - 1} subsets of the inputs", f"{DRAWS:,} draws of all figures"]
    table = Table(f"{count:,} rows, {len(CLASSES)} targets", "here, s", "plain loop, s", "times faster")
    for step, here, loop in [*zip(steps, ours, plain, strict=True), ("both", sum(ours), sum(plain))]:
        table.add_row(step, f"{here:.1f}", f"{loop:,.1f}", f"{loop / here:.1f}")
    Console().print(table)
    print(f"peak memory: {memory():.1f} GB, {grown:.1f} of it for this; the features alone are {size(rows):.1f} GB")


def make(count: int) -> tuple[Rows, Network]:
    """Random rows, each with features of its own, a tenth of the inputs missing."""
    random = torch.Generator().manual_seed(0)
    features = {name: torch.randn(count, 1, dim, generator=random) for name, dim in DIMS.items()}
    items = {name: torch.where(torch.rand(count, generator=random) < 0.1, -1, torch.arange(count)) for name in DIMS}
    labels = {target: torch.randint(classes, (count,), generator=random) for target, classes in CLASSES.items()}
    names = {target: [str(number) for number in range(classes)] for target, classes in CLASSES.items()}
    torch.manual_seed(0)
    return Rows(features, items, labels), Network(NetworkConfig(DIMS, names, "concat", 256, 1, 0.0)).eval()


def one_by_one(network: Network, rows: Rows) -> None:
    """Every subset as its own prediction."""
    for kept in subsets(list(DIMS))[1:]:
        predict(network, rows.without(set(DIMS) - set(kept)))


def plain_draws(case: Predictions, draws: int) -> None:
    """The rows of every draw, and scikit-learn's figures of them."""
    assert case.probabilities is not None
    for weights in np.concatenate(list(draw(int(case.groups.max()) + 1, draws, 0))):
        rows = np.repeat(np.arange(len(case.labels)), weights[case.groups].astype(int))
        figures(Predictions.of(case.probabilities[rows], case.labels[rows], case.groups[rows]))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory() -> float:
    """The most that this process has held so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def size(rows: Rows) -> float:
    """The features' GB."""
    return sum(array.numel() * array.element_size() for array in rows.features.values()) / 1e9


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    main(parser.parse_args().rows)
