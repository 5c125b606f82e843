"""Audio: a sound file (WAV, FLAC, Ogg, MP3, M4A, ...) or the sound track of a clip, heard as mono at 16 kHz."""

import base64
import io
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import soundfile
from pydantic import Field

from sensorium.decoding.limited import run
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.log_mel import LogMel
from sensorium.encoders.mel_frames import MelFrames
from sensorium.encoders.spectrogram import RATE, ClapSpectrogram, KaldiSpectrogram, WhisperSpectrogram
from sensorium.encoders.trainable.readers import READERS
from sensorium.encoders.trainable.trainable import EncoderChoice, Trainable
from sensorium.encoders.waveform import Waveform
from sensorium.errors import BadInput
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import SECONDS, Comparative, Descriptors
from sensorium.modalities.modality import Corruption
from sensorium.modalities.weighted import weighted

SHORTEST = 0.1  # seconds; less holds no sound a person could name
SPANS = 10  # of a clip that are silenced one by one
QUIET = 10 ** (-50 / 20)  # of full scale; a frame below it is silence
FRAME = RATE // 50  # 20 ms
CEPSTRA = 20
Span = tuple[float, float]


class Audio(Cell):
    """A sound as a player plays it, mixed to one channel; what comes after ``seconds`` is not heard."""

    kind: Literal["audio"] = "audio"
    encoder: EncoderChoice = Field(
        "speech-embedding", description="speech-embedding, a local folder, a hub id, or one that is trained here"
    )
    seconds: float = Field(6.0, ge=0.5, le=600, description="sounds are cut to so many seconds")

    control: ClassVar = "audio"
    is_file: ClassVar[bool] = True
    is_track: ClassVar[bool] = True
    media_types: ClassVar = (
        "audio/wav", "audio/flac", "audio/ogg", "audio/mpeg", "audio/mp4", "audio/webm", "audio/aac", "video/mp4",
        "video/webm", "video/quicktime",
    )  # fmt: skip
    feature: ClassVar = "Audio"
    comparatives: ClassVar = {
        SECONDS: Comparative("shorter", "longer", "seconds"),
        "loudness": Comparative("quieter", "louder", "loudness (dB, 0 is the loudest there is)", "dB"),
        "silence": Comparative("less silence", "more silence", "share of silence", "points"),
        "centroid": Comparative("lower in pitch", "higher in pitch", "centre of the spectrum (Hz)"),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {
        "mel-frames": MelFrames,
        "waveform": Waveform,
        "whisper-spectrogram": WhisperSpectrogram,
        "clap-spectrogram": ClapSpectrogram,
        "kaldi-spectrogram": KaldiSpectrogram,
        "log-mel": LogMel,
    }

    def example(self) -> bytes:
        """A fifth of a second of a tone."""
        stream = io.BytesIO()
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(1600) / 8000)
        soundfile.write(stream, tone, 8000, format="WAV", subtype="PCM_U8")
        return stream.getvalue()

    def decode(self, raw: Any) -> np.ndarray:
        """float32 samples at 16 kHz, mono, of the first ``seconds``."""
        from sensorium.decoding import sound

        if not raw:
            raise BadInput("the sound is empty (0 bytes)")
        limits = sound.limits(raw, self.seconds)
        return np.frombuffer(run(sound.read, raw, limits, seconds=self.seconds, rate=RATE), np.float32)

    def check(self, value: np.ndarray) -> None:
        if len(value) < SHORTEST * RATE:
            raise BadInput(f"the sound is too short: {len(value) / RATE:.4f} s, at least {SHORTEST} s is needed")

    def clean(self, value: np.ndarray) -> np.ndarray:
        """int16 samples: what a lossless file of the clip holds."""
        cut = value[: int(self.seconds * RATE)]
        return _clipped(cut * 2**15)

    def pack(self, value: np.ndarray) -> bytes:
        packed = io.BytesIO()
        soundfile.write(packed, value, RATE, format="FLAC", subtype="PCM_16")
        return packed.getvalue()

    def unpack(self, packed: bytes) -> np.ndarray:
        return soundfile.read(io.BytesIO(packed), dtype="int16")[0]

    def describe(self, value: np.ndarray) -> Descriptors:
        """Seconds, loudness (dB of full scale), share of silent frames, and spectral centroid (Hz)."""
        samples = value.astype(np.float64) / 2**15
        frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
        spectrum = np.abs(np.fft.rfft(frames, axis=1)).sum(0)
        pitches = np.fft.rfftfreq(FRAME, 1 / RATE)
        return {
            SECONDS: len(value) / RATE,
            "loudness": 20 * float(np.log10(np.sqrt((samples**2).mean()) + 1e-5)),
            "silence": float((np.sqrt((frames**2).mean(1)) < QUIET).mean()),
            "centroid": float((spectrum * pitches).sum() / max(spectrum.sum(), 1e-9)),
        }

    def occlusions(self, value: np.ndarray) -> list[tuple[Span, np.ndarray]]:
        """Spans of equal length, as shares of the clip, each silenced."""
        ends = np.linspace(0, len(value), SPANS + 1).astype(int)
        parts = []
        for start, end in pairwise(ends):
            silenced = value.copy()
            silenced[start:end] = 0
            parts.append(((start / len(value), end / len(value)), silenced))
        return parts

    def show(self, value: np.ndarray, weights: Sequence[tuple[Span, float]]) -> str:
        """The wave, spans that mattered under colour."""
        width, height, columns = 300, 60, 150
        peaks = [np.abs(piece.astype(int)).max(initial=0) for piece in np.array_split(value, columns)]
        loudest = max(*peaks, 1)
        wave = "".join(
            f"M{(place + 0.5) * width / columns:.1f} {height / 2 * (1 - peak / loudest):.1f}V"
            f"{height / 2 * (1 + peak / loudest) + 0.5:.1f}"
            for place, peak in enumerate(peaks)
        )
        spans = "".join(
            f'<rect {weighted(weight)} x="{start * width:.1f}" width="{(end - start) * width:.1f}" height="{height}"/>'
            for (start, end), weight in weights
        )
        box = f'viewBox="0 0 {width} {height}"'
        return f'<svg class="wave" {box} role="img" aria-label="wave">{spans}<path d="{wave}"/></svg>'

    def play(self, value: np.ndarray) -> str:
        stream = io.BytesIO()
        soundfile.write(stream, value, RATE, format="OGG", subtype="VORBIS")
        source = f"data:audio/ogg;base64,{base64.b64encode(stream.getvalue()).decode()}"
        return f'<audio controls preload="none" src="{source}"></audio>'

    def load_folder(self, folder: Path) -> Encoder:
        from sensorium.encoders.transformer.folder import Folder
        from sensorium.encoders.transformer.sounds import read_sounds

        return read_sounds(Folder(folder), self.seconds, self.accept(self.example()))


