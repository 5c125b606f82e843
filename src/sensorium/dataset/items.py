"""Cleaned values of an input in Parquet shards, each under the sha256 of its bytes."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sensorium import renamed
from sensorium.files import existing
from sensorium.modalities.descriptors import Descriptors

OWNERS = "owners.parquet"

DESCRIPTOR = "descriptor."  # before the name of one, which may be called as another column


def digest(packed: bytes) -> str:
    """The name of a cleaned value: rows with equal content share it."""
    return hashlib.sha256(packed).hexdigest()


def write_shard(
    folder: Path,
    number: int,
    items: Mapping[str, bytes],
    descriptors: Mapping[str, Descriptors],
    beside: Path | None = None,
) -> None:
    """Writes one shard of packed values, and what describes each, by digest; whole or not at all.

    Args:
        folder: of the input's shards, there or not.
        number: of the shard.
        items: packed values by digest.
        descriptors: likewise.
        beside: a folder on the same disk, where it is made; several may write the same shard at once.
    """
    names = dict.fromkeys(name for of_item in descriptors.values() for name in of_item)
    columns = {f"{DESCRIPTOR}{name}": pa.array([descriptors[item].get(name) for item in items]) for name in names}
    table = pa.table({"digest": list(items), "packed": pa.array(items.values(), pa.binary()), **columns})
    folder.mkdir(parents=True, exist_ok=True)
    made = (beside or folder) / uuid4().hex
    _write(table, made)
    made.replace(folder / f"part-{number:05d}.parquet")


def copy_shards(source: Path, folder: Path, wanted: set[str]) -> None:
    """Copies the shards of an input, without the values that are not wanted: a shard that has none stays as it is."""
    for path in shard_files(source):
        names = pq.ParquetFile(path).read(columns=["digest"])["digest"].to_pylist()
        if wanted >= set(names):
            shutil.copyfile(path, folder / path.name)
        else:
            _write(pq.read_table(path).filter(pa.array([name in wanted for name in names])), folder / path.name)


def _write(table: pa.Table, path: Path) -> None:
    pq.write_table(table, path, compression="none")


def write_owners(folder: Path, ids: pd.Series, digests: pd.Series) -> None:
    """Writes which rows hold a value: of a row that has none, nothing."""
    held = digests.notna()
    pd.DataFrame({"id": ids[held], "digest": digests[held]}).to_parquet(folder / OWNERS, index=False)


def read_owners(folder: Path) -> pd.DataFrame:
    """The ``id`` of every row that has this input, and the ``digest`` of its value."""
    return pd.read_parquet(existing(folder / OWNERS, made_by="prepare"))


def shard_files(folder: Path) -> list[Path]:
    """The shards of an input, in order."""
    return sorted(folder.glob("part-*.parquet"))


def digests(folder: Path) -> list[str]:
    """The digests of all distinct values of an input, in the order of their first appearance."""
    found = (pq.ParquetFile(path).read(columns=["digest"])["digest"].to_pylist() for path in shard_files(folder))
    return list(dict.fromkeys(name for names in found for name in names))


def read_descriptors(folder: Path) -> pd.DataFrame:
    """What describes the distinct values of an input: a column a descriptor, by digest."""
    pieces = []
    for path in shard_files(folder):
        names = [name for name in pq.read_schema(path).names if name != "packed"]
        pieces.append(pq.read_table(path, columns=names).to_pandas())
    table = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame({"digest": []})
    return table.drop_duplicates("digest").set_index("digest").rename(columns=_descriptor)


def _descriptor(column: str) -> str:
    """The name of the descriptor that a column holds, as this version or the last calls the column."""
    found = next((one for one in (DESCRIPTOR, *renamed.PREPARED) if column.startswith(one)), "")
    return column.removeprefix(found)


def places(folder: Path, wanted: Iterable[str]) -> Iterator[tuple[Path, list[str]]]:
    """Where the values of these digests are: shard by shard those that it holds, each digest once.

    Only digests are read, and no further shard once all are found.
    """
    missing = set(wanted)
    for path in shard_files(folder):
        if not missing:
            return
        names = pq.ParquetFile(path).read(columns=["digest"])["digest"].to_pylist()
        if here := [name for name in names if name in missing]:
            missing.difference_update(here)
            yield path, here


def read_shard(path: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """The packed values of these digests in one shard, in its order."""
    table, chosen = pq.ParquetFile(path).read(columns=["digest", "packed"]), set(wanted)
    rows = [row for row, name in enumerate(table["digest"].to_pylist()) if name in chosen]
    found = table.take(rows)
    return dict(zip(found["digest"].to_pylist(), found["packed"].to_pylist(), strict=True))


def read_items(folder: Path, wanted: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The packed values of these digests, each once, a shard in memory at a time."""
    for path, names in places(folder, wanted):
        yield from read_shard(path, names).items()
