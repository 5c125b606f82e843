"""Samples with gaps (not-a-number) as samples without, and at another rate."""

import numpy as np
import soxr


def bridged(samples: np.ndarray) -> np.ndarray:
    """Samples whose gaps are straight lines between their neighbours; zeros where nothing is known."""
    known = ~np.isnan(samples)
    if known.all():
        return samples
    if not known.any():
        return np.zeros_like(samples)
    places = np.arange(len(samples))
    return np.interp(places, places[known], samples[known]).astype(samples.dtype)


def resampled(samples: np.ndarray, rate: float, wanted: float) -> np.ndarray:
    """Samples at another rate (Hz), band-limited; a gap stays as long as it was."""
    if len(samples) < 2:
        return samples
    found = soxr.resample(bridged(samples), rate, wanted)
    gaps = np.isnan(samples)
    if gaps.any():
        nearest = np.minimum((np.arange(len(found)) * rate / wanted).round().astype(int), len(samples) - 1)
        found[gaps[nearest]] = np.nan
    return found
