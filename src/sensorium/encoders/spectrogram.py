"""Log-mel spectrograms as the feature extractors of Whisper, AST and CLAP make them, in numpy."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import soxr

from sensorium.encoders.encoder import Arrays, Preprocess
from sensorium.errors import UserError

RATE = 16_000  # Hz, of cleaned sounds
LEAST = 1e-10  # of power, before its logarithm
ALIKE = 1e-2  # by which a level may differ from the extractor's: rounding, in its logarithm


class Spectrogram(Preprocess):
    """A spectrum ``[..., frames, ...]`` of fixed shape, and a mask of the frames that hold the sound.

    Constants: ``rate`` (Hz) at which it is heard, ``samples`` at most, ``frame`` and ``hop`` in samples, and ``mels``
    bands from ``low`` to ``high`` Hz.
    """

    axes: ClassVar = {"spectrum": {0: "batch"}, "attention_mask": {0: "batch"}}

    def __call__(self, value: np.ndarray) -> Arrays:
        samples = value.astype(np.float64) / 2**15
        if (rate := self.constants["rate"]) != RATE:
            samples = soxr.resample(samples, RATE, rate)
        samples = samples[: self.constants["samples"]]
        spectrum, frames = self.spectrum(samples)
        heard = np.arange(frames) * self.constants["hop"] < len(samples)
        return {"spectrum": spectrum.astype(np.float32), "attention_mask": heard.astype(np.int64)}

    @abstractmethod
    def spectrum(self, samples: np.ndarray) -> tuple[np.ndarray, int]:
        """What the network reads of samples from -1 to 1, and how many frames it has."""

    @cached_property
    def _filters(self) -> np.ndarray:
        return filters(self.constants, SLANEY)

    def _power(self, samples: np.ndarray) -> np.ndarray:
        """Power ``[frames, bands]`` of frames that are centred at every hop."""
        size, hop = self.constants["frame"], self.constants["hop"]
        padded = np.pad(samples, size // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        return np.maximum(np.abs(np.fft.rfft(frames * np.hanning(size + 1)[:-1])) ** 2 @ self._filters, LEAST)


class WhisperSpectrogram(Spectrogram):
    """``[bands, frames]``: silence behind, eight decades below the loudest at most."""

    def spectrum(self, samples: np.ndarray) -> tuple[np.ndarray, int]:
        silence = (0, self.constants["samples"] - len(samples))
        levels = np.log10(self._power(np.pad(samples, silence)))[:-1]
        return ((np.maximum(levels, levels.max() - 8) + 4) / 4).T, len(levels)


class ClapSpectrogram(Spectrogram):
    """``[copies, frames, bands]`` in dB: a short sound is repeated as often as it fits (``fill: repeatpad``)."""

    def spectrum(self, samples: np.ndarray) -> tuple[np.ndarray, int]:
        whole = self.constants["samples"]
        times = {"repeatpad": whole // len(samples), "repeat": whole // len(samples) + 1, "pad": 1}[
            self.constants["fill"]
        ]
        repeated = np.tile(samples, max(1, times))[:whole]
        levels = 10 * np.log10(self._power(np.pad(repeated, (0, whole - len(repeated)))))
        return np.stack([levels] * self.constants["copies"]), len(levels)

    @cached_property
    def _filters(self) -> np.ndarray:
        return filters(self.constants, HTK if self.constants["copies"] > 1 else SLANEY)


class KaldiSpectrogram(Spectrogram):
    """``[frames, bands]`` as Kaldi computes them: no frame reaches over an end; zeros stand behind the levels."""

    def spectrum(self, samples: np.ndarray) -> tuple[np.ndarray, int]:
        size, hop, most = self.constants["frame"], self.constants["hop"], self.constants["frames"]
        frames = np.lib.stride_tricks.sliding_window_view(samples, size)[::hop][:most]
        frames = frames - frames.mean(1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        windowed = (frames - 0.97 * before) * np.hanning(size)
        power = np.abs(np.fft.rfft(windowed, self.constants["bins"])) ** 2 @ self._filters
        levels = np.log(np.maximum(power, np.finfo(np.float32).eps))
        levels = np.pad(levels, [(0, most - len(levels)), (0, 0)])
        return (levels - self.constants["mean"]) / self.constants["std"], most

    @cached_property
    def _filters(self) -> np.ndarray:
        return filters(self.constants, KALDI)


def _slaney(hertz: np.ndarray) -> np.ndarray:
    above = 15 + np.log(np.maximum(hertz, 1000) / 1000) * 27 / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def _slaney_back(mels: np.ndarray) -> np.ndarray:
    return np.where(mels < 15, mels * 200 / 3, 1000 * np.exp(np.log(6.4) / 27 * (mels - 15)))


@dataclass(frozen=True)
class Scale:
    """A scale of pitch.

    Attributes:
        to_mels: of Hz.
        to_hertz: the way back.
        on_scale: whether bands are triangles on the scale rather than in Hz.
        even: whether all bands weigh the same, however wide.
    """

    to_mels: Callable[[Any], Any]
    to_hertz: Callable[[Any], Any]
    on_scale: bool = False
    even: bool = False


SLANEY = Scale(_slaney, _slaney_back, even=True)
HTK = Scale(lambda hertz: 2595 * np.log10(1 + hertz / 700), lambda mels: 700 * (10 ** (mels / 2595) - 1))
KALDI = Scale(lambda hertz: 1127 * np.log(1 + hertz / 700), lambda mels: 700 * np.expm1(mels / 1127), on_scale=True)


def filters(constants: dict[str, Any], scale: Scale) -> np.ndarray:
    """Weights ``[frequencies, bands]`` of triangles that are as wide as their neighbours are far."""
    bins = constants.get("bins", constants["frame"])
    places = np.arange(bins // 2 + 1) * constants["rate"] / bins
    lowest, highest = scale.to_mels(np.array([constants["low"], constants["high"]], dtype=float))
    edges = np.linspace(lowest, highest, constants["mels"] + 2)
    hertz = scale.to_hertz(edges)
    places, edges = (scale.to_mels(places), edges) if scale.on_scale else (places, hertz)
    rising = (places[:, None] - edges[None, :-2]) / np.diff(edges)[:-1]
    falling = (edges[None, 2:] - places[:, None]) / np.diff(edges)[1:]
    weights = np.maximum(0, np.minimum(rising, falling))
    return weights * 2 / (hertz[2:] - hertz[:-2]) if scale.even else weights


def _whisper(extractor: Any) -> Spectrogram:
    return WhisperSpectrogram(
        rate=extractor.sampling_rate, samples=extractor.n_samples, frame=extractor.n_fft, hop=extractor.hop_length,
        mels=extractor.feature_size, low=0, high=8000,
    )  # fmt: skip


def _clap(extractor: Any) -> Spectrogram:
    return ClapSpectrogram(
        rate=extractor.sampling_rate, samples=extractor.nb_max_samples, frame=extractor.fft_window_size,
        hop=extractor.hop_length, mels=extractor.feature_size, low=extractor.frequency_min,
        high=extractor.frequency_max, copies=4 if extractor.truncation == "fusion" else 1, fill=extractor.padding,
    )  # fmt: skip


def _kaldi(extractor: Any) -> Spectrogram:
    rate, frames = extractor.sampling_rate, extractor.max_length
    normalises = extractor.do_normalize
    return KaldiSpectrogram(
        rate=rate, samples=400 + 160 * (frames - 1), frame=400, hop=160, bins=512, mels=extractor.num_mel_bins,
        low=20, high=rate // 2, frames=frames, mean=extractor.mean if normalises else 0.0,
        std=2 * extractor.std if normalises else 1.0,
    )  # fmt: skip


EXTRACTORS: dict[str, Callable[[Any], Spectrogram]] = {
    "WhisperFeatureExtractor": _whisper,
    "ClapFeatureExtractor": _clap,
    "ASTFeatureExtractor": _kaldi,
}


def spectrogram(extractor: Any) -> Spectrogram:
    """What does the same as a feature extractor of `EXTRACTORS`.

    Raises:
        UserError: if its settings make it do something else.
    """
    found = EXTRACTORS[type(extractor).__name__](extractor)
    rate, random = extractor.sampling_rate, np.random.default_rng(0)
    sample = np.clip(random.normal(0, 0.1, rate) * 2**15, -(2**15), 2**15 - 1).astype(np.int16)
    at_rate = soxr.resample(sample / 2**15, RATE, rate) if rate != RATE else sample / 2**15
    wanted = extractor(at_rate, sampling_rate=rate, return_tensors="np")[extractor.model_input_names[0]][0]
    ours = found(sample)["spectrum"]
    if ours.shape != wanted.shape or not np.abs(ours - wanted).max() <= ALIKE:
        raise UserError(
            f"its {type(extractor).__name__} makes other numbers of a sound than its settings say, as far as they are "
            "known here; choose another encoder."
        )
    return found
