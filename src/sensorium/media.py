"""The media of rows in few large files, rather than in one each: Parquet shards, which Hugging Face ``datasets`` reads.

A shard has one column, ``image``, ``audio``, ``video`` or ``file``, of structs ``{bytes, path}``, where the path is
what cells of the table say. It holds what stands together in the table and is called by its content, so that more rows
make more shards, and leave the others as they were.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pyarrow as pa
import pyarrow.parquet as pq

from sensorium.cuts import Cutter
from sensorium.data_root import DataRoot, absent, too_large
from sensorium.errors import BadInput

GROUP = 16  # files that are read at once: few enough for whoever wants one of them
PLAIN = "file"  # the column of files that ``datasets`` has no name for
LETTERS = 16  # of a shard's name
LEFT_OUT = ".left_out.json"  # beside shards: why files that cells name are not kept, by cell


class Stored(NamedTuple):
    """Where a file is kept: in which shard, and its number there."""

    shard: Path
    number: int


@dataclass
class _Open:
    """A shard that is being filled."""

    cutter: Cutter = field(default_factory=Cutter)
    files: list[dict[str, Any]] = field(default_factory=list)


class MediaWriter:
    """Puts files into shards, in the order in which they come; of every feature one shard is in memory.

    Args:
        folder: gets a folder a feature.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, _Open] = {}
        self._left_out: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is None:
            for feature in self._open:
                self._write(feature)
            if self._left_out:
                reasons = json.dumps(self._left_out, sort_keys=True)
                (self.folder / LEFT_OUT).write_text(reasons, encoding="utf-8")

    def add(self, feature: str, cell: str, content: bytes) -> None:
        """Keeps a file.

        Args:
            feature: what ``datasets`` reads it as, such as ``Image``; empty where that has no name.
            cell: what cells of the table call it.
            content: of the file.
        """
        shard = self._open.setdefault(feature, _Open())
        shard.files.append({"bytes": content, "path": cell})
        if shard.cutter.cuts_behind(cell, len(content)):
            self._write(feature)

    def leave_out(self, cell: str, why: str) -> None:
        """Notes why a file that cells name is not kept; whoever reads it will be told."""
        self._left_out[cell] = why

    def _write(self, feature: str) -> None:
        files = self._open[feature].files
        if not files:
            return
        name, digest = feature.lower() or PLAIN, hashlib.sha256()
        for file in files:
            digest.update(hashlib.sha256(file["path"].encode()).digest())
            digest.update(hashlib.sha256(file["bytes"]).digest())
        layout = pa.struct({"bytes": pa.binary(), "path": pa.string()})
        table = pa.table({name: pa.array(files, layout)})
        if feature:
            about = json.dumps({"info": {"features": {name: {"_type": feature}}}})
            table = table.replace_schema_metadata({"huggingface": about})
        (self.folder / name).mkdir(exist_ok=True)
        pq.write_table(
            table,
            self.folder / name / f"{digest.hexdigest()[:LETTERS]}.parquet",
            row_group_size=GROUP,
            compression="none",  # pictures and sounds are compressed already
            use_dictionary=False,
            write_statistics=False,
        )
        files.clear()


class Media:
    """The files that a `MediaWriter` kept, by what cells call them; of every feature those read last are in memory.

    Args:
        folder: that of the shards.
        places: where each file is.
        left_out: why others are not kept.
    """

    def __init__(self, folder: Path, places: Mapping[str, Stored], left_out: Mapping[str, str] | None = None) -> None:
        self._folder, self._places, self._left_out = folder, places, left_out or {}
        self._held: dict[str, tuple[tuple[Path, int], pa.Array]] = {}

    @classmethod
    def of_folder(cls, folder: Path) -> "Media":
        """All that are in a folder's shards, of which nothing but the names is read."""
        places: dict[str, Stored] = {}
        for path in sorted(folder.glob("*/*.parquet")):
            (names,) = pq.ParquetFile(path).read(columns=[f"{path.parent.name}.path"]).columns
            cells = names.combine_chunks().field("path").to_pylist()
            places |= {cell: Stored(path, number) for number, cell in enumerate(cells)}
        left_out = folder / LEFT_OUT
        return cls(folder, places, json.loads(left_out.read_text(encoding="utf-8")) if left_out.exists() else {})

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, cell: object) -> bool:
        return cell in self._places

    def of(self, cells: Iterable[Any]) -> "Media":
        """Those that these cells name, for a process that needs no others."""
        named = [cell for cell in cells if isinstance(cell, str)]
        places = {cell: self._places[cell] for cell in named if cell in self._places}
        left_out = {cell: self._left_out[cell] for cell in named if cell in self._left_out}
        return Media(self._folder, places, left_out)

    def read(self, cell: Any, max_bytes: int) -> bytes:
        """The content of the file that a cell names.

        Raises:
            BadInput: if there is none, or it is too large.
        """
        if not isinstance(cell, str) or cell not in self._places:
            if isinstance(cell, str) and cell in self._left_out:
                raise BadInput(self._left_out[cell])
            DataRoot(self._folder).file(cell)  # says what is wrong with the cell
            raise absent(cell)  # what is there is a file of ours
        shard, number = self._places[cell]
        content: bytes = self._group(shard, number // GROUP)[number % GROUP].as_py()
        if len(content) > max_bytes:
            raise too_large(cell, max_bytes)
        return content

    def _group(self, shard: Path, number: int) -> pa.Array:
        feature = shard.parent.name
        if feature not in self._held or self._held[feature][0] != (shard, number):
            self._held.pop(feature, None)  # the last one goes before the next one comes
            (files,) = pq.ParquetFile(shard).read_row_group(number, use_threads=False).columns
            self._held[feature] = (shard, number), files.combine_chunks().field("bytes")
        return self._held[feature][1]
