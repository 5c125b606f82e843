"""Series that cost much to read, for `hostile.py`: files, and lists as a request has them."""

import io
import json
import random
import zipfile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq


def _plain_series(choose: random.Random, size: int) -> bytes:
    return b"volt\n" + b"1.5\n2\n" * 20


def _lines(choose: random.Random, size: int) -> bytes:
    """CSV of many lines, many cells, long cells, or none."""
    cells = choose.choice([["1"], ["", "1e308"], ["0." + "1" * 999], ['"'], ["1"] * 900, ["a"], ["nan"], [" "]])
    line = choose.choice([",", ";", "\t", " "]).join(cells) + choose.choice(["\n", "\r\n", "\n\n"])
    head = choose.choice(["", "x\n", ",".join(map(str, range(900))) + "\n"])
    return (head + line * (size // len(line))).encode()[:size]


def _array(choose: random.Random, size: int) -> bytes:
    """A .npy that claims what it likes, alone or in an archive as often as it fits."""
    stream, shape = io.BytesIO(), choose.choice([(size,), (10**9,), (size // 2, 2), (2, size // 2), (0,), (1, 10**6)])
    sort = choose.choice(["<f8", "<f4", "|i1", "<f2", "|b1", "|O", "<c16", "<U9"])
    np.lib.format.write_array_header_1_0(
        stream, {"descr": sort, "fortran_order": choose.random() < 0.5, "shape": shape}
    )
    raw = stream.getvalue() + bytes(max(0, size - stream.tell()))
    if choose.random() < 0.5:
        return raw
    zipped = io.BytesIO()
    with zipfile.ZipFile(
        zipped, "w", choose.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA]), compresslevel=9
    ) as archive:
        for number in range(choose.choice([1, 2, 3, 2000])):
            behind = bytes(choose.choice([0, 10**6, 3 * 10**7]) // (number + 1))
            archive.writestr(f"{number}.npy", raw[:200] + behind)
            if zipped.tell() > size:
                break
    return zipped.getvalue()


def _parquet(choose: random.Random, size: int) -> bytes:
    """Many rows, columns or letters in few bytes."""
    stream, rows = io.BytesIO(), choose.choice([10, 10**5, 5 * 10**6])
    cells: Any = choose.choice([np.zeros(rows), np.zeros(rows, np.int8), pa.array(["a" * 10**7] * 2), pa.nulls(rows)])
    packing = choose.choice(["zstd", "gzip", "brotli", "snappy", "none"])
    table = pa.table({f"c{number}": cells for number in range(choose.choice([1, 2, 500 if rows < 100 else 2]))})
    pq.write_table(table, stream, compression=packing, use_dictionary=choose.random() < 0.5, row_group_size=10**8)
    return stream.getvalue()


def _recording(choose: random.Random, size: int) -> bytes:
    """An EDF whose header claims what it likes."""
    number, records = choose.choice([1, 2, 200]), choose.choice([-1, 1, 10**7])
    fields = [("EEG", 16), ("", 80), ("uV", 8), ("-1", 8), ("1", 8), ("-32768", 8), ("32767", 8), ("", 80),
        (str(choose.choice([1, 100, 10**6])), 8), ("", 32)]  # fmt: skip
    head = f"{'0':8}{'X':80}{'X':80}01.01.2001.01.01{256 * (number + 1):<8}{'':44}{records:<8}"
    head += f"{choose.choice(['1', '0', '1e-9', '0.1']):8}{number:<4}"
    raw = (head + "".join(f"{value:{width}}" * number for value, width in fields)).encode()
    return raw + bytes(max(0, size - len(raw)))


def _lists(choose: random.Random, size: int) -> bytes:
    """Columns with lists of cells that are long, deep or many, as JSON or as text."""
    cell = choose.choice(["0", "null", "1e308", "NaN", "[]", "{}", '"1"', '"x"', "9" * 300, "0." + "1" * 99])
    cells = (cell + choose.choice([",", ", "])) * max(1, (size - 40) // (len(cell) + 2))
    text = choose.choice(["1 ", "1;", ",", " ", "1,", "?,"]) * ((size - 40) // 2)
    keys = ",".join(f'"{number}":0' for number in range(size // 10))
    bodies = [f'{{"a": [{cells}0]}}', json.dumps({"a": text, "b": text[: size // 3]}), "{" + keys + "}"]
    return choose.choice(bodies).encode()


SERIES = {"plain": _plain_series, "CSV": _lines, "NumPy": _array, "Parquet": _parquet, "EDF": _recording}
LISTS = {"plain": lambda choose, size: b'{"a": [1, 2]}', "lists": _lists}
