"""Readers of sequences, one Module a file. Adding one is adding a file and naming its class here.

They go from states ``[batch, steps, width]`` and a mask ``[batch, steps]``, 1 or 0, to ``[batch, width]``. What lies
behind the end of a sequence changes nothing.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports torch, and params.yaml is checked without
    from torch import nn

READERS = {
    "bag": f"{__name__}.bag:Bag",
    "convolutions": f"{__name__}.convolutions:Convolutions",
    "gru": f"{__name__}.recurrent:Gru",
    "lstm": f"{__name__}.recurrent:Lstm",
    "transformer": f"{__name__}.transformer:Transformer",
}


def reader(name: str, width: int) -> "nn.Module":
    """A new one of this name and width."""
    return resolve_name(READERS[name])(width)
