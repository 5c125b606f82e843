"""What pieces of the work cost, in processor time: by value in every stage that an engine spreads, and by piece.

Behind the arithmetic of docs/scaling.md. Needs a finished run in the working directory, and the extra dask.
A piece of rows costs the caller and the scheduler the same however many workers there are.

    python -m bench.engine
"""

import argparse
import os
import pickle
import resource
import time
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from sensorium import paths
from sensorium.dataset import frozen
from sensorium.dataset.cache import FeatureCache
from sensorium.dataset.pieces import Piece, Pieces
from sensorium.dataset.reading import _read_piece
from sensorium.encoders.encoder import encode_each
from sensorium.engine import Dask
from sensorium.engine.shared_store import SharedStore
from sensorium.media import Media
from sensorium.modalities import Modality
from sensorium.prepared import load_params
from sensorium.records import opened
from tests.s3 import s3

VALUES = 64  # of every input
PIECES = 200
BY_STORE = 12  # pieces
RECORDS = 200_000


def main() -> None:
    """Prints a table, and what pieces and records cost."""
    pieces = Pieces(pq.read_table(paths.MANIFEST), Media.of_folder(paths.RAW))
    shown = Table("input", "validate, ms", "embed, ms", "prepared, bytes", "features, bytes")
    for name, kind in load_params().inputs.items():
        cells = measured(kind, name, [row for piece in pieces for row in piece.rows])
        shown.add_row(name, *(f"{cell:,.2f}" for cell in cells[:2]), *(f"{cell:,.0f}" for cell in cells[2:]))
    Console().print(shown)
    both = overhead([pieces[number % len(pieces)] for number in range(PIECES)])
    print(f"a piece of rows is {len(pickle.dumps(pieces[0])):,} bytes, and costs caller and scheduler {both:.1f} ms")
    print("by a store it costs {:.0f} ms more to send and {:.0f} ms to take back".format(*by_store(pieces)))
    print("a record of the cache costs a process that opens it {:.0f} bytes and {:.1f} us".format(*index()))


def measured(kind: Modality, name: str, rows: Sequence[dict[str, Any]]) -> list[float]:
    """The processor milliseconds and the bytes of a value, as a mean of some that differ."""
    by_cells = {repr([row.get(column) for column in kind.columns(name)]): row for row in rows}
    chosen = list(by_cells.values())[:VALUES]
    media = Media.of_folder(paths.RAW)
    raws = [raw for row in chosen if (raw := kind.raw(row, name, media)) is not None]
    kind.describe(kind.accept(raws[0]))  # what is loaded once is
    encoder = frozen.load(kind)
    encode_each(encoder.preprocess, encoder.network, [kind.accept(raws[0])])
    values: list[Any] = []
    packed: list[bytes] = []
    features: list[np.ndarray | str] = []

    def validate() -> None:
        for raw in raws:
            value = kind.accept(raw)
            values.append(value)
            kind.describe(value)
            packed.append(kind.pack(value))

    validating = spent(validate)
    embedding = spent(lambda: features.extend(encode_each(encoder.preprocess, encoder.network, values)))
    milliseconds = [1e3 * seconds for seconds in (validating, embedding)]
    bytes_ = [sum(map(len, packed)), sum(one.nbytes for one in features if not isinstance(one, str))]
    return [total / len(raws) for total in [*milliseconds, *bytes_]]


def index() -> tuple[float, float]:
    """What a record of the cache costs a process that opens it: bytes of memory, and microseconds."""
    names = [sha256(str(number).encode()).hexdigest() for number in range(RECORDS)]
    with TemporaryDirectory() as folder:
        FeatureCache(Path(folder), "x").put(dict.fromkeys(names, np.zeros((1, 8), np.float32)))
        opened.cache_clear()
        before, began = psutil.Process().memory_info().rss, time.process_time()
        FeatureCache(Path(folder), "x").known(["?"])
        seconds = time.process_time() - began
        return (psutil.Process().memory_info().rss - before) / RECORDS, 1e6 * seconds / RECORDS


def by_store(pieces: Sequence[Piece]) -> list[float]:
    """The processor milliseconds of the caller to send a piece by a store, and to take back what was written."""
    with TemporaryDirectory() as folder, s3("pieces") as os.environ["AWS_ENDPOINT_URL"]:
        values, beside = Path(folder, "values"), Path(folder, "beside")
        values.mkdir()
        beside.mkdir()
        read, place = partial(_read_piece, load_params().inputs, values, beside), SharedStore("s3://pieces/bench")
        sending, taking = [], []
        for piece in pieces[: BY_STORE + 1]:
            began = time.process_time()
            parcel = place.pack(read, piece)
            sending.append(time.process_time() - began)
            done = place.do(parcel)
            began = time.process_time()
            place.take(done)
            taking.append(time.process_time() - began)
    return [1e3 * sum(times[1:]) / BY_STORE for times in (sending, taking)]  # the first one waits for libraries


def spent(work: Callable[[], object]) -> float:
    """Seconds of the processor, of this process and its children."""
    before = _spent()
    work()
    return _spent() - before


def _spent() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    alive = [psutil.Process(), *psutil.Process().children(recursive=True)]
    return ended.ru_utime + ended.ru_stime + sum(sum(one.cpu_times()[:2]) for one in alive)


def overhead(pieces: Sequence[Piece]) -> float:
    """The processor milliseconds of a piece with which nothing is done, of the caller and of the scheduler."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        engine = Dask(address=cluster.scheduler_address)  # which is in this process
        list(engine.map(attrgetter("number"), pieces[:2]))
        began = time.process_time()
        list(engine.map(attrgetter("number"), pieces))
        return 1e3 * (time.process_time() - began) / len(pieces)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    main()
