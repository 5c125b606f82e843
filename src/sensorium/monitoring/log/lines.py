"""Reads the service's logs: JSON lines in rotated files, some of which may be damaged."""

import errno
import heapq
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import itemgetter, or_
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ConfigDict, TypeAdapter

from sensorium.errors import UserError
from sensorium.renamed import RECORDS, with_new_keys
from sensorium.targets import KINDS, Target

TRIES, PAUSE = 20, 0.01  # seconds between tries; renaming takes far less
AHEAD = timedelta(minutes=5)  # that another machine's clock may be
TYPES: dict[str, Any] = {
    "request_id": str,
    "key": str,
    "role": str,
    "model_version": str,
    "inputs": list[str],
    "descriptors": dict[str, dict[str, float | str]],
    "axes": dict[str, list[float]],
    "hashes": dict[str, str],
    "abstained": list[str],
    "content": dict[str, str],
    **{key: dict[str, held] for kind in KINDS.values() for key, held in kind.learnt.line.items()},  # type: ignore[valid-type]
    "labels": dict[str, reduce(or_, (kind.learnt.label for kind in KINDS.values()))],  # type: ignore[misc]  # also what people send
}  # of the fields that are read, where a record has them
_CHECKS: Mapping[str, TypeAdapter[Any]] = {
    name: TypeAdapter(kind, config=ConfigDict(strict=True)) for name, kind in TYPES.items()
}
Dated = tuple[datetime, dict[str, Any]]  # a record and its time


@dataclass
class Problems:
    """Counts the problems met while records are read.

    Attributes:
        damaged: lines that hold no record.
        from_the_future: records whose time is later than now, which are left out.
    """

    damaged: int = 0
    from_the_future: int = 0

    def notes(self, name: str) -> list[str]:
        """A sentence for each kind of problem."""
        sentences = []
        if self.damaged:
            sentences.append(f"Left out: {counted(self.damaged, 'line')} of {name} that cannot be read.")
        if self.from_the_future:
            sentences.append(
                f"Left out: {counted(self.from_the_future, 'record')} of {name} with a time in the future; look at the "
                "clocks of the machines that serve."
            )
        return sentences


def read_records(
    folder: Path, name: str, fields: Iterable[str], since: datetime, now: datetime, problems: Problems
) -> Iterator[Dated]:
    """Records of a log with their times, the oldest file first, a line of each replica in memory at a time.

    Several replicas have a folder each; their records are merged by time.

    Args:
        folder: of the logs, or of such folders, one for each replica.
        name: of the newest file; older ones end in .1, .2 and so on.
        fields: that every record has.
        since: older records are left out.
        now: records with a later time are left out.
        problems: counts what could not be used.

    Raises:
        UserError: if the files cannot be held open.
    """
    wanted = {"request_id", *fields}
    with ExitStack() as opened:
        # All are opened before any is read, since the service may rename them meanwhile.
        logs = _all_opened(opened, folder, name, since)
        yield from heapq.merge(*(_dated(files, wanted, since, now, problems) for files in logs), key=itemgetter(0))


def _dated(
    files: Iterable[BinaryIO], wanted: set[str], since: datetime, now: datetime, problems: Problems
) -> Iterator[Dated]:
    """The usable records of files."""
    for file in files:
        for line in file:
            if not line.endswith(b"\n"):  # is being written
                continue
            found = _record(line, wanted)
            if found is None:
                problems.damaged += 1
            elif found[0] > now + AHEAD:
                problems.from_the_future += 1
            elif found[0] >= since:
                yield found


def _all_opened(opened: ExitStack, folder: Path, name: str, since: datetime) -> list[list[BinaryIO]]:
    """The files of every replica, opened."""
    try:
        return [_opened(opened, place, name, since) for place in (folder, *filter(Path.is_dir, _listed(folder)))]
    except OSError as error:
        if error.errno != errno.EMFILE:
            raise
        raise UserError(
            f"{folder} has more files of logs than this process may open; remove the folders of replicas that are gone "
            "and were read, or raise `ulimit -n`."
        ) from error


def _opened(opened: ExitStack, folder: Path, name: str, since: datetime) -> list[BinaryIO]:
    """The files of a replica, opened; again where it renamed, made or removed one while they were listed and opened."""
    for _ in range(TRIES):
        with suppress(FileNotFoundError), ExitStack() as trying:
            files: list[BinaryIO] = [trying.enter_context(path.open("rb")) for path in _files(folder, name, since)]
            if [os.fstat(file.fileno()).st_ino for file in files] == _inodes(_files(folder, name, since)):
                opened.enter_context(trying.pop_all())
                return files
        time.sleep(PAUSE)
    raise UserError(f"{folder / name} is renamed faster than it can be opened; try again.")


def _files(folder: Path, name: str, since: datetime) -> list[Path]:
    """The files that may hold records of this time, the oldest first.

    Raises:
        FileNotFoundError: if one was renamed meanwhile.
    """
    listed = (path for path in _listed(folder) if path.name.startswith(name))
    found = [path for path in listed if path.name == name or path.suffix[1:].isdigit()]
    found.sort(key=lambda path: 0 if path.name == name else int(path.suffix[1:]), reverse=True)
    return [path for path in found if path.stat().st_mtime >= since.timestamp()]


def _listed(folder: Path) -> list[Path]:
    """What a folder holds, in order; nothing where there is none. A glob would pass over a folder it cannot open."""
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:
        return []


def _inodes(paths: Iterable[Path]) -> list[int]:
    """Numbers of files, which a renamed file keeps."""
    return [path.stat().st_ino for path in paths]


def _record(line: bytes, wanted: set[str]) -> Dated | None:
    """The record in a line; ``None`` if a field is missing or is of another type than in `TYPES`."""
    try:
        record = with_new_keys(json.loads(line), RECORDS)
        time = datetime.fromisoformat(record["time"])
        for name in _CHECKS.keys() & record.keys():
            _CHECKS[name].validate_python(record[name])
        if not wanted <= record.keys() or not all(_of_one_kind(record, kind) for kind in KINDS.values()):
            return None
        return time if time.tzinfo else time.replace(tzinfo=UTC), record
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _of_one_kind(record: Mapping[str, Any], kind: type[Target]) -> bool:
    """Whether all that is written of targets of a kind is of the same ones."""
    return len({frozenset(record[key]) for key in kind.learnt.line if key in record}) <= 1


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON-lines file of this project; an incomplete last line is left out."""
    found = []
    # Not by str.splitlines, which parts at signs that a record may hold.
    for line in path.read_bytes().split(b"\n") if path.is_file() else []:
        with suppress(ValueError, RecursionError):
            found.append(json.loads(line.decode(errors="replace")))
    return [one for one in found if isinstance(one, dict)]


def counted(number: int, noun: str) -> str:
    """``1 line``, ``2 lines``, ``1,000 lines``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
