"""The channels that a file of numbers over time holds, whatever its format.

Every channel is float64 samples and their rate (Hz; 0 where the file does not say), gaps as not-a-number. Of all
formats no more is read than asked for, and nothing that a pickle could hold.
"""

import codecs
import csv
import io
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import product

import edfio
import numpy as np
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import soundfile

from sensorium.decoding.arrays import NPY, read_archive, read_array
from sensorium.decoding.bridged import resampled
from sensorium.decoding.channels import GAPS, MOST_NAMES, Channel, Wanted, chosen
from sensorium.decoding.limited import Limits
from sensorium.errors import BadInput

ZIP, PARQUET, EDF = b"PK\x03\x04", b"PAR1", b"0       "
WAV = (b"RIFF", b"RIFX", b"RF64")
MOST_OWN = 4_000_000  # samples at the rate of the file
PARTS = ("\t", ";", ",")  # what stands between the cells of a line, the likeliest first; else white space
SPELT = [  # Arrow tells large letters from small ones
    "".join(letters) for gap in GAPS for letters in product(*(dict.fromkeys((one, one.upper())) for one in gap))
]
HEAD = 2**12  # bytes that show how numbers are written
BLOCK = 2**20  # bytes of text that are read at once
BATCH = 2**16  # rows of Parquet


def begin() -> None:
    """Reads a little of what brings more the first time: no file can be opened later."""
    rehearse()


def rehearse() -> None:
    """The same in a new child, in two milliseconds."""
    for raw in _examples():
        _reader(raw)(raw, Wanted([], 1.0, 1))


@cache
def _examples() -> list[bytes]:
    archive, table = io.BytesIO(), io.BytesIO()
    np.savez_compressed(archive, np.ones(2))
    cells = pa.Array.from_buffers(pa.float64(), 1, [None, pa.py_buffer(np.ones(1).tobytes())])
    pq.write_table(pa.Table.from_arrays([cells], ["a"]), table)
    return [archive.getvalue(), table.getvalue(), b"1\n2\n"]


def limits(raw: bytes) -> Limits:
    """What reading a file may take."""
    return Limits(seconds=min(0.4 + 0.02 * len(raw) / 1e6, 0.9), memory=min(60_000_000 + 4 * len(raw), 110_000_000))


def read(raw: bytes, channels: Sequence[str], rate: float, samples: int) -> bytes:
    """The first samples of the channels of a file, resampled if it tells another rate: float64 ``[samples, channels]``.

    Raises:
        BadInput: saying what is wrong with the file.
    """
    wanted = Wanted(channels, rate, samples)
    found = chosen(_reader(raw)(raw, wanted), wanted)
    columns = [one.samples if one.rate in (0, rate) else resampled(one.samples, one.rate, rate) for one in found]
    length = min(samples + 1, *map(len, columns)) if len(columns) > 1 else min(samples + 1, len(columns[0]))
    return np.stack([column[:length] for column in columns], 1).tobytes()


def _reader(raw: bytes) -> Callable[[bytes, Wanted], list[Channel]]:
    """By how the file begins; text is CSV."""
    for sign, reader in READERS.items():
        if raw.startswith(sign):
            return reader
    return read_csv


def read_parquet(raw: bytes, wanted: Wanted) -> list[Channel]:
    """A Parquet file: a column a channel, a row a sample."""
    try:
        with pq.ParquetFile(io.BytesIO(raw), pre_buffer=False) as file:
            fields = file.schema_arrow
            if len(fields) > MOST_NAMES:
                raise BadInput(f"the file has {len(fields):,} columns, more than {MOST_NAMES:,}")
            names = list(wanted.channels) if set(wanted.channels) <= set(fields.names) else []
            chosen([Channel(name, np.empty(0), 0) for name in fields.names], wanted)
            batches = file.iter_batches(BATCH, columns=names or None, use_threads=False)
            table = pa.Table.from_batches(_enough(batches, wanted.samples), None if names else fields)
        return [Channel(name, _numbers(name, table[name]), 0) for name in table.column_names]
    except (pa.ArrowException, OSError, KeyError) as error:
        raise BadInput(f"the Parquet file cannot be read: {_reason(error)}") from error


def _numbers(name: str, cells: pa.ChunkedArray) -> np.ndarray:
    try:
        return _samples(cells.cast(pa.float64()))
    except pa.ArrowException as error:
        raise BadInput(f"the column {name!r} holds {cells.type}, no numbers") from error


def _samples(cells: pa.ChunkedArray) -> np.ndarray:
    """Gaps as not-a-number; by the buffers, since Arrow's own way imports pandas where it is installed."""
    whole = pa.concat_arrays(cells.chunks) if cells.num_chunks else pa.nulls(0, pa.float64())
    if not len(whole):
        return np.empty(0)
    samples = np.frombuffer(whole.buffers()[1], np.float64, len(whole), whole.offset * 8)
    if not whole.null_count:
        return samples
    known = whole.is_valid()
    bits = np.unpackbits(np.frombuffer(known.buffers()[1], np.uint8), bitorder="little")
    return np.where(bits[known.offset : known.offset + len(whole)], samples, np.nan)


