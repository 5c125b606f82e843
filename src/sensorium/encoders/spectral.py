"""What can be counted and measured of a series: how its samples are distributed, how they change, how they sound."""

import math
from collections.abc import Iterable, Sequence
from typing import ClassVar

import numpy as np

from sensorium.decoding.bridged import bridged
from sensorium.encoders.encoder import Arrays, Encoder, Preprocess
from sensorium.encoders.identity import Identity
from sensorium.section import Section

WINDOWS = 4  # of equal length, beside the whole
SEGMENT = 256  # samples of which a spectrum is taken, half overlapping (Welch 1967)
BANDS = 8  # octaves below half the rate; the lowest holds all below it
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
BOUND = 1e4  # deviations beyond which a sample counts no more
LEAST = 1e-4  # share of the power of a band that is told from none
TINY = 1e-12


class Scales(Section):
    """Level and spread of every channel in the training rows."""

    level: list[float]
    spread: list[float]


class Spectral(Preprocess):
    """Features of a series and of its quarters, a token each; every channel is on the scale of the training rows.

    Of every channel: mean, deviation, quantiles, skewness, kurtosis, mean step, how often it crosses its mean, power
    (log), its share in each octave (log), the entropy of the spectrum, the dominant frequency and the centre of it (as
    octaves below half the rate), the strength and the lag of its rhythm (the highest peak of the autocorrelation behind
    its first crossing of zero), and the share that is missing. Then the correlation of every pair of channels.
    """

    axes: ClassVar = {"series": {0: "batch"}}

    def __call__(self, value: np.ndarray) -> Arrays:
        gaps = np.isnan(value)
        level, spread = (np.array(self.constants[name])[:, None] for name in ("level", "spread"))
        whole = (np.stack([bridged(channel) for channel in value.astype(np.float64)]) - level) / spread
        whole[gaps.all(1)] = 0.0
        scaled = np.clip(whole, -BOUND, BOUND)
        parts = zip(np.array_split(scaled, WINDOWS, 1), np.array_split(gaps, WINDOWS, 1), strict=True)
        tokens = [features(scaled, gaps), *(features(*part) for part in parts)]
        return {"series": np.stack(tokens).astype(np.float32)}


def features(samples: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Of one stretch ``[channels, samples]``, large numbers drawn in (asinh)."""
    mean, deviation = samples.mean(1), samples.std(1)
    centred = samples - mean[:, None]
    unit = centred / (deviation + TINY)[:, None]
    rows = [mean, deviation, *np.quantile(samples, QUANTILES, axis=1), (unit**3).mean(1), (unit**4).mean(1)]
    rows.append(np.abs(np.diff(samples, axis=1)).mean(1))
    rows.append((np.diff(centred > 0, axis=1) != 0).mean(1))
    rows += [*_of_spectrum(centred), *_rhythm(centred), gaps.mean(1)]
    pairs = np.triu_indices(len(samples), 1)
    correlations = (unit @ unit.T / samples.shape[1])[pairs]
    return np.arcsinh(np.concatenate([np.stack(rows, 1).ravel(), correlations]))


def power(samples: np.ndarray) -> np.ndarray:
    """Mean power ``[channels, frequencies]`` of half overlapping segments, from above zero to half the rate."""
    length = min(SEGMENT, samples.shape[1])
    segments = np.lib.stride_tricks.sliding_window_view(samples, length, axis=1)[:, :: max(1, length // 2)]
    window = np.hanning(length + 2)[1:-1]
    total = np.zeros((len(samples), length // 2 + 1))
    for some in np.array_split(segments, -(-segments.shape[1] // SEGMENT), axis=1):  # bounds the memory
        total += (np.abs(np.fft.rfft((some - some.mean(2, keepdims=True)) * window, axis=2)) ** 2).sum(1)
    return total[:, 1:] / segments.shape[1]


def _of_spectrum(centred: np.ndarray) -> list[np.ndarray]:
    spectrum = power(centred)
    number = spectrum.shape[1]
    total = spectrum.sum(1) + TINY
    density = spectrum / total[:, None]
    octaves = -np.log2(np.arange(1, number + 1) / number)
    band = np.minimum(octaves.astype(int), BANDS - 1)
    in_bands = np.stack([density[:, band == one].sum(1) for one in range(BANDS)])
    entropy = -(density * np.log(density + TINY)).sum(1)
    dominant, centre = octaves[spectrum.argmax(1)], density @ octaves
    return [np.log(total), *np.log(in_bands + LEAST), entropy, dominant, centre]


def _rhythm(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Strength, and lag as a share of the length; zeros where nothing comes back."""
    length = centred.shape[1]
    transformed = np.fft.rfft(centred, 2 * length, axis=1)
    correlation = np.fft.irfft(np.abs(transformed) ** 2, axis=1)[:, : length // 2 + 1]
    correlation /= correlation[:, :1] + TINY
    crossed = np.maximum.accumulate(correlation < 0, axis=1)
    behind = np.where(crossed, correlation, 0.0)
    return behind.max(1), behind.argmax(1) / length


def spectral(scales: Scales) -> Encoder:
    """The encoder of channels on these scales."""
    return Encoder(Spectral(**scales.model_dump()), Identity(), "spectral 1")


def scales(values: Iterable[np.ndarray], channels: int) -> Scales:
    """Level and spread of every channel in the median row: few rows of wild samples move neither."""
    measured: list[list[tuple[float, float]]] = [[] for _ in range(channels)]
    for value in values:
        for of_channel, channel in zip(measured, value, strict=True):
            if len(known := channel[~np.isnan(channel)].astype(np.float64)):
                of_channel.append((known.mean(), known.var()))
    level, spread = zip(*map(_scale, measured), strict=True)
    return Scales(level=list(level), spread=list(spread))


def _scale(measured: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Of a channel that has these means and variances in training rows."""
    if not measured:
        return 0.0, 1.0
    means, variances = np.array(measured).T
    level = float(np.median(means))
    return level, math.sqrt(np.median(variances + (means - level) ** 2)) or 1.0
