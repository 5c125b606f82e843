"""Functions of a piece, where every worker finds them."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from sensorium import paths
from sensorium.errors import BadInput, Cause, UserError


def total(piece: list[int]) -> int:
    return sum(piece)


def slow_first(number: int) -> int:
    time.sleep(0.5 if number == 0 else 0)
    return number


def fail(how: str) -> str:
    if how == "user":
        raise UserError("no negative numbers")
    if how == "input":
        raise BadInput("no picture", Cause("the file", "is no picture", "a.png"))
    if how == "accident":
        raise ZeroDivisionError("by nothing")
    return how


def where(_: int) -> tuple[int, Path, Path, bool]:
    """Process, working directory, cache, and whether a relative path is found."""
    time.sleep(0.05)
    return os.getpid(), Path.cwd(), paths.cache(), Path("here.txt").is_file()


def copy(piece: tuple[Path, Path, int]) -> None:
    """Of a file, into a folder in a folder."""
    file, folder, number = piece
    (folder / "copies").mkdir(exist_ok=True)
    (folder / f"copies/{number}.txt").write_text(f"{number}: {file.read_text()}")


def kill_once(piece: tuple[str, int]) -> int:
    """Of the fourth piece's process nothing is left, the first time; the path of the mark is the same everywhere."""
    mark, number = piece
    if number == 3 and _is_first(Path(mark)):
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return number


def kill_always(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def wait_for(path: str) -> int:
    """The process, once something is there."""
    while not Path(path).exists():
        time.sleep(0.02)
    return os.getpid()


@dataclass(frozen=True)
class DoneAndKilled:
    """A function, by name, after whose first end its process is killed, so that what it did is done again."""

    name: str
    mark: str

    def __call__(self, *arguments: Any) -> Any:
        result = resolve_name(self.name)(*arguments)
        if _is_first(Path(self.mark)):
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def _is_first(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
