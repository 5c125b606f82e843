"""Grows the trees fusion: gradient boosting with Newton's steps, whatever a target's loss.

Sources: Friedman 2001; Chen and Guestrin 2016, arXiv:1603.02754. A tree answers for all outputs of a target at once; it
is grown to a few random sums of them where there are many (Iosipoi and Vakhrushev 2022, arXiv:2211.12858).
"""

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from sensorium.models.fusion.trees import DEPTH, LEAVES, NODES, PLACES, TREES, Numbers, TreesFusion
from sensorium.models.network import Network, Projection
from sensorium.targets import Learnt
from sensorium.training.cross_validation import known_rows, mean_tokens
from sensorium.training.data import Rows
from sensorium.training.solution import Parts

NEWTON_STEPS = 12.0  # that all trees of a target make together; one of many makes a small one
SMALLEST_LEAF = 5  # rows
RIDGE = 1.0  # added to the curvature of a leaf's rows
LEAST_CURVATURE = 1e-3  # of an output of a row: an estimate may be below 0
SUMS = 8  # of outputs, to which a tree is grown where a target has more
OF_ROWS, OF_NUMBERS = 0.7, 0.5  # shares of the rows, and of the numbers at each node, that a tree is grown by
PARTIAL = 0.5  # how much a row counts that lacks some of its inputs, beside the same row as it is
FIRST_STEPS = 20  # to the best constants
MOST_ITEMS = 5_000  # that axes are found by
MOST_OUTPUTS = 500_000  # of all rows together, that trees are grown by: of 1,000 classes 500 rows


@dataclass(frozen=True)
class Grown:
    """Trees and what they add to: see the buffers of `TreesFusion`; leaves are ``[trees, leaves, outputs]``."""

    questions: Tensor
    thresholds: Tensor
    unknown: Tensor
    leaves: Tensor
    biases: Tensor


@dataclass(frozen=True)
class TrainingRows:
    """Rows that trees are grown by.

    Attributes:
        numbers: of all inputs side by side ``[rows, numbers]``; not-a-number where an input is missing.
        places: where each number lies among those of the fusion.
        counts: how much each row counts.
    """

    numbers: np.ndarray
    places: np.ndarray
    counts: np.ndarray


def fill(network: Network, parts: Parts, train: Rows) -> None:
    """Gives every target its share of the trees."""
    fusion = cast(TreesFusion, network.fusion)
    _turn(network, train)
    known = {name: rows for name in parts if len(rows := _known(train, name, network.targets[name]))}
    first, count = 0, TREES // max(1, len(known))
    for name, rows in known.items():
        grown = _grown(network.targets[name], *_rows(network, name, rows), count)
        nodes, leaves = slice(first * NODES, (first + count) * NODES), slice(first * LEAVES, (first + count) * LEAVES)
        fusion.questions[nodes], fusion.thresholds[nodes] = grown.questions.flatten(), grown.thresholds.flatten()
        fusion.unknown[nodes] = grown.unknown.flatten()
        fusion.leaves[leaves, parts[name]] = grown.leaves.flatten(0, 1)
        fusion.biases[parts[name]] = grown.biases
        first += count


