import asyncio
import time
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from sensorium.serving import line, pacing
from sensorium.serving.concurrency import ConcurrencyLimit
from sensorium.serving.line import Line, TooLong
from sensorium.serving.pacing import PacedElsewhere
from tests.serving.conftest import serving
from tests.serving.test_connections import small
from tests.serving.test_guarding import ENTRIES, FACTS, KEY, OTHER, by


def seconds(client: TestClient, requests: int, key: str, path: str = "/predict") -> float:
    began = time.monotonic()
    for _ in range(requests):
        client.post(path, json=FACTS, headers=by(key))
    return time.monotonic() - began


@pytest.mark.parametrize("path", ["/predict", "/nothing"])
def test_requests_without_a_key_wait_and_those_with_one_do_not(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(pacing, "RATE", 1.0)
    monkeypatch.setattr(pacing, "AHEAD", 2)
    with serving(table_folder, tmp_path / "log", **ENTRIES) as client:
        assert seconds(client, 2, "sk_wrong", path) < 0.9  # a few pass at once
        assert seconds(client, 2, "sk_wrong", path) > 1.4
        assert seconds(client, 2, KEY) < 0.9


def test_when_too_many_wait_more_are_refused(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "RATE", 0.01)
    monkeypatch.setattr(pacing, "AHEAD", 1)
    monkeypatch.setattr(line, "LONGEST", 0.1)
    with serving(table_folder, tmp_path / "log", **ENTRIES) as client:
        assert client.get("/docs").status_code == 200
        began = time.monotonic()
        refused = client.get("/docs")
        assert time.monotonic() - began > 0.1
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json() == {"error": "too many requests without an API key; try again soon"}
        assert client.post("/predict", json=FACTS, headers=by(KEY)).status_code == 200


def test_a_service_without_keys_makes_its_own_machine_wait_for_nothing(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "RATE", 0.1)
    with serving(table_folder, tmp_path / "log") as client:
        assert seconds(client, 60, "", "/nothing") < 2


def test_the_metrics_are_read_whatever_else_strangers_ask_for(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "RATE", 0.01)
    monkeypatch.setattr(pacing, "AHEAD", 1)
    monkeypatch.setattr(line, "LONGEST", 0.1)
    with serving(table_folder, tmp_path / "log", **ENTRIES) as client:
        assert [client.get("/docs").status_code for _ in range(2)] == [200, 503]
        assert [client.get("/metrics").status_code for _ in range(5)] == [200] * 5


def test_what_another_application_answers_is_paced_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "RATE", 0.01)
    monkeypatch.setattr(pacing, "AHEAD", 1)
    monkeypatch.setattr(line, "LONGEST", 0.1)
    there = Starlette(routes=[Route(path, small) for path in ("/ours", "/theirs", "/livez")])
    ours = Starlette(routes=[Route("/ours", small)])
    client = TestClient(PacedElsewhere(there, application=ours))
    assert [client.get("/theirs").status_code for _ in range(2)] == [200, 503]
    assert [client.get(path).status_code for path in ("/ours", "/ours", "/livez", "/livez")] == [200] * 4


def test_each_has_a_turn_in_turn_and_those_who_go_give_theirs_back() -> None:
    async def passing() -> list[str]:
        one, order = Line(rate=50, ahead=0), []
        one.charge(5)
        turns = {name: one.join(name[0]) for name in ("a1", "a2", "gone", "a3", "b1", "b2")}
        for name, turn in turns.items():
            turn.add_done_callback(lambda turn, name=name: order.append(name))
        turns["gone"].cancel()
        began = time.monotonic()
        await asyncio.gather(*(turn for name, turn in turns.items() if name != "gone"))
        assert 0.08 < time.monotonic() - began < 0.5
        assert one.length == 0
        return order

    assert asyncio.run(passing()) == ["gone", "a1", "b1", "a2", "b2", "a3"]


def test_what_takes_more_than_a_turn_keeps_its_line_waiting_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(turns: float) -> float:
        one = Line(rate=100, ahead=1)
        await one.join()
        one.charge(turns)
        began = time.monotonic()
        await one.join()
        return time.monotonic() - began

    assert 0.1 < asyncio.run(waits(10)) < 0.3
    monkeypatch.setattr(line, "DEBT", 0.2)
    assert 0.2 < asyncio.run(waits(1000)) < 0.4