def _speech_embedding(_: Audio) -> Encoder:
    from sensorium.encoders.speech_embedding import speech_embedding

    return speech_embedding()


def _noise(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """White noise 20, 10 or 0 dB below the sound."""
    loudness = np.sqrt((value.astype(np.float64) ** 2).mean())
    return _clipped(value + random.normal(0, 1, len(value)) * loudness * 10 ** (-(20, 10, 0)[strength] / 20))


def _gain(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """12, 24 or 36 dB quieter."""
    return _clipped(value * 10 ** (-(12, 24, 36)[strength] / 20))


def _cut(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """A stretch from anywhere in the clip, 70, 45 or 20% of it, at least the shortest that is accepted."""
    length = min(len(value), max(int(SHORTEST * RATE), int((0.7, 0.45, 0.2)[strength] * len(value))))
    start = int(random.integers(0, len(value) - length + 1))
    return value[start : start + length]


def _silence(value: np.ndarray, strength: int, random: np.random.Generator) -> np.ndarray:
    """A stretch anywhere in the clip, 20, 40 or 80% of it, without sound."""
    length = int((0.2, 0.4, 0.8)[strength] * len(value))
    start = int(random.integers(0, len(value) - length + 1))
    silenced = value.copy()
    silenced[start : start + length] = 0
    return silenced


def _clipped(samples: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(samples), -(2**15), 2**15 - 1).astype(np.int16)


CORRUPTIONS: dict[str, Corruption] = {"noise": _noise, "gain": _gain, "cut": _cut, "silence": _silence}

Audio.packaged = {"speech-embedding": Packaged(_speech_embedding, ("openwakeword",))}
Audio.corruptions = CORRUPTIONS


def _trained(reader: str, cepstra: int, _: Audio, values: Iterable[np.ndarray], width: int, folder: Path) -> Trainable:
    from sensorium.encoders.trainable.sounds import read_sounds

    return read_sounds(reader, values, width, cepstra)


Audio.trainable = {reader: partial(_trained, reader, 0) for reader in READERS} | {
    f"mfcc-{reader}": partial(_trained, reader, CEPSTRA) for reader in READERS
}
