"""What befalls series: noise, gaps, a base line that drifts, a channel that is lost."""

import numpy as np

from sensorium.modalities.modality import Corruption

MOST = float(np.finfo(np.float32).max)  # of a sample
STRETCHES = 20  # of a series, of which some are lost
LOST = "lost channel"


def _noise(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """White noise of a quarter, half or all of each channel's spread."""
    return _kept(value + (0.25, 0.5, 1.0)[strength] * _spreads(value) * random.normal(size=value.shape))


def _gaps(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """10, 30 or 60% of the time lost, in stretches; never all that is known."""
    damaged = value.copy()
    for stretch in random.permutation(STRETCHES)[: round((0.1, 0.3, 0.6)[strength] * STRETCHES)]:
        start, end = (value.shape[1] * one // STRETCHES for one in (stretch, stretch + 1))
        damaged[:, start:end] = np.nan
    return value.copy() if np.isnan(damaged).all() else damaged


def _drift(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """The base line of every channel rises and falls by half, all or twice its spread, about once."""
    turns = 2 * np.pi * (random.uniform(0.5, 1.5) * np.linspace(0, 1, value.shape[1]) + random.uniform())
    return _kept(value + (0.5, 1.0, 2.0)[strength] * _spreads(value) * np.sin(turns))


def _lost(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """One channel lost, half of them, or all but one that is known."""
    known = np.flatnonzero(~np.isnan(value).all(1))
    number = min(len(known) - 1, (1, len(known) // 2, len(known) - 1)[strength])
    damaged = value.copy()
    damaged[random.permutation(known)[:number]] = np.nan
    return damaged


def _spreads(value: np.ndarray) -> np.ndarray:
    known = ~np.isnan(value)
    filled, count = np.where(known, value, 0).astype(np.float64), np.maximum(known.sum(1), 1)
    mean = filled.sum(1) / count
    return np.sqrt((np.where(known, filled - mean[:, None], 0) ** 2).sum(1) / count)[:, None]


def _kept(samples: np.ndarray) -> np.ndarray:
    """As a cleaned value has them."""
    return np.clip(samples, -MOST, MOST).astype(np.float32) + np.float32(0)


CORRUPTIONS: dict[str, Corruption] = {"noise": _noise, "gaps": _gaps, "drift": _drift, LOST: _lost}
