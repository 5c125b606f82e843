import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sensorium.serving import keys, pacing, places
from sensorium.serving.places import Places
from tests.serving.conftest import served_as, serving

KEY, OTHER = keys.make(), keys.make()
ENTRIES = {keys.VARIABLE: f"ada:{keys.digest(KEY)},bob:{keys.digest(OTHER)}"}
FACTS = {"facts": {"a": 1}}
NEEDS_KEYS = "this service has no API keys and so answers its own machine only"


def by(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def guarded(table_folder: Path, tmp_path: Path) -> Iterator[TestClient]:
    folder = served_as(table_folder, tmp_path / "model", rate=6, samples=6)
    with serving(folder, tmp_path / "log", **ENTRIES) as client:
        yield client


@pytest.fixture(scope="module")
def local(table_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(table_folder, tmp_path_factory.mktemp("log")) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/predict", "/predict_batch", "/explain", "/explain/car", "/feedback", "/schema", "/docs.json"]
)
def test_every_endpoint_that_knows_the_model_wants_a_key(guarded: TestClient, path: str) -> None:
    for headers, sentence in (
        ({}, "an API key is needed: Authorization: Bearer KEY"),
        ({"Authorization": f"Basic {KEY}"}, "an API key is needed: Authorization: Bearer KEY"),
        (by("sk_wrong"), "this API key is not known, or was revoked"),
        ({"Authorization": "Bearer caf\xe9".encode("latin-1")}, "this API key is not known, or was revoked"),
    ):
        method = "GET" if path in ("/schema", "/docs.json") else "POST"
        answer = guarded.request(method, path, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()) == (401, {"error": sentence})
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.get("/schema", headers=by(KEY)).status_code == 200


def test_each_key_has_a_rate_of_its_own_counted_in_samples(guarded: TestClient) -> None:
    assert guarded.post("/predict", json=FACTS, headers=by(KEY)).status_code == 200
    assert guarded.post("/predict_batch", json={"samples": [FACTS] * 5}, headers=by(KEY)).status_code == 200
    refused = guarded.post("/predict", json=FACTS, headers=by(KEY))
    assert (refused.status_code, refused.json()) == (429, {"error": "more than 6 samples in a minute by the key 'ada'"})
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert guarded.post("/predict", json=FACTS, headers=by(OTHER)).status_code == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:3000", "127.0.0.1:3000", "[::1]:3000", "[::ffff:127.0.0.1]:3000"]
)
def test_without_keys_the_own_machine_is_served(local: TestClient, host: str) -> None:
    assert local.post("/predict", json=FACTS, headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "sensorium.example.org"},
        {"host": "evil.example:3000"},
        {"host": ""},
        {"host": "["},
        {"host": "localhost.evil.example"},
        {"via": "1.1 proxy"},
        {"x-forwarded-for": "10.1.2.3"},
        {"forwarded": "for=10.1.2.3"},
    ],
)
def test_without_keys_names_and_proxies_of_others_are_not(local: TestClient, headers: dict[str, str]) -> None:
    answer = local.post("/predict", json=FACTS, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"].startswith(NEEDS_KEYS)


def test_without_keys_another_machine_is_not_served(table_folder: Path, tmp_path: Path) -> None:
    with serving(table_folder, tmp_path) as client:
        for address, status in (("10.1.2.3", 401), ("::ffff:10.1.2.3", 401), ("", 401), ("::ffff:127.0.0.1", 200)):
            other = TestClient(client.app, base_url="http://localhost", client=(address, 40_000))
            assert other.post("/predict", json=FACTS).status_code == status


def test_pages_of_other_sites_are_refused(local: TestClient) -> None:
    for origin in ("https://evil.example", "http://[", "null"):
        answer = local.post("/feedback", json={}, headers={"origin": origin})
        assert (answer.status_code, answer.json()) == (403, {"error": "pages of other sites may not use this service"})
    assert local.post("/predict", json=FACTS, headers={"origin": "http://localhost"}).status_code == 200


def hold(client: TestClient) -> threading.Event:
    """Makes the model wait."""
    go, live = threading.Event(), client.app.state.deployment.champion  # type: ignore[attr-defined]
    run = live._batcher._run

    def held(batch: Any) -> Any:
        go.wait(10)
        return run(batch)

    live._batcher._run = held
    return go


def test_more_than_can_be_worked_on_is_refused_and_service_recovers(table_folder: Path, tmp_path: Path) -> None:
    with serving(served_as(table_folder, tmp_path / "model", in_flight=2), tmp_path / "log") as client:
        go = hold(client)
        with ThreadPoolExecutor(2) as threads:
            waiting = [threads.submit(client.post, "/predict", json=FACTS) for _ in range(2)]
            while client.app.state.guard.room.requests.taken < 2:  # type: ignore[attr-defined]
                pass
            refused = client.post("/predict", json=FACTS)
            go.set()
            assert [one.result().status_code for one in waiting] == [200, 200]
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert refused.json() == {"error": "the service is busy with 2 requests; try again soon"}
        assert client.post("/predict", json=FACTS).status_code == 200


def test_what_takes_too_long_is_given_up(table_folder: Path, tmp_path: Path) -> None:
    with serving(served_as(table_folder, tmp_path / "model", timeout=0.2), tmp_path / "log") as client:
        go = hold(client)
        answer = client.post("/predict", json=FACTS)
        go.set()
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json() == {"error": "the service could not answer within 0.2 seconds; try again later"}
        assert client.app.state.guard.room.requests.taken == 0  # type: ignore[attr-defined]


class Sending:
    """Requests by ASGI whose bodies stop after a first part; what was answered is a list for each."""

    def __init__(self, client: TestClient) -> None:
        self._client = client
        self._tasks: list[asyncio.Task[None]] = []

    async def ask(self, key: str, part: bytes, answer: list[Any]) -> None:
        """Sends one, until it is answered."""
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        headers.append((b"authorization", f"Bearer {key}".encode()))
        scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers, "query_string": b""}
        scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 3000), "scheme": "http", "root_path": ""}
        parts = iter([{"type": "http.request", "body": part, "more_body": True}])

        async def receive() -> Any:
            for message in parts:
                return message
            return await asyncio.Event().wait()

        async def send(message: Any) -> None:
            answer.append(message)

        await self._client.app(scope, receive, send)  # type: ignore[arg-type]

    async def begin(self, key: str, requests: int) -> list[list[Any]]:
        """Sends several, and comes back when each was answered or waits for more."""
        answers: list[list[Any]] = [[] for _ in range(requests)]
        self._tasks += [asyncio.create_task(self.ask(key, b'{"facts"', answer)) for answer in answers]
        for _ in range(10):
            await asyncio.sleep(0)
        return answers

    async def end(self) -> None:
        """Hangs up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def told(answer: list[Any]) -> tuple[int, str]:
    return answer[0]["status"], json.loads(answer[1]["body"])["error"]


@pytest.mark.parametrize(
    ("patience", "sentence"),
    [
        (10.0, "the body did not come within 0.2 seconds"),
        (0.05, "the body came at less than 500 bytes a second"),
    ],
)
def test_a_body_that_does_not_come_is_given_up(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patience: float, sentence: str
) -> None:
    monkeypatch.setattr(places, "PATIENCE", patience)
    with serving(served_as(table_folder, tmp_path / "model", timeout=0.2), tmp_path / "log") as client:
        answer: list[Any] = []
        client.portal.call(Sending(client).ask, "", b'{"facts"', answer)  # type: ignore[union-attr]
        assert told(answer) == (408, sentence)
        guard = client.app.state.guard  # type: ignore[attr-defined]
        assert (guard.room.bytes.taken, guard.room.bodies.taken, guard.room.requests.taken) == (0, 0, 0)


def test_slow_bodies_of_one_key_keep_nobody_from_asking(
    table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "AHEAD", 1000)
    folder = served_as(table_folder, tmp_path / "model", in_flight=2)
    with serving(folder, tmp_path / "log", **ENTRIES) as client:
        sending, call = Sending(client), client.portal.call  # type: ignore[union-attr]
        answers = call(sending.begin, KEY, 300)
        refused = [answer for answer in answers if answer]
        assert [told(one) for one in refused] == [(503, "250 bodies are on their way already; try again soon")] * 50
        assert client.app.state.guard.room.requests.taken == 0  # type: ignore[attr-defined]
        assert [client.post("/predict", json=FACTS, headers=by(key)).status_code for key in (OTHER, KEY)] == [200, 503]
        call(sending.end)
        assert client.app.state.guard.room.bodies.taken == 0  # type: ignore[attr-defined]
        assert client.post("/predict", json=FACTS, headers=by(KEY)).status_code == 200


def test_one_key_leaves_places_to_others(table_folder: Path, tmp_path: Path) -> None:
    with serving(served_as(table_folder, tmp_path / "model", in_flight=8), tmp_path / "log", **ENTRIES) as client:
        go, guard = hold(client), client.app.state.guard  # type: ignore[attr-defined]
        with ThreadPoolExecutor(10) as threads:

            def ask(key: str, requests: int, taken: int) -> list[Any]:
                asked = [threads.submit(client.post, "/predict", json=FACTS, headers=by(key)) for _ in range(requests)]
                while guard.room.requests.taken < taken:
                    pass
                return asked

            first = ask(KEY, 4, taken=4)
            assert client.post("/predict", json=FACTS, headers=by(KEY)).status_code == 503
            second = ask(OTHER, 2, taken=6)
            assert client.post("/predict", json=FACTS, headers=by(OTHER)).status_code == 503
            go.set()
            assert [one.result().status_code for one in first + second] == [200] * 6


@pytest.mark.parametrize(("shared", "held"), [(True, [8, 4, 2, 1]), (False, [15, 0, 0, 0])])
def test_places_are_shared_so_that_one_more_may_come(shared: bool, held: list[int]) -> None:
    places = Places(shared)
    for who, expected in zip("abcd", held, strict=True):
        taken = 0
        while places.are_free(who, 15 if not shared else 16):
            places.take(who)
            taken += 1
        assert taken == expected
    places.take("a", -held[0])
    assert places.taken == sum(held[1:])
    assert places.are_free("a", 16)
    assert not places.are_free("a", 16, 17)


def test_bodies_share_a_limit_of_memory(local: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_BYTES", 100)
    answer = local.post("/predict", json={"facts": {"a": "x" * 200}})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert local.post("/predict", json=FACTS).status_code == 200
