"""Arrays as NumPy writes them (.npy, .npz). Nothing is unpickled, and nothing made that a header only claims."""

import io
import math
import zipfile

import numpy as np

from sensorium.decoding.channels import LETTERS, MOST_NAMES, Channel, Wanted
from sensorium.errors import BadInput

NPY = b"\x93NUMPY"
MOST_BYTES = 2**25  # of an array in an archive


def read_array(raw: bytes, wanted: Wanted) -> list[Channel]:
    """A .npy file: samples, or samples by channels, either way round."""
    return _of_array(as_array(raw), wanted)


def as_array(raw: bytes) -> np.ndarray:
    """The array in a .npy file, whatever its header claims: nothing is unpickled, and what is not there not made.

    Raises:
        BadInput: if it is none of numbers.
    """
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, by_columns, sort = header(stream)
    except (ValueError, SyntaxError, TypeError, AttributeError) as error:
        raise BadInput("the .npy file is broken: its header cannot be read") from error
    if sort.kind not in "biuf":
        what = "Python objects, which are never opened" if sort.hasobject else f"{sort.name}, no numbers"
        raise BadInput(f"the .npy file holds {what}; write numbers: np.save(path, array.astype(float))")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or stream.tell() + count * sort.itemsize > len(raw):
        raise BadInput("the .npy file is cut off: it is shorter than its header says")
    flat = np.frombuffer(raw, sort, count, stream.tell())
    return flat.reshape(shape, order="F" if by_columns else "C")


def _of_array(array: np.ndarray, wanted: Wanted, name: str = "") -> list[Channel]:
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2:
        raise BadInput(f"the array has {array.ndim} axes; samples, or samples by channels, are expected")
    if array.shape[1] != wanted.number and array.shape[0] == wanted.number:
        array = array.T
    if array.shape[1] > MOST_NAMES:
        raise BadInput(f"an array of {array.shape[0]} by {array.shape[1]} is no series of {wanted.number} channels")
    kept = array[: wanted.samples + 1]
    return [Channel(name, column.astype(np.float64), 0) for column in kept.T]


def read_archive(raw: bytes, wanted: Wanted) -> list[Channel]:
    """A .npz file: one array, or one a channel."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = [name for name in archive.namelist()[: MOST_NAMES + 1] if name.endswith(".npy")]
            if len(names) > 1 and wanted.channels:
                names = [name for name in names if name.removesuffix(".npy") in wanted.channels] or names
            found: list[Channel] = []
            for name in names[: max(wanted.number, 1) + 1]:
                with archive.open(name) as member:
                    content = member.read(MOST_BYTES + 1)
                if len(content) > MOST_BYTES:
                    raise BadInput(f"{name[:LETTERS]!r} in the archive is larger than {MOST_BYTES // 2**20} MiB")
                found += _of_array(as_array(content), wanted, name.removesuffix(".npy") if len(names) > 1 else "")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise BadInput(f"the .npz file cannot be read: {error}") from error
    if not found:
        raise BadInput("the archive holds no .npy array")
    return found
