"""Stops a training whose loss is no number any more."""

import math

from sensorium.errors import UserError


def require_finite(loss: float, epoch: int, mend: str) -> None:
    """Stops a training whose loss is no number any more.

    Args:
        loss: of an epoch.
        epoch: its number.
        mend: what is the matter and what to do.

    Raises:
        UserError: saying when it happened and what to do.
    """
    if not math.isfinite(loss):
        raise UserError(f"the loss is {loss} in epoch {epoch}, so nothing more can be learnt: {mend}.")
