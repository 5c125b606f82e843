"""Consecutive pieces of a sequence."""

from collections.abc import Sequence
from typing import Any

ROWS = 256  # of a shard: small enough for memory and progress, large enough for batches


def shards(sequence: Sequence[Any], size: int = ROWS) -> list[Any]:
    """Consecutive pieces of a sequence, each of at most ``size``."""
    return [sequence[start : start + size] for start in range(0, len(sequence), size)]
