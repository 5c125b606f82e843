"""Samples of differing length in one batch."""

from collections.abc import Sequence

import numpy as np

from sensorium.encoders.encoder import Arrays


def collate_steps(samples: Sequence[Arrays]) -> Arrays:
    """Arrays ``[steps, ...]`` of several samples, each with zeros behind its end ``[batch, most steps, ...]``."""
    found = {}
    for name, first in samples[0].items():
        most = max(len(sample[name]) for sample in samples)
        found[name] = np.zeros((len(samples), most, *first.shape[1:]), first.dtype)
        for row, sample in zip(found[name], samples, strict=True):
            row[: len(sample[name])] = sample[name]
    return found
