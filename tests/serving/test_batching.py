import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from sensorium.serving.batching import Batcher


class Squares:
    """Squares numbers, remembers its batches, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, numbers: Sequence[int]) -> list[int]:
        self.go.wait(5)
        self.batches.append(list(numbers))
        if 13 in numbers:
            raise ValueError("13 is bad")
        return [number**2 for number in numbers]


@pytest.fixture
def squares() -> Squares:
    return Squares()


def batcher(squares: Squares, size: int = 4, lanes: int = 1) -> Batcher[int, int]:
    return Batcher(squares, size, lanes, ThreadPoolExecutor(lanes))


def test_a_lone_item_runs_at_once_and_those_that_come_meanwhile_run_together(squares: Squares) -> None:
    async def ask() -> list[int]:
        batches = batcher(squares)
        squares.go.clear()
        first = asyncio.create_task(batches.submit(1))
        await asyncio.sleep(0.05)
        others = [asyncio.create_task(batches.submit(number)) for number in (2, 3, 4, 5, 6)]
        await asyncio.sleep(0.05)
        squares.go.set()
        return [result for result, _ in await asyncio.gather(first, *others)]

    assert asyncio.run(ask()) == [1, 4, 9, 16, 25, 36]
    assert squares.batches == [[1], [2, 3, 4, 5], [6]]


def test_an_item_that_fails_takes_no_other_along(squares: Squares) -> None:
    async def ask() -> list[object]:
        batches = batcher(squares)
        squares.go.clear()
        asked = [asyncio.create_task(batches.submit(number)) for number in (1, 2, 13, 3)]
        await asyncio.sleep(0.05)
        squares.go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    one, two, bad, three = asyncio.run(ask())
    assert [result[0] for result in (one, two, three)] == [1, 4, 9]  # type: ignore[index]
    assert str(bad) == "13 is bad"


def test_an_item_that_was_given_up_does_not_run(squares: Squares) -> None:
    async def ask() -> None:
        batches = batcher(squares)
        squares.go.clear()
        first = asyncio.create_task(batches.submit(1))
        await asyncio.sleep(0.05)
        second, third = (asyncio.create_task(batches.submit(number)) for number in (2, 3))
        await asyncio.sleep(0.05)
        second.cancel()
        squares.go.set()
        assert (await first)[0] == 1
        assert (await third)[0] == 9

    asyncio.run(ask())
    assert squares.batches == [[1], [3]]


def test_lanes_run_at_once(squares: Squares) -> None:
    both = threading.Barrier(2, timeout=5)

    def meet(numbers: Sequence[int]) -> list[int]:
        both.wait()
        return list(numbers)

    async def ask() -> list[int]:
        batches = Batcher(meet, 1, 2, ThreadPoolExecutor(2))
        return [result for result, _ in await asyncio.gather(batches.submit(1), batches.submit(2))]

    assert asyncio.run(ask()) == [1, 2]


def test_nobody_is_forgotten_where_lanes_end_while_items_come(squares: Squares) -> None:
    async def ask() -> int:
        batches = batcher(squares)

        async def client(number: int) -> int:
            return sum([(await batches.submit(1))[0] for _ in range(50)])

        return sum(await asyncio.gather(*(client(number) for number in range(8))))

    assert asyncio.run(asyncio.wait_for(ask(), 20)) == 400


def test_the_wait_is_told(squares: Squares) -> None:
    async def ask() -> float:
        batches = batcher(squares)
        squares.go.clear()
        first = asyncio.create_task(batches.submit(1))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(batches.submit(2))
        await asyncio.sleep(0.1)
        squares.go.set()
        await first
        return (await second)[1]

    assert 0.09 < asyncio.run(ask()) < 60  # seconds
