"""Stops a training whose loss is no number any more."""

import math

from sensorium.errors import UserError


def require_finite(loss: float, epoch: int, learning_rate: float) -> None:
    """Stops a training whose loss is no number any more.

    Raises:
        UserError: saying when it happened and what to do.
    """
    if not math.isfinite(loss):
        raise UserError(
            f"the loss is {loss} in epoch {epoch}, so nothing more can be learnt: a learning rate of "
            f"{learning_rate:g} is too high here; set a lower training.learning_rate in params.yaml."
        )
