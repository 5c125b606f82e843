"""The worst that a body of 1 KB, 100 KB and 1 MB does: seconds and megabytes, for each kind of input.

Bodies are searched for, not guessed: recipes (a picture of that format, size and colours; a text of those letters) are
drawn, their bytes are mutated, and what took longest or most memory is mutated further. Seconds are the processor's,
memory is beyond what was held before: both of this process and of the children that decode.

    python bench/hostile.py --seconds 300
"""

import argparse
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
from hostile_bodies import RECIPES
from hostile_pictures import with_sums
from mutation import mutated
from rich.console import Console
from rich.table import Table

from sensorium.errors import BadInput
from sensorium.modalities import Audio, Image, Modality, Signal, Tabular, Text, Video
from sensorium.runtime.profile import checksums
from sensorium.serving import feedback, requests
from sensorium.serving.refusal import Refused
from sensorium.targets import LearntClass

SIZES = {"1 KB": 1_000, "100 KB": 100_000, "1 MB": 1_000_000}
KEPT = 6  # bodies that are mutated further, by each of the two measures
PAUSE = 0.002  # seconds between two looks at the processes
REST = 0.03  # in which processes that work are seen to: their seconds are counted in hundredths
SECONDS, MEGABYTES = 1.0, 150.0  # that no body may pass
TARGETS = SimpleNamespace(targets={"label": LearntClass})
TABLE = Tabular(numbers=["age", "price"], categories=["town", "colour"])


@dataclass
class Tried:
    """A body and what it took.

    Attributes:
        recipe: what made it.
        body: its bytes.
        seconds: of the processor.
        megabytes: more than before.
        said: why it was refused; empty if it was not.
    """

    recipe: str
    body: bytes
    seconds: float
    megabytes: float
    said: str


