import asyncio
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from sensorium.serving import pacing
from sensorium.serving.pacing import Turns
from tests.serving.conftest import serving
from tests.serving.test_guarding import ENTRIES, FACTS, KEY, by


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
    monkeypatch.setattr(pacing, "LONGEST", 0.1)
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


@pytest.mark.parametrize(("shared", "together"), [(True, 2), (False, 5)])
def test_one_key_has_so_many_turns_at_once_and_others_theirs(shared: bool, together: int) -> None:
    async def count() -> tuple[int, bool]:
        turns, begun, go, other = Turns(2, shared, 100), 0, asyncio.Event(), asyncio.Event()

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
