"""Signal: a series of one or many channels at a rate, in cells that hold lists, or in a file."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from sensorium.data_root import Files
from sensorium.decoding.arrays import as_array
from sensorium.decoding.bridged import bridged
from sensorium.encoders.course import Course
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.spectral import Scales, Spectral, power, scales, spectral
from sensorium.encoders.trainable.readers import READERS
from sensorium.encoders.trainable.trainable import EncoderTraining, Trainable
from sensorium.errors import BadInput, UserError
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import SECONDS, Comparative, Descriptors
from sensorium.modalities.modality import Corruption
from sensorium.modalities.plotted import MOST_SHOWN, plotted
from sensorium.modalities.signal_damage import CORRUPTIONS, LOST, MOST
from sensorium.modalities.signal_source import InFile, InLists, Source, pack
from sensorium.modalities.sketch import Sketch
from sensorium.section import Column

SHORTEST = 16  # samples; fewer have no course
MOST_SAMPLES = 500_000  # over all channels
MOST_CHANNELS = 64
SPANS = 10  # of a series that are hidden one by one
Span = tuple[float, float]


class Signal(Cell):
    """A series at ``rate``, gaps marked: float32 ``[channels, samples]``, not-a-number where nothing was measured.

    Where ``columns`` are named, each cell of them holds a channel's samples; else the cell of one column names a file
    that holds all channels.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["signal"] = "signal"
    encoder: Literal["spectral"] | EncoderTraining = Field(
        "spectral", description="spectral, or one that is trained here"
    )
    lists: list[Column] = Field(
        [],
        alias="columns",
        max_length=MOST_CHANNELS,
        description="columns whose cells hold lists of numbers, one a channel; else files are read",
    )
    rate: float = Field(gt=0, le=1e6, description="samples a second (Hz); a file that tells another is resampled")
    channels: list[Column] = Field(
        [], max_length=MOST_CHANNELS, description="channels of a file, in its order where it has no names; else one"
    )
    seconds: float | None = Field(
        None, gt=0, description="series are cut to so many seconds; where it is not given, long ones are refused"
    )
    learnt: SkipJsonSchema[Scales | None] = None  # by `prepare`, from training rows

    control: ClassVar = "signal"
    is_sketched: ClassVar[bool] = True
    has_weights: ClassVar[bool] = False
    media_types: ClassVar = ("text/csv", "text/plain", "audio/wav", "application/octet-stream")
    comparatives: ClassVar = {
        SECONDS: Comparative("shorter", "longer", "seconds"),
        "level": Comparative("lower in level", "higher in level", "level", "units"),
        "spread": Comparative("smaller in spread", "larger in spread", "spread (standard deviation)"),
        "frequency": Comparative("slower", "faster", "dominant frequency (Hz)"),
        "missing": Comparative("fewer gaps", "more gaps", "share that is missing", "points"),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {"spectral": Spectral, "course": Course}

    @property
    def _source(self) -> Source:
        names, read = self._names, (self.rate, self._most)
        return InLists(names, *read) if self.lists else InFile(names, *read, self.column)

    @property
    def is_file(self) -> bool:  # type: ignore[override]
        return self._source.is_file

    is_cell = is_file

    @property
    def corruptions(self) -> dict[str, Corruption]:  # type: ignore[override]
        """One channel alone cannot be lost."""
        return {name: one for name, one in CORRUPTIONS.items() if name != LOST or len(self._names) > 1}

    @property
    def _names(self) -> list[str]:
        return self.lists or self.channels or [""]

    @property
    def _most(self) -> int:
        """Samples of a channel that are kept."""
        return round(self.seconds * self.rate) if self.seconds else MOST_SAMPLES // len(self._names)

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.lists and (self.column is not None or self.channels):
            raise ValueError("columns hold lists, while column and channels tell of a file; give one or the other")
        if twice := next((name for name in self._names if self._names.count(name) > 1), None):
            raise ValueError(f"{twice!r} is listed twice")
        samples = self._most * len(self._names)
        if not SHORTEST * len(self._names) <= samples <= MOST_SAMPLES:
            raise ValueError(
                f"seconds: at this rate they are {samples:,} samples over all channels; {SHORTEST} a channel, and at "
                f"most {MOST_SAMPLES:,}, are read"
            )
        return self

    def columns(self, name: str) -> list[str]:
        return self._source.columns(name)

    def asked_as(self, name: str) -> str:
        return self._source.asked_as(name)

    def stands_for(self, name: str) -> list[str]:
        return self.columns(name)

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        return self._source.raw(row, name, files)

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        return self._source.cells(name, kept)

    def openapi(self, file_format: str) -> dict[str, Any]:
        return self._source.openapi(file_format)

    def example(self) -> Any:
        """50 samples of a wave."""
        return self._source.example()

    def decode(self, raw: Any) -> np.ndarray:
        """float64 ``[channels, samples]``, one sample more than are kept at most."""
        found = self._source.decode(raw)
        if self.seconds is None and found.shape[1] > self._most:
            raise BadInput(f"the series is longer than {self._most:,} samples; cut it, or give `seconds`")
        return found

    def check(self, value: np.ndarray) -> None:
        if value.shape[1] < SHORTEST:
            raise BadInput(f"the series is too short: {value.shape[1]} samples, at least {SHORTEST} are needed")
        if np.isnan(value).all():
            raise BadInput("the series holds no numbers, only gaps")
        if len(beyond := np.argwhere(np.abs(value) > MOST)):
            channel, place = map(int, beyond[0])
            named = f" of {self._names[channel]!r}" if self._names[channel] else ""
            raise BadInput(
                f"sample {place + 1:,}{named} is {value[channel, place]:g}, which is not within {MOST:.2g}; leave it "
                "empty where nothing was measured"
            )

    def clean(self, value: np.ndarray) -> np.ndarray:
        cut = value[:, : self._most].astype(np.float32) + np.float32(0)  # of two zeros one
        cut[np.isnan(cut)] = np.nan  # of all that is no number one
        return cut

    def pack(self, value: np.ndarray) -> bytes:
        return pack(value)

    def unpack(self, packed: bytes) -> np.ndarray:
        return as_array(packed).T.astype(np.float32)

    def in_json(self, value: np.ndarray) -> Any:
        return self._source.in_json(value)

    def describe(self, value: np.ndarray) -> Descriptors:
        """Seconds, level (mean), spread, dominant frequency (Hz), as means over channels; and the share missing."""
        known = value[~np.isnan(value).all(1)].astype(np.float64)
        whole = np.stack([bridged(channel) for channel in known])
        spectrum = power(whole)
        moving = spectrum.max(1) > 0
        frequencies = (spectrum.argmax(1)[moving] + 1) / spectrum.shape[1] * self.rate / 2
        return {
            SECONDS: value.shape[1] / self.rate,
            "level": float(np.nanmean(known, 1).mean()),
            "spread": float(np.nanstd(known, 1).mean()),
            "frequency": float(frequencies.mean()) if len(frequencies) else 0.0,
            "missing": float(np.isnan(value).mean()),
        }

    def occlusions(self, value: np.ndarray) -> list[tuple[Span, np.ndarray]]:
        """Spans of equal length, as shares of the series, each a gap in all channels."""
        parts = []
        for span, (start, end) in _spans(value).items():
            hidden = value.copy()
            hidden[:, start:end] = np.nan
            parts.append((span, hidden))
        return parts

    def show(self, value: np.ndarray, weights: Sequence[tuple[Span, float]]) -> str:
        """The channels one below the other, over the spans that mattered on colour."""
        more = f", and {len(value) - MOST_SHOWN} more channels" if len(value) > MOST_SHOWN else ""
        return f"{self.sketch(value).svg(weights)}<small>{value.shape[1] / self.rate:.3g} seconds{more}</small>"

    def sketch(self, value: np.ndarray) -> Sketch:
        """The channels one below the other."""
        return plotted(self._names, value, _spans(value))

    def learn(self, values: Iterable[np.ndarray]) -> Scales:
        return scales(values, len(self._names))

    def load_folder(self, folder: Path) -> Encoder:
        raise UserError("a signal has no encoder to choose; leave `encoder` out.")


def _spans(value: np.ndarray) -> dict[Span, tuple[int, int]]:
    """Parts of equal length, as shares of the series: the first sample of each, and the one behind the last."""
    length = value.shape[1]
    ends = np.linspace(0, length, SPANS + 1).astype(int).tolist()
    return {(start / length, end / length): (start, end) for start, end in pairwise(ends)}


def _spectral(signal: Signal) -> Encoder:
    return spectral(signal.learnt or signal.learn([]))


Signal.packaged = {"spectral": Packaged(_spectral)}


def _trained(reader: str, signal: Signal, values: Iterable[np.ndarray], width: int, folder: Path) -> Trainable:
    from sensorium.encoders.trainable.series import read_series

    return read_series(reader, signal.learnt or signal.learn([]), width)


Signal.trainable = {reader: partial(_trained, reader) for reader in READERS}
