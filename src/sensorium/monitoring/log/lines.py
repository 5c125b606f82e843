"""Records of the service's log: JSON lines in files that are rotated, some of them perhaps damaged."""

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

TRIES = 5
AHEAD = timedelta(minutes=5)  # that another machine's clock may be


@dataclass
class Reading:
    """What was met on the way, counted while the records are read.

    Attributes:
        damaged: lines that hold no record.
        from_the_future: records that are left out, since their time has not come yet.
    """

    damaged: int = 0
    from_the_future: int = 0

    def notes(self, name: str) -> list[str]:
        """A sentence for each thing that was not as it should be."""
        said = []
        if self.damaged:
            said.append(f"Left out: {counted(self.damaged, 'line')} of {name} that cannot be read.")
        if self.from_the_future:
            said.append(
                f"Left out: {counted(self.from_the_future, 'record')} of {name} with a time in the future; look at the "
                "clocks of the machines that serve."
            )
        return said


def read_records(
    folder: Path, name: str, fields: tuple[str, ...], since: datetime, now: datetime, reading: Reading
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """Records of a log with their times, the oldest file first, a line in memory at a time.

    Args:
        folder: of the logs.
        name: of the newest file; older ones end in .1, .2 and so on.
        fields: that every record has.
        since: older records are left out.
        now: what tells the future.
        reading: is told what could not be used.
    """
    with ExitStack() as opened:
        # All are opened before any is read, since the service may rename them meanwhile.
        files = _opened(opened, folder, name, since)
        for file in files:
            for line in file:
                if not line.endswith(b"\n"):  # is being written
                    continue
                found = _record(line, fields)
                if found is None:
                    reading.damaged += 1
                elif found[0] > now + AHEAD:
                    reading.from_the_future += 1
                elif found[0] >= since:
                    yield found


def _opened(opened: ExitStack, folder: Path, name: str, since: datetime) -> list[BinaryIO]:
    """The files, opened; again where the service renamed one while they were listed."""
    files: list[BinaryIO] = []
    for _ in range(TRIES):
        before = _files(folder, name, since)
        with suppress(FileNotFoundError):
            files = [opened.enter_context(path.open("rb")) for path in before]
            if [os.fstat(file.fileno()).st_ino for file in files] == [path.stat().st_ino for path in before]:
                return files
    return files


def _files(folder: Path, name: str, since: datetime) -> list[Path]:
    """The files that may hold records of this time, the oldest first."""
    found = [path for path in folder.glob(f"{name}*") if path.name == name or path.suffix[1:].isdigit()]
    found.sort(key=lambda path: 0 if path.name == name else int(path.suffix[1:]), reverse=True)
    return [path for path in found if path.stat().st_mtime >= since.timestamp()]


def _record(line: bytes, fields: tuple[str, ...]) -> tuple[datetime, dict[str, Any]] | None:
    try:
        record = json.loads(line)
        time = datetime.fromisoformat(record["time"])
        if any(field not in record for field in fields) or not isinstance(record["request_id"], str):
            return None
        return time if time.tzinfo else time.replace(tzinfo=UTC), record
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file of our own; what a kill cut off is left out."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []:
        with suppress(ValueError):
            found.append(json.loads(line))
    return [one for one in found if isinstance(one, dict)]


def counted(number: int, noun: str) -> str:
    """``1 line``, ``2 lines``, ``1,000 lines``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
