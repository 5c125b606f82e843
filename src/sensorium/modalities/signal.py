"""Signal: a series of one or many channels at a rate, in cells that hold lists, or in a file."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from sensorium.data_root import Files
from sensorium.decoding.arrays import NPY, as_array
from sensorium.decoding.bridged import bridged
from sensorium.decoding.limited import run
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.spectral import Scales, Spectral, power, scales, spectral
from sensorium.errors import BadInput, UserError
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import Comparative, Descriptors
from sensorium.modalities.lists import as_cells, as_lists, columns, equally_long, samples
from sensorium.modalities.modality import Corruption
from sensorium.modalities.plotted import WIDTH, height, plotted
from sensorium.modalities.signal_damage import CORRUPTIONS, LOST, MOST
from sensorium.modalities.weighted import weighted
from sensorium.section import Column
from sensorium.spelling import is_missing

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
    encoder: Literal["spectral"] = "spectral"
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

    has_weights: ClassVar[bool] = False
    media_types: ClassVar = ("text/csv", "text/plain", "audio/wav", "application/octet-stream")
    comparatives: ClassVar = {
        "seconds": Comparative("shorter", "longer", "seconds"),
        "level": Comparative("lower in level", "higher in level", "level", "units"),
        "spread": Comparative("smaller in spread", "larger in spread", "spread (standard deviation)"),
        "frequency": Comparative("slower", "faster", "dominant frequency (Hz)"),
        "missing": Comparative("fewer gaps", "more gaps", "share that is missing", "points"),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {"spectral": Spectral}

    @property
    def is_file(self) -> bool:  # type: ignore[override]
        return not self.lists

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
        return self.lists or super().columns(name)

    def asked_as(self, name: str) -> str:
        return super().asked_as(name) if self.is_file else name

    def stands_for(self, name: str) -> list[str]:
        return self.columns(name)

    def raw(self, row: Mapping[str, Any], name: str, files: Files) -> Any | None:
        if self.is_file:
            return super().raw(row, name, files)
        return {column: row[column] for column in self.lists if not is_missing(row.get(column))} or None

    def cells(self, name: str, kept: bytes) -> dict[str, Any]:
        try:
            given = self.in_json(self._of_file(kept)) if kept.startswith(NPY) else columns(kept, self.max_bytes)
        except BadInput:  # an array that was given for other channels than are declared now
            return {}
        return as_cells(self.lists, given)

    def openapi(self, file_format: str) -> dict[str, Any]:
        if self.is_file:
            return super().openapi(file_format)
        channel = {"type": ["array", "string", "null"], "items": {"type": ["number", "null"]}}
        return {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(self.lists, channel)}

    def example(self) -> Any:
        """50 samples of a wave."""
        wave = np.sin(np.arange(50) / 3).round(3).tolist()
        if not self.is_file:
            return dict.fromkeys(self.lists, wave)
        stream = io.StringIO(newline="")
        rows = [[sample] * len(self._names) for sample in wave]
        csv.writer(stream, lineterminator="\n").writerows([self.channels, *rows] if self.channels else rows)
        return stream.getvalue().encode()

    def decode(self, raw: Any) -> np.ndarray:
        """float64 ``[channels, samples]``, one sample more than are kept at most."""
        if isinstance(raw, bytes) and (self.is_file or raw.startswith(NPY)):
            found = self._of_file(raw)
        else:
            found = self._of_lists(columns(raw, self.max_bytes))
        if self.seconds is None and found.shape[1] > self._most:
            raise BadInput(f"the series is longer than {self._most:,} samples; cut it, or give `seconds`")
        return found

    def _of_file(self, raw: bytes) -> np.ndarray:
        from sensorium.decoding.series import limits, read

        if not raw:
            raise BadInput("the series is empty (0 bytes)")
        found = run(read, raw, limits(raw), channels=self.channels or self.lists, rate=self.rate, samples=self._most)
        return np.frombuffer(found).reshape(-1, len(self._names)).T

    def _of_lists(self, given: Mapping[str, Any]) -> np.ndarray:
        if self.is_file:
            raise BadInput("a file is expected: CSV, .npy, .npz, Parquet, WAV or EDF")
        if unknown := set(given) - set(self.lists):
            raise BadInput(f"unknown column {str(min(unknown))[:40]!r}; known: {', '.join(self.lists)}")
        found = equally_long(
            {column: samples(column, cell, self._most + 1) for column, cell in given.items() if not is_missing(cell)}
        )
        nothing = np.full(max(map(len, found.values()), default=0), np.nan)
        return np.stack([found.get(column, nothing) for column in self.lists])

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
        stream = io.BytesIO()
        np.lib.format.write_array(stream, np.ascontiguousarray(value.T, "<f4"), (1, 0), allow_pickle=False)
        return stream.getvalue()

    def unpack(self, packed: bytes) -> np.ndarray:
        return as_array(packed).T.astype(np.float32)

    def in_json(self, value: np.ndarray) -> Any:
        return super().in_json(value) if self.is_file else as_lists(self.lists, value)

    def describe(self, value: np.ndarray) -> Descriptors:
        """Seconds, level (mean), spread, dominant frequency (Hz), as means over channels; and the share missing."""
        known = value[~np.isnan(value).all(1)].astype(np.float64)
        whole = np.stack([bridged(channel) for channel in known])
        spectrum = power(whole)
        moving = spectrum.max(1) > 0
        frequencies = (spectrum.argmax(1)[moving] + 1) / spectrum.shape[1] * self.rate / 2
        return {
            "seconds": value.shape[1] / self.rate,
            "level": float(np.nanmean(known, 1).mean()),
            "spread": float(np.nanstd(known, 1).mean()),
            "frequency": float(frequencies.mean()) if len(frequencies) else 0.0,
            "missing": float(np.isnan(value).mean()),
        }

    def occlusions(self, value: np.ndarray) -> list[tuple[Span, np.ndarray]]:
        """Spans of equal length, as shares of the series, each a gap in all channels."""
        length = value.shape[1]
        parts = []
        for start, end in pairwise(np.linspace(0, length, SPANS + 1).astype(int)):
            hidden = value.copy()
            hidden[:, start:end] = np.nan
            parts.append(((start / length, end / length), hidden))
        return parts

    def show(self, value: np.ndarray, weights: Sequence[tuple[Span, float]]) -> str:
        """The channels one below the other, over the spans that mattered on colour."""
        spans = "".join(
            f'<rect {weighted(weight)} x="{start * WIDTH:.1f}" width="{(end - start) * WIDTH:.1f}" '
            f'height="{height(self._names, value)}"/>'
            for (start, end), weight in weights
        )
        return plotted(self._names, value, spans, f"{value.shape[1] / self.rate:.3g} seconds")

    def learn(self, values: Iterable[np.ndarray]) -> Scales:
        return scales(values, len(self._names))

    def load_folder(self, folder: Path) -> Encoder:
        raise UserError("a signal has no encoder to choose; leave `encoder` out.")


def _spectral(signal: Signal) -> Encoder:
    return spectral(signal.learnt or signal.learn([]))


Signal.packaged = {"spectral": Packaged(_spectral)}