def test_those_who_waited_too_long_are_told_so_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "LONGEST", 0.1)
    monkeypatch.setattr(line, "LATE", 20.0)

    async def told() -> list[float]:
        one, began, after = Line(rate=0.01, ahead=0), time.monotonic(), []
        one.charge(1)
        turns = [one.join() for _ in range(5)]
        for turn in turns:
            turn.add_done_callback(lambda _: after.append(time.monotonic() - began))
        failed = await asyncio.gather(*turns, return_exceptions=True)
        assert [type(one) for one in failed] == [TooLong] * 5
        return after

    after = asyncio.run(told())
    assert after[0] >= 0.1
    assert after[-1] - after[0] > 0.15


def test_turns_missed_by_a_busy_loop_are_not_made_up_for_all_at_once() -> None:
    async def passed() -> int:
        one = Line(rate=100, ahead=0)
        one.charge(1)
        turns = [one.join() for _ in range(100)]
        await asyncio.sleep(0)
        time.sleep(0.5)  # the loop is busy
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return sum(turn.done() for turn in turns)

    assert 1 <= asyncio.run(passed()) <= 11


def test_a_key_that_asks_for_what_is_refused_waits_and_others_do_not(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "AHEAD", 20)
    with serving(table_folder, tmp_path / "log", **ENTRIES) as client:

        def takes(key: str, what: object) -> float:
            began = time.monotonic()
            for _ in range(12):
                client.post("/predict", json=what, headers=by(key))
            return time.monotonic() - began

        assert takes(KEY, {"nothing": 1}) > 0.9  # twelve of ten turns each, twenty of which were ahead
        assert takes(OTHER, FACTS) < 0.5


@pytest.mark.parametrize(("shared", "together"), [(True, 2), (False, 5)])
def test_one_key_has_so_many_turns_at_once_and_others_theirs(shared: bool, together: int) -> None:
    async def count() -> tuple[int, bool]:
        turns, begun, go, other = ConcurrencyLimit(2, shared, 100), 0, asyncio.Event(), asyncio.Event()

        async def take(who: str) -> None:
            nonlocal begun
            async with turns.of(who):
                if who == "b":
                    other.set()
                    return
                begun += 1
                await go.wait()

        tasks = [asyncio.create_task(take(who)) for who in "aaaaab"]
        await asyncio.wait_for(other.wait(), 1)
        first = begun
        go.set()
        await asyncio.gather(*tasks)
        return first, begun == 5

    assert asyncio.run(count()) == (together, True)


def test_keys_that_are_there_share_the_turns() -> None:
    async def begun() -> list[str]:
        turns, begun, go = ConcurrencyLimit(4, True, 100), [], {name: asyncio.Event() for name in "ab"}

        async def take(who: str) -> None:
            async with turns.of(who):
                begun.append(who)
                await go[who].wait()

        tasks = [asyncio.create_task(take(who)) for who in "aaaaaabbb"]
        await asyncio.sleep(0.01)
        assert begun == list("aaaabb")  # who came alone had all; now each has two, and the first waits
        go["b"].set()
        await asyncio.sleep(0.01)
        assert begun == list("aaaabbb")
        go["a"].set()
        await asyncio.gather(*tasks)
        return begun

    assert asyncio.run(begun()) == list("aaaabbbaa")


def test_a_turn_that_nobody_waits_for_any_more_is_given_back() -> None:
    async def ends() -> None:
        turns = ConcurrencyLimit(1, True, 1)
        async with turns.of("a"):
            gone = asyncio.create_task(turns.of("a").__aenter__())
            await asyncio.sleep(0)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
        async with turns.of("a"):
            pass

    asyncio.run(asyncio.wait_for(ends(), 1))


def test_all_together_have_so_many_turns_whatever_batches_they_come_in() -> None:
    async def most() -> int:
        turns, now, most = ConcurrencyLimit(15, True, 5), 0, 0

        async def take(who: str) -> None:
            nonlocal now, most
            async with turns.of(who):
                now += 1
                most = max(most, now)
                await asyncio.sleep(0.001)
                now -= 1

        await asyncio.gather(*(take(who) for who in "abc" * 10))
        return most

    assert asyncio.run(most()) == 5
