"""The one training loop: a fusion network over cached features."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

import torch
from torch import Tensor, nn

from sensorium.models.masks import is_there, presence
from sensorium.models.network import Network, NetworkConfig, Projection
from sensorium.training.data import Rows
from sensorium.training.denormals import flushed_denormals
from sensorium.training.finite import require_finite
from sensorium.training.forward import predict
from sensorium.training.losses import joint_loss, least_loss
from sensorium.training.narrow import narrow
from sensorium.training.step import Recorded, Step
from sensorium.training.team import Alone, team
from sensorium.training.weights import Weights

EPOCH_STEPS = 8  # at least: few rows are divided into smaller batches
PATIENT_STEPS = 100  # before which patience ends nothing

Watch = Callable[[int, float], None]  # is told of every epoch and its `least_loss`; may end the fit by an error


@dataclass(frozen=True)
class TrainConfig:
    """How a network is fitted.

    Attributes:
        learning_rate: of AdamW, falling to zero along a cosine.
        weight_decay: of AdamW.
        input_dropout: chance that a row loses an input in a step, so that the model answers for any subset.
        label_smoothing: share of the label spread over the other classes.
        batch_size: rows a step, at most; of few rows an eighth.
        epochs: passes over the training rows, at most.
        patience: epochs without a better validation loss before stopping, once there have been some steps.
        seed: of everything random.
        target_weights: how the losses of several targets are made one, a name in `WEIGHTINGS`.
    """

    learning_rate: float
    weight_decay: float
    input_dropout: float
    label_smoothing: float
    batch_size: int
    epochs: int
    patience: int
    seed: int
    target_weights: str = "given"

    def batch(self, rows: int) -> int:
        """Rows a step, of so many."""
        return min(self.batch_size, max(1, rows // EPOCH_STEPS))


@dataclass
class Fitted:
    """A network at its best epoch, and how it got there (a row an epoch)."""

    network: Network
    best_loss: float
    curve: list[dict[str, float]] = field(default_factory=list)


def unwatched(epoch: int, validation_loss: float) -> None:
    """Lets a fit go on to its end."""


@flushed_denormals()
def descend(config: NetworkConfig, how: TrainConfig, train: Rows, validation: Rows, watch: Watch = unwatched) -> Fitted:
    """Fits a network; the same arguments give the same network.

    What is validated and kept is the running mean of the weights (Polyak and Juditsky 1992) at the epoch with the
    lowest validation loss: it generalises better than the last step's weights and varies less with the seed.
    """
    torch.manual_seed(how.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = Network(config)
    standardise(network, train)
    narrowed = narrow(network, train)
    fast, train, validation = (
        narrowed.network.to(device), narrowed.read(train).to(device), narrowed.read(validation).to(device)
    )  # fmt: skip
    order = torch.Generator().manual_seed(how.seed)
    weights = Weights(fast)
    together = team()
    step, optimiser = _step(fast, weights, train, how, together)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, how.epochs)
    fitted = Fitted(network, float("inf"))
    best, waited, steps = weights.mean.clone(), 0, 0
    too_high = (
        f"a learning rate of {how.learning_rate:g} is too high here; set a lower training.learning_rate in params.yaml"
    )
    for epoch in range(how.epochs):
        fast.train()
        training_loss = _epoch(step, train, how, order)
        schedule.step()
        with weights.averaged():
            outputs = predict(fast, validation)
        validation_loss = together.agreed(
            joint_loss(network.targets, outputs, validation.labels, 0, how.target_weights).item()
        )
        require_finite(training_loss + validation_loss, epoch + 1, too_high)
        fitted.curve.append({"epoch": epoch + 1, "train": training_loss, "validation": validation_loss})
        waited += 1
        if validation_loss < fitted.best_loss:
            fitted.best_loss, best, waited = validation_loss, weights.mean.clone(), 0
        watch(epoch + 1, least_loss(network.targets, outputs, validation.labels, how.target_weights))
        steps += math.ceil(len(train) / how.batch(len(train)))
        if waited > how.patience and steps >= PATIENT_STEPS:
            break
    weights.take(best)
    fitted.network = narrowed.widened().eval()
    return fitted


def standardise(network: Network, train: Rows) -> None:
    """Gives every projection the scale of the features of the rows that have its input."""
    for layer, (name, items) in zip(network.projections, train.items.items(), strict=True):
        projection = cast(Projection, layer)
        if (items >= 0).any():
            projection.fit(train.features[name][items[items >= 0]])


def _step(
    network: Network, weights: Weights, train: Rows, how: TrainConfig, together: Alone
) -> tuple[Step, torch.optim.Optimizer]:
    """A step along the gradient of the loss, and the optimiser that has its length."""
    on_gpu = weights.vector.is_cuda
    rate = torch.tensor(how.learning_rate, device=weights.vector.device) if on_gpu else how.learning_rate
    optimiser = torch.optim.AdamW([weights.vector], rate, weight_decay=how.weight_decay, fused=True, capturable=on_gpu)
    complete = {name for name, target in network.targets.items() if target.known(train.labels[name]).all()}
    items = {name: own.clamp(min=0) for name, own in train.items.items()}
    there = {name: is_there(features) for name, features in train.features.items()}
    features = {name: one.masked_fill(~there[name][..., None], 0) for name, one in train.features.items()}
    records = on_gpu and together.alone
    read = _all_tokens if records else _kept_tokens

    def step(rows: Tensor, kept: Tensor) -> Tensor:
        tokens, masks, part = {}, {}, together.part(len(rows))
        for (name, own), projection, every in zip(items.items(), network.projections, kept.unbind(1), strict=True):
            chosen, here = own[rows[part]], every[part]
            with together.drawing(every):
                tokens[name] = read(projection, features[name], chosen, here)
            masks[name] = there[name][chosen] * here[:, None]
        with together.drawing(torch.ones_like(rows)):
            outputs = together.gathered(network.answer(tokens, masks), len(rows))
        labels = {name: own[rows] for name, own in train.labels.items()}
        loss = joint_loss(network.targets, outputs, labels, how.label_smoothing, how.target_weights, complete)
        weights.gradient.zero_()
        loss.backward()
        together.add_up(weights.gradient)
        weights.shorten()
        optimiser.step()
        weights.average()
        return loss.detach()

    return Recorded(step) if records else step, optimiser


def _all_tokens(projection: nn.Module, features: Tensor, items: Tensor, here: Tensor) -> Tensor:
    """Tokens of every row, also where it does not keep the input: a recorded step is always of one shape."""
    tokens: Tensor = projection(features[items])
    return tokens


def _kept_tokens(projection: nn.Module, features: Tensor, items: Tensor, here: Tensor) -> Tensor:
    """Tokens of the rows that keep the input, and zeros for the others, of which nothing is computed."""
    kept = here.nonzero()[:, 0]
    tokens = projection(features.index_select(0, items[kept]))
    return tokens.new_zeros(len(items), *tokens.shape[1:]).index_copy(0, kept, tokens)


def _epoch(step: Step, train: Rows, how: TrainConfig, order: torch.Generator) -> float:
    """Every row once; the mean loss.

    What is drawn for an epoch goes to the device at once, and the loss comes back once: every step would wait for it.
    """
    batch, device = how.batch(len(train)), next(iter(train.items.values())).device
    rows = torch.randperm(len(train), generator=order).to(device)
    drawn = torch.rand(len(train), len(train.items), generator=order).to(device)
    present = {name: (own[rows] >= 0).float()[:, None] for name, own in train.items.items()}
    kept = torch.cat(list(drop_inputs(present, drawn >= how.input_dropout).values()), dim=1)
    total = torch.zeros((), dtype=torch.float64, device=device)
    for places, inputs in zip(rows.split(batch), kept.split(batch), strict=True):
        total += step(places, inputs).double() * len(places)
    return total.item() / len(train)


def drop_inputs(masks: Mapping[str, Tensor], kept: Tensor) -> dict[str, Tensor]:
    """Hides inputs from rows that do not keep them ``[rows, inputs]``, but never the last that a row has."""
    present = torch.stack([presence(mask) for mask in masks.values()], dim=1)
    keep = kept & (present > 0)
    emptied = ~keep.any(dim=1, keepdim=True)
    left = torch.where(emptied, present, keep.to(present.dtype))
    return {name: mask * left[:, place, None] for place, (name, mask) in enumerate(masks.items())}


def mean_loss(network: Network, rows: Rows, target_weights: str) -> float:
    """`joint_loss` of all rows, with the inputs they have."""
    labels = {name: known.to(next(network.parameters()).device) for name, known in rows.labels.items()}
    return joint_loss(network.targets, predict(network, rows), labels, target_weights=target_weights).item()