class Watch:
    """What this process and its children take while it is open, the watching left out: seconds and bytes."""

    def __enter__(self) -> "Watch":
        _settle()
        self._processes = _family()
        self._spent = {one.pid: _seconds(one) for one in self._processes}
        self._ended = dict(self._spent)
        self._before = sum(_held(one, "VmRSS") for one in self._processes)
        for one in self._processes:
            with suppress(OSError):  # it has just ended
                Path(f"/proc/{one.pid}/clear_refs").write_text("5")  # forgets the most that was held
        self._most = {one.pid: 0 for one in self._processes}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.megabytes = max(0, sum(self._most.values()) - self._before) / 1e6
        new = [one for one in _family() if one.pid not in self._spent]  # in the place of one that was killed
        spent = sum(self._ended[pid] - before for pid, before in self._spent.items())
        self.seconds = max(0.0, spent + sum(map(_seconds, new)) - self._own)

    def _look(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._over.wait(PAUSE)  # again and again: a child that is killed cannot be asked afterwards
            for one in self._processes:
                self._most[one.pid] = max(self._most[one.pid], _held(one, "VmHWM"))
                self._ended[one.pid] = max(self._ended[one.pid], _seconds(one))
        self._own = time.thread_time()


def _held(process: psutil.Process, which: str) -> int:
    """Bytes of memory that a process holds (VmRSS), or held at most (VmHWM); none if it is dead."""
    with suppress(OSError, ValueError, IndexError):
        status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii", errors="replace")
        return int(status.split(f"{which}:")[1].split()[0]) * 1024
    return 0


def _family() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def _settle() -> None:
    """Waits until nobody works any more: in the place of a child that was killed another begins with an example."""
    spent = -1.0
    while spent < (spent := sum(map(_seconds, _family()))):
        time.sleep(REST)


def _seconds(process: psutil.Process) -> float:
    with suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return times.user + times.system
    return 0.0


def accepting(kind: Modality) -> Callable[[bytes], None]:
    """All that a service does with a raw value before a network reads it."""
    preprocess = kind.load_encoder().preprocess

    def work(body: bytes) -> None:
        value = kind.accept(body)
        kind.describe(value)
        checksums(kind.names(value))
        preprocess(value)

    return work


def feed_back(body: bytes) -> None:
    """All that a service does with feedback before it writes it down."""
    if len(body) <= feedback.LARGEST:
        feedback._checked(requests._object(requests._parsed(body, requests.JSON)), TARGETS)  # type: ignore[arg-type]


def parse(body: bytes) -> None:
    """What a service does with any JSON body first."""
    requests._parsed(body, requests.JSON)


def kinds() -> dict[str, Callable[[bytes], None]]:
    """What is done with a body of each kind."""
    return {
        "text": accepting(Text()),
        "image": accepting(Image()),
        "audio": accepting(Audio()),
        "video": accepting(Video()),
        "signal": accepting(Signal(rate=50)),
        "lists": accepting(Signal(columns=["a", "b"], rate=50)),
        "tabular": accepting(TABLE),
        "feedback": feed_back,
        "JSON": parse,
    }


def measure(work: Callable[[bytes], None], recipe: str, body: bytes) -> Tried:
    """Does it, and says what it took."""
    said = ""
    with Watch() as watch:
        try:
            work(body)
        except (BadInput, Refused) as problem:
            said = str(problem)
    return Tried(recipe, body, watch.seconds, watch.megabytes, said)


def _again(work: Callable[[bytes], None], one: Tried, measured: str) -> Tried:
    """The least of three times: other processes may have disturbed the first."""
    return min((measure(work, one.recipe, one.body) for _ in range(3)), key=lambda tried: getattr(tried, measured))


def search(kind: str, work: Callable[[bytes], None], size: int, seconds: float) -> tuple[Tried, Tried, int]:
    """The slowest and the largest body that so many seconds of search find, and how many were tried."""
    choose = random.Random(f"{kind} {size}")
    deadline, tried = time.perf_counter() + seconds, 0
    best: dict[str, list[Tried]] = {"seconds": [], "megabytes": []}
    waiting = [(name, recipe(choose, size)) for name, recipe in RECIPES[kind].items() for _ in range(3)]
    while time.perf_counter() < deadline or waiting:
        name, body = waiting.pop() if waiting else _next(choose, kind, size, best)
        one = measure(work, name, with_sums(body)[:size])
        tried += 1
        for measured, bodies in best.items():
            bodies.append(one)
            bodies.sort(key=lambda tried: -getattr(tried, measured))
            del bodies[KEPT:]
    worst = [
        max((_again(work, one, measured) for one in bodies), key=lambda tried: getattr(tried, measured))
        for measured, bodies in best.items()
    ]
    return worst[0], worst[1], tried


def _next(choose: random.Random, kind: str, size: int, best: dict[str, list[Tried]]) -> tuple[str, bytes]:
    if choose.random() < 0.4:
        name = choose.choice(list(RECIPES[kind]))
        return name, RECIPES[kind][name](choose, size)
    bodies = best[choose.choice(list(best))]
    one, other = choose.choice(bodies), choose.choice(bodies)
    return f"{one.recipe.removesuffix(', mutated')}, mutated", mutated(choose, one.body, other.body)


def main(seconds: float, only: str | None) -> None:
    """Prints the worst of every kind and size."""
    table = Table("input", "body", "seconds", "by", "MB", "by", "tried")
    doing = {kind: work for kind, work in kinds().items() if only in (None, kind)}
    passed: list[str] = []
    for kind, work in doing.items():
        measure(work, "", RECIPES[kind]["plain"](random.Random(0), 1000))  # the children and the tables are there
        for words, size in SIZES.items():
            slow, large, tried = search(kind, work, size, seconds / len(doing) / len(SIZES))
            cells: tuple[Any, ...] = (kind, words, f"{slow.seconds:.2f}", slow.recipe, f"{large.megabytes:.0f}")
            table.add_row(*cells, large.recipe, f"{tried:,}")
            if slow.seconds > SECONDS or large.megabytes > MEGABYTES:
                passed.append(f"{kind} of {words}: {json.dumps([slow.said, large.said])}")
    Console().print(table)
    print("\n".join(passed) or f"None takes more than {SECONDS:g} s or {MEGABYTES:g} MB.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="of search, over all kinds and sizes")
    parser.add_argument("--only", choices=RECIPES, help="a kind of input")
    asked = parser.parse_args()
    main(asked.seconds, asked.only)
