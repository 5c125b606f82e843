"""Ways to fuse inputs, one Module a file. Adding one is adding a file and naming its class here."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it imports torch, and params.yaml is checked without
    from sensorium.models.fusion.fusion import Fusion

FUSIONS = {"attention": "AttentionFusion", "concat": "ConcatFusion", "linear": "LinearFusion"}  # by the file's name


def fusion_class(kind: str) -> "type[Fusion]":
    """The Module of this name."""
    return getattr(import_module(f"{__name__}.{kind}"), FUSIONS[kind])
