import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sensorium.errors import UserError
from sensorium.shards import map_shards, shards


def total(piece: list[int]) -> int:
    if -1 in piece:
        raise UserError("no negative numbers")
    return sum(piece)


def process(_: int) -> int:
    time.sleep(0.1)
    return os.getpid()


def page_faults(_: int) -> list[int]:
    """Of the first, the second and the third array of 64 MB."""
    counts = [resource.getrusage(resource.RUSAGE_SELF).ru_minflt]
    for _ in range(3):
        np.ones(2**23)
        counts.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
    return np.diff(counts).tolist()


def test_pieces_cover_the_sequence() -> None:
    assert shards([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert shards([], 2) == []


def test_results_come_in_the_order_of_the_pieces() -> None:
    assert list(map_shards(total, shards(list(range(9)), 2), "adding")) == [1, 5, 9, 13, 8]


def test_work_is_begun_here_and_the_rest_is_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(map_shards(process, range(9), "asking")) == {os.getpid()}
    monkeypatch.setattr("sensorium.shards.START", 0.25)
    found = list(map_shards(process, range(9), "asking"))
    assert found[0] == os.getpid()
    assert found[-1] != os.getpid()


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_a_process_keeps_the_memory_that_it_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensorium.shards.START", 0)
    for first, *later in map_shards(page_faults, range(2), "allocating"):
        assert max(later) < first / 5


def test_of_pieces_that_are_made_when_asked_for_few_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Made(list[list[int]]):
        def __getitem__(self, number: int) -> list[int]:  # type: ignore[override]
            asked.append(number)
            return super().__getitem__(number)

    monkeypatch.setattr("sensorium.shards.START", 0)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    found = map_shards(total, Made([[number] for number in range(40)]), "adding")
    assert next(found) == 0
    assert asked == list(range(8))
    assert list(found) == list(range(1, 40))


def test_an_error_in_another_process_comes_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sensorium.shards.START", 0)
    with pytest.raises(UserError, match="no negative numbers"):
        list(map_shards(total, [[1], [2, -1], [3]], "adding"))


def test_nothing_to_do() -> None:
    assert list(map_shards(Path, [], "nothing")) == []
