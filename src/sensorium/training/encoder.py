"""Trains an encoder of one input: to answer the targets by that input alone.

What it gives of a value from then on are the outputs it would answer with. They mean the same whichever rows an encoder
was trained on, so that features of training rows can be those of encoders that never saw them (stacking: Wolpert 1992):
whoever learns from the features of several inputs would take them for surer than they are otherwise.
"""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from sensorium.encoders.encoder import Arrays
from sensorium.encoders.trainable.trainable import Trainable
from sensorium.models.device import has_gpu
from sensorium.targets import Learnt
from sensorium.training.data import Rows
from sensorium.training.denormals import flushed_denormals
from sensorium.training.finite import require_finite
from sensorium.training.losses import joint_loss, least_loss
from sensorium.training.schedule import warm_cosine
from sensorium.training.weights import Weights

BATCH, EPOCH_STEPS = 64, 16  # rows a step at most; steps an epoch at least
PATIENCE, PATIENT_STEPS = 5, 100  # epochs without a better loss before it ends, once there were some steps
DECAY, SMOOTHING = 0.05, 0.05
DIVERGED = "this encoder cannot be trained on these values; choose another one in params.yaml"
AT_ONCE = 128  # values that are read without learning
STATES = "states"  # what a frozen part gives
INPUT = "input"  # what rows call it


class Answering(nn.Module):
    """A network with a head: the outputs of all targets ``[batch, 1, outputs]``, one behind the other."""

    def __init__(self, trainable: Trainable, outputs: int) -> None:
        super().__init__()
        self.frozen, self.network = trainable.frozen, trainable.network
        self.head = nn.Linear(trainable.width, outputs)
        if self.frozen is not None:
            self.frozen.eval().requires_grad_(False)

    def forward(self, *given: Tensor, **named: Tensor) -> Tensor:
        if self.frozen is not None:
            given, named = (self.frozen(*given, **named),), {}
        return self.answer(*given, **named)

    def answer(self, *given: Tensor, **named: Tensor) -> Tensor:
        """The same of what the frozen part gives, where there is one."""
        found: Tensor = self.head(self.network(*given, **named))[:, None]
        return found


class EncoderTrainer:
    """Trains one encoder.

    Args:
        trainable: it, new.
        samples: what is `prepared` of what its preprocessing makes of values, by the place that rows name.
        targets: what is learnt of each.
    """

    def __init__(self, trainable: Trainable, samples: Mapping[int, Arrays], targets: Mapping[str, Learnt]) -> None:
        self._device = torch.device("cuda" if has_gpu() else "cpu")
        self._targets, self._trainable, self._samples = targets, trainable, samples
        self._sizes = [one.outputs for one in targets.values()]
        self.module = Answering(trainable, sum(self._sizes)).to(self._device)

    @torch.no_grad()
    def prepared(self, samples: Sequence[Arrays]) -> list[Arrays]:
        """What the part that learns reads of some values: what does not learn is computed once."""
        if self.module.frozen is None:
            return list(samples)
        return [{STATES: one.cpu().numpy()} for one in self.module.frozen(**self._tensors(samples))]

    def _tensors(self, samples: Sequence[Arrays]) -> dict[str, Tensor]:
        batch = self._trainable.preprocess.collate(samples)
        return {name: torch.from_numpy(array).to(self._device) for name, array in batch.items()}

    def _answer(self, places: Sequence[int]) -> Tensor:
        """Outputs ``[places, outputs]``."""
        samples = [self._samples[place] for place in places]
        if self.module.frozen is None:
            return cast(Tensor, self.module(**self._tensors(samples)))[:, 0]
        states = torch.from_numpy(np.stack([sample[STATES] for sample in samples]))
        return self.module.answer(states.to(self._device))[:, 0]

    @torch.no_grad()
    def outputs(self, places: Sequence[int]) -> Tensor:
        """Outputs ``[places, outputs]`` without chance, on the CPU."""
        self.module.eval()
        order = sorted(range(len(places)), key=lambda at: _length(self._samples[places[at]]))  # little is padded then
        batches = [order[start : start + AT_ONCE] for start in range(0, len(order), AT_ONCE)]
        found = torch.cat([self._answer([places[at] for at in batch]).cpu() for batch in batches])
        return found[torch.tensor(order).argsort()]

    @torch.no_grad()
    def features(self, samples: Sequence[Arrays]) -> Tensor:
        """The trained encoder's features ``[samples, 1, outputs]`` of other values, on the CPU."""
        self.module.eval()
        return cast(Tensor, self.module(**self._tensors(samples))).cpu()

    def _by_target(self, outputs: Tensor) -> dict[str, Tensor]:
        return dict(zip(self._targets, outputs.split(self._sizes, dim=1), strict=True))

    @flushed_denormals()
    def fit(self, train: Rows, validation: Rows) -> float:
        """Trains it; the same rows give the same. It is kept as it was at the epoch of least validation loss.

        Args:
            train: rows with a known label; their one input names places of samples.
            validation: rows to judge by.

        Returns:
            That loss; infinite where there is nothing to learn from.
        """
        if not len(train):
            return math.inf
        epochs = self._trainable.epochs
        order = torch.Generator().manual_seed(0)
        learning = nn.ModuleList([self.module.network, self.module.head])
        weights, items = Weights(learning), train.items[INPUT]
        optimiser = torch.optim.AdamW([weights.vector], self._trainable.rate, weight_decay=DECAY, fused=True)
        batch = min(BATCH, max(1, len(items.unique()) // EPOCH_STEPS))
        steps = epochs * -(-len(items.unique()) // batch)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(warm_cosine, steps=steps))
        best, best_loss, waited = weights.mean.clone(), math.inf, 0
        for epoch in range(epochs):
            learning.train()
            total = 0.0
            for rows in _a_row_each(items, order).split(batch):
                weights.gradient.zero_()
                loss = self._loss(train.select(rows))
                loss.backward()
                weights.shorten()
                optimiser.step()
                schedule.step()
                weights.average()
                total += loss.item()
            require_finite(total, epoch + 1, DIVERGED)
            with weights.averaged():
                validation_loss = self._least_loss(validation)
            waited += 1
            if validation_loss < best_loss:
                best, best_loss, waited = weights.mean.clone(), validation_loss, 0
            if waited > PATIENCE and schedule.last_epoch >= PATIENT_STEPS:
                break
        weights.take(best)
        self.module.eval()
        return best_loss

    def _loss(self, rows: Rows) -> Tensor:
        outputs = self._by_target(self._answer(rows.items[INPUT].tolist()))
        labels = {name: known.to(self._device) for name, known in rows.labels.items()}
        return joint_loss(self._targets, outputs, labels, SMOOTHING)

    def _least_loss(self, rows: Rows) -> float:
        """At the calibration that suits best: what it is too sure or unsure of is found out behind it."""
        places, of_rows = rows.items[INPUT].unique(return_inverse=True)
        outputs = self._by_target(self.outputs(places.tolist())[of_rows])
        return least_loss(self._targets, outputs, rows.labels, "given")


def _a_row_each(items: Tensor, order: torch.Generator) -> Tensor:
    """One row of each value that is in any, drawn anew for each epoch: reading a value is what takes time."""
    rows = torch.randperm(len(items), generator=order)
    _, values = items[rows].unique(return_inverse=True)
    first = torch.full((int(values.max()) + 1,), len(rows)).scatter_reduce(0, values, torch.arange(len(rows)), "amin")
    return rows[first.sort().values]


def _length(sample: Arrays) -> int:
    return len(next(iter(sample.values())))
