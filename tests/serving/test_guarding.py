import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from sensorium.serving import guarding, keys
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


@pytest.mark.parametrize("path", ["/predict", "/predict_batch", "/explain", "/feedback", "/schema", "/docs.json"])
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
            while client.app.state.guard.requests.taken < 2:  # type: ignore[attr-defined]
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
        assert client.app.state.guard.requests.taken == 0  # type: ignore[attr-defined]


def test_a_body_that_does_not_come_is_given_up(table_folder: Path, tmp_path: Path) -> None:
    with serving(served_as(table_folder, tmp_path / "model", timeout=0.2), tmp_path / "log") as client:
        sent: list[Any] = []

        async def ask() -> None:
            headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
            scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers, "query_string": b""}
            scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 3000), "scheme": "http", "root_path": ""}
            first = iter([{"type": "http.request", "body": b'{"facts"', "more_body": True}])

            async def receive() -> Any:
                for message in first:
                    return message
                return await asyncio.Event().wait()

            async def send(message: Any) -> None:
                sent.append(message)

            await client.app(scope, receive, send)  # type: ignore[arg-type]

        client.portal.call(ask)  # type: ignore[union-attr]
        assert (sent[0]["status"], sent[1]["body"]) == (408, b'{"error":"the body did not come within 0.2 seconds"}')
        assert client.app.state.guard.bytes.taken == 0  # type: ignore[attr-defined]


def test_bodies_share_a_limit_of_memory(local: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "MOST_BYTES", 100)
    answer = local.post("/predict", json={"facts": {"a": "x" * 200}})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert local.post("/predict", json=FACTS).status_code == 200