def _known(train: Rows, name: str, target: Learnt) -> Rows:
    """The rows whose label is known, at most some thousands of them, and fewer where there are many outputs."""
    rows = known_rows(train, name, target)
    return rows.select(torch.arange(len(rows))[:: -(-len(rows) * target.outputs // MOST_OUTPUTS) or 1])


def _turn(network: Network, train: Rows) -> None:
    """Gives inputs of many numbers their leading principal axes."""
    for projection, (name, items) in zip(network.projections, train.items.items(), strict=True):
        axes = cast(Numbers, cast(Projection, projection).map).axes
        if axes is None or not len(used := items[items >= 0].unique()):
            continue
        means = mean_tokens(cast(Projection, projection), train.features[name][used[:: -(-len(used) // MOST_ITEMS)]])
        vectors = torch.linalg.eigh(torch.cov(means.T, correction=0).reshape(means.shape[1], -1)).eigenvectors
        axes.weight.copy_(vectors.flip(1)[:, : len(axes.weight)].T)


def _rows(network: Network, name: str, rows: Rows) -> tuple[TrainingRows, Tensor]:
    """The rows and their labels, then the same once more with inputs missing at random, where there are several."""
    numbers, places = [], []
    for at, (projection, (name_of, items)) in enumerate(zip(network.projections, rows.items.items(), strict=True)):
        one = cast(Projection, projection)
        count = cast(Numbers, one.map).count
        used, place = items.clamp(min=0).unique(return_inverse=True)
        own = one.map(mean_tokens(one, rows.features[name_of][used]))[place, :count]
        numbers.append(own.masked_fill((items < 0)[:, None], torch.nan).numpy())
        places.append(at * PLACES + np.arange(count))
    labels = rows.labels[name]
    if len(numbers) == 1:
        return TrainingRows(numbers[0], places[0], np.ones(len(rows), np.float32)), labels
    dropped = np.random.default_rng(0).random((len(rows), len(numbers))) < 0.5
    partial = [np.where(gone[:, None], np.nan, own) for own, gone in zip(numbers, dropped.T, strict=True)]
    every = np.concatenate([np.concatenate(numbers, 1), np.concatenate(partial, 1)])
    counts = np.repeat(np.array([1.0, PARTIAL], np.float32), len(rows))
    return TrainingRows(every, np.concatenate(places), counts), torch.cat([labels, labels])


def _grown(target: Learnt, rows: TrainingRows, labels: Tensor, count: int) -> Grown:
    """So many trees, each fitted to what those before it leave."""
    from sklearn.tree import DecisionTreeRegressor  # which takes a second, that the start of every command would take

    random, signs = np.random.RandomState(0), torch.Generator().manual_seed(0)
    rate, counts = min(1.0, NEWTON_STEPS / count), torch.from_numpy(rows.counts)[:, None]
    outputs = _constants(target, labels, counts, signs)
    # Kept beside what comes and goes, small tensors would leave holes between large ones: gigabytes in all.
    grown = Grown(
        torch.zeros(count, NODES, dtype=torch.int64),
        torch.zeros(count, NODES),
        torch.zeros(count, NODES),
        torch.zeros(count, LEAVES, target.outputs),
        outputs[0],
    )
    for place in range(count):
        slope, curvature = _derivatives(target, outputs, labels, signs)
        wanted = slope
        if target.outputs > SUMS:
            wanted = slope @ torch.from_numpy(random.standard_normal((target.outputs, SUMS)).astype(np.float32))
        drawn = random.random_sample(len(labels))
        grown_by = drawn <= max(OF_ROWS, drawn.min())  # one at least
        tree = DecisionTreeRegressor(
            max_depth=DEPTH, min_samples_leaf=SMALLEST_LEAF, max_features=OF_NUMBERS, random_state=random
        )
        tree.fit(rows.numbers, -wanted.numpy(), rows.counts * grown_by)
        leaf = torch.from_numpy(tree.apply(rows.numbers))
        zeros = torch.zeros(tree.tree_.node_count, target.outputs)
        slopes, curvatures = (zeros.index_add(0, leaf, one * counts) for one in (slope, curvature))
        values = -rate * slopes / (curvatures + RIDGE)
        outputs = outputs + values[leaf]
        questions, thresholds, unknown, leaves = complete(tree.tree_, rows.places, values)
        grown.questions[place], grown.thresholds[place], grown.unknown[place] = questions, thresholds, unknown
        grown.leaves[place] = leaves
    return grown


def _constants(target: Learnt, labels: Tensor, counts: Tensor, signs: torch.Generator) -> Tensor:
    """The outputs that suit all rows best, the same for each ``[rows, outputs]``."""
    outputs = torch.zeros(len(labels), target.outputs)
    for _ in range(FIRST_STEPS):
        slope, curvature = _derivatives(target, outputs, labels, signs)
        outputs = outputs - (slope * counts).sum(0) / ((curvature * counts).sum(0) + RIDGE)
    return outputs


@torch.enable_grad()
def _derivatives(target: Learnt, outputs: Tensor, labels: Tensor, signs: torch.Generator) -> tuple[Tensor, Tensor]:
    """Of each row's loss by each of its outputs the first and, estimated, the second (Hutchinson 1989)."""
    at = outputs.clone().requires_grad_(True)
    loss = target.surprise * target.losses(at[:, None], labels).sum()
    (slope,) = torch.autograd.grad(loss, at, create_graph=True)
    drawn = torch.randint(2, at.shape, generator=signs) * 2.0 - 1
    (bent,) = torch.autograd.grad((slope * drawn).sum(), at)
    return slope.detach(), (bent * drawn).clamp(min=LEAST_CURVATURE)


def complete(tree: Any, places: np.ndarray, values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """A tree of scikit-learn's with all nodes of its levels: what lies below an early leaf all ends in it."""
    level, nodes = [0], []
    for _ in range(DEPTH):
        nodes += level
        children = [*tree.children_left[level], *tree.children_right[level]]
        level = [child if child >= 0 else own for child, own in zip(children, 2 * level, strict=True)]
    asks = tree.children_left[nodes] >= 0
    questions = np.where(asks, places[np.maximum(tree.feature[nodes], 0)], 0)
    thresholds = np.where(asks, tree.threshold[nodes], 0).astype(np.float32)
    unknown = np.where(asks, 1 - tree.missing_go_to_left[nodes], 0).astype(np.float32)
    return torch.from_numpy(questions), torch.from_numpy(thresholds), torch.from_numpy(unknown), values[level]
