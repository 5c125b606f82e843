"""Distillation: a smaller network learns to give the features and the predictions of the one it was made of."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from sensorium.encoders.encoder import Arrays
from sensorium.models.network import Network, Projection
from sensorium.progress import progress
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.denormals import flushed_denormals
from sensorium.training.loop import drop_inputs
from sensorium.training.schedule import warm_cosine

BATCH = 32
ROWS = 128  # of features at once, for the fusion
LEARNING_RATE = 3e-4  # of a student that starts from its teacher's weights
NEW_LEARNING_RATE = 2e-3  # of one that starts from nothing
HIDDEN_INPUTS = 0.5  # chance that a row loses an input, so that a student is right for any subset


@dataclass(frozen=True)
class DistillationSet:
    """The values that the student of one encoder is distilled on.

    Attributes:
        name: the input.
        samples: arrays of each value, as its preprocessing gives them.
        collate: makes a batch of some.
        features: what the teacher makes of them ``[samples, tokens, dim]``.
        rows: of every sample, the training rows that hold this value.
    """

    name: str
    samples: Sequence[Arrays]
    collate: Callable[[Sequence[Arrays]], Arrays]
    features: Tensor
    rows: Sequence[np.ndarray]


def distil_encoder(student: nn.Module, dataset: DistillationSet, network: Network, train: Rows, epochs: int) -> None:
    """Distils an encoder in place; the same arguments give the same.

    Its loss is the squared distance to the teacher's features, each number on its scale in the training rows (Romero et
    al. 2015, arXiv:1412.6550), and the divergence of the whole model's answers from those it gives with the teacher's
    features (Hinton et al. 2015, arXiv:1503.02531), other inputs hidden at random.

    Args:
        student: reads the samples' arrays by name, gives features of the teacher's shape.
        dataset: see there.
        network: the fusion behind the encoder; it stays as it is.
        train: the rows that the samples name.
        epochs: passes over all samples.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    random = np.random.default_rng(0)
    order = torch.Generator().manual_seed(0)
    student.to(device).requires_grad_(True)
    network = copy.deepcopy(network).to(device).requires_grad_(False)
    projection: Projection = network.projections[list(network.config.inputs).index(dataset.name)]  # type: ignore[assignment]
    known, taught = train.to(device), dataset.features.to(device)

    def loss(chosen: Tensor) -> Tensor:
        batch = dataset.collate([dataset.samples[one] for one in chosen])
        made = student(**{name: torch.from_numpy(array).to(device) for name, array in batch.items()})
        wanted = taught[chosen.to(device)]
        rows = torch.tensor([int(random.choice(dataset.rows[one])) for one in chosen])
        features, masks, _ = known.batch(rows.to(device))
        masks = drop_inputs(masks, _shown(masks, order).to(device))
        masks[dataset.name] = torch.ones(wanted.shape[:2], device=device)
        with torch.no_grad():
            answers = network({**features, dataset.name: wanted}, masks)
        distance = (((made - wanted) / projection.deviation) ** 2).mean()
        return distance + divergence(network.targets, network({**features, dataset.name: made}, masks), answers)

    _learn(student, loss, len(dataset.samples), epochs, getattr(student, "learning_rate", LEARNING_RATE))
    student.cpu().requires_grad_(False)


def distil_network(student: Network, teacher: Network, train: Rows, epochs: int) -> None:
    """Distils a smaller fusion network in place to answer as the teacher does, inputs hidden at random."""
    order = torch.Generator().manual_seed(0)

    def loss(rows: Tensor) -> Tensor:
        features, masks, _ = train.batch(rows)
        masks = drop_inputs(masks, _shown(masks, order))
        with torch.no_grad():
            answers = teacher(features, masks)
        return divergence(student.targets, student(features, masks), answers)

    _learn(student.requires_grad_(True), loss, len(train), epochs, NEW_LEARNING_RATE, ROWS)


def divergence(targets: Mapping[str, Learnt], outputs: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
    """How far outputs are from those wanted, summed over targets."""
    return torch.stack([one.divergence(outputs[name], wanted[name]) for name, one in targets.items()]).sum()


@flushed_denormals()
def _learn(
    student: nn.Module, loss: Callable[[Tensor], Tensor], samples: int, epochs: int, rate: float, batch: int = BATCH
) -> None:
    torch.manual_seed(0)
    order = torch.Generator().manual_seed(0)
    optimiser = torch.optim.AdamW(student.parameters(), rate, weight_decay=1e-4, fused=True)
    steps = epochs * -(-samples // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(warm_cosine, steps=steps))
    with progress() as bar:
        tracked = bar.add_task("distil", total=steps)
        for _ in range(epochs):
            _train_mode(student)
            for chosen in torch.randperm(samples, generator=order).split(batch):
                value = loss(chosen)
                optimiser.zero_grad()
                value.backward()
                nn.utils.clip_grad_norm_(student.parameters(), 1.0)
                optimiser.step()
                schedule.step()
                bar.advance(tracked)
    student.eval()


def _train_mode(student: nn.Module) -> None:
    """Only batch normalisation learns as in training: its statistics are those of the teacher's width, not of this."""
    student.eval()
    for part in student.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.train()


def _shown(masks: Mapping[str, Tensor], random: torch.Generator) -> Tensor:
    """Which inputs a row keeps in a step ``[rows, inputs]``."""
    rows = len(next(iter(masks.values())))
    return torch.rand(rows, len(masks), generator=random) >= HIDDEN_INPUTS