def _enough(batches: Iterable[pa.RecordBatch], samples: int) -> Iterator[pa.RecordBatch]:
    rows = 0
    for batch in batches:
        yield batch
        rows += len(batch)
        if rows > samples:
            return


def read_csv(raw: bytes, wanted: Wanted) -> list[Channel]:
    """Text: a line a sample, with or without a header; cells are parted by commas, semicolons, tabs or blanks."""
    head = raw[:BLOCK].split(b"\n", 1)[0].decode("utf-8-sig", "replace").strip("\r")
    part = next((one for one in PARTS if one in head), " ")
    if part == " ":
        raw, head = _folded(raw), " ".join(head.split())
    cells = [cell.strip() for cell in next(csv.reader([head], delimiter=part), [])]
    if len(cells) > MOST_NAMES or len(head) >= BLOCK - 4:
        raise BadInput(f"its first line has {len(cells):,} cells; a line a sample is expected, with a cell a channel")
    has_header = not all(_is_number(cell) for cell in cells)
    names = cells if has_header else [str(place) for place in range(len(cells))]
    if b"\0" in raw[:HEAD] or "\ufffd" in head:
        raise BadInput("not a series that can be read (CSV, .npy, .npz, Parquet, WAV and EDF can)")
    kept = chosen([Channel(name if has_header else "", np.empty(0), 0) for name in names], wanted)
    included = [one.name for one in kept] if has_header else names
    options = pc.ReadOptions(use_threads=False, block_size=BLOCK, column_names=names, skip_rows=int(has_header))
    converted = pc.ConvertOptions(
        column_types=dict.fromkeys(names, pa.float64()), include_columns=included, null_values=SPELT,
        strings_can_be_null=True, decimal_point="," if part == ";" and b"," in raw[:HEAD] else ".",
    )  # fmt: skip
    try:
        with pc.open_csv(io.BytesIO(raw), options, pc.ParseOptions(delimiter=part), converted) as reader:
            table = pa.Table.from_batches(_enough(reader, wanted.samples), reader.schema)
    except pa.ArrowException as error:
        raise BadInput(f"the text is no table of numbers: {_reason(error)}") from error
    return [Channel(name if has_header else "", _samples(table[name]), 0) for name in included]


def _folded(text: bytes) -> bytes:
    """Without blanks around lines, and with one where columns are aligned by several."""
    while b"  " in text:
        text = text.replace(b"  ", b" ")
    text = text.removeprefix(codecs.BOM_UTF8).strip(b" ")
    return text.replace(b"\n ", b"\n").replace(b" \n", b"\n").replace(b" \r", b"\r")


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", ".") or "nan")
    except ValueError:
        return cell.lower() in GAPS
    return True


def read_sound(raw: bytes, wanted: Wanted) -> list[Channel]:
    """A WAV file: samples as shares of full scale."""
    try:
        with soundfile.SoundFile(io.BytesIO(raw)) as file:
            if file.channels > MOST_NAMES:
                raise BadInput(f"{file.channels} channels are more than {MOST_NAMES}")
            count = min(wanted.of_rate(file.samplerate), file.frames)
            _require_room(count * file.channels)
            samples = file.read(count, always_2d=True)
            return [Channel("", column, file.samplerate) for column in samples.T]
    except soundfile.LibsndfileError as error:
        raise BadInput("the WAV file cannot be read: it is broken or cut off") from error


def read_edf(raw: bytes, wanted: Wanted) -> list[Channel]:
    """An EDF file, with or without annotations: samples in their physical unit."""
    try:
        with warnings.catch_warnings(action="ignore"):  # one that is cut off is read as far as it goes
            file = edfio.read_edf(raw)
        rates = [Channel(one.label, np.empty(0), float(one.sampling_frequency)) for one in file.signals]
        found = []
        for name, _, rate in chosen(rates, wanted):
            count = wanted.of_rate(rate)
            _require_room(count)
            signal = next(one for one in file.signals if one.label == name)
            samples = signal.get_data_slice(0, min(count / rate, file.duration))
            found.append(Channel(name, np.asarray(samples, np.float64), rate))
        return found
    except (ValueError, TypeError, IndexError, ArithmeticError, RuntimeError) as error:
        raise BadInput(f"the EDF file cannot be read: {_reason(error)}") from error


def _require_room(samples: int) -> None:
    if samples > MOST_OWN:
        raise BadInput(f"{samples:,} samples at the file's own rate are more than can be read; give a lower rate")


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:150] or type(error).__name__


READERS: dict[bytes, Callable[[bytes, Wanted], list[Channel]]] = {
    NPY: read_array,
    ZIP: read_archive,
    PARQUET: read_parquet,
    **dict.fromkeys(WAV, read_sound),
    EDF: read_edf,
}
