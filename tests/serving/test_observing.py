import json
import logging
import subprocess
import sys
from typing import Any

import pytest
from prometheus_client import REGISTRY
from starlette.testclient import TestClient

SECRET = "a secret frog"


def answered(endpoint: str, status: str) -> float:
    return REGISTRY.get_sample_value("sensorium_requests_total", {"endpoint": endpoint, "status": status}) or 0


def test_a_clients_request_id_is_kept_and_a_bad_one_replaced(client: TestClient) -> None:
    kept = client.post("/predict", json={"note": "x"}, headers={"X-Request-ID": "order-17_a.b"})
    assert kept.json()["request_id"] == kept.headers["X-Request-ID"] == "order-17_a.b"
    for bad in ("", "a b", "x" * 65, "<script>"):
        other = client.post("/predict", json={"note": "x"}, headers={"X-Request-ID": bad})
        assert len(other.json()["request_id"]) == 32
        assert other.headers["X-Request-ID"] == other.json()["request_id"]
    assert len(client.post("/predict", json={}).headers["X-Request-ID"]) == 32  # refusals have one too


def test_answers_say_what_browsers_may_do_and_where_time_went(client: TestClient) -> None:
    headers = client.post("/predict", json={"note": "x"}).headers
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    steps = [part.partition(";dur=")[0] for part in headers["Server-Timing"].split(", ")]
    assert steps == ["read", "decode", "wait", "encode", "fuse"]


def test_the_page_allows_nothing_from_outside(client: TestClient) -> None:
    page = client.get("/ui/")
    assert page.status_code == 200
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; img-src 'self' blob: data:;")
    assert "unsafe" not in policy
    assert client.get("/", follow_redirects=False).headers["location"] == "/ui/"
    assert client.get("/ui/../service.py").status_code == 404
    assert client.get("/ui/%2e%2e/service.py").status_code == 404


def test_lines_in_the_log_have_the_id_and_never_content(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("sensorium"), "propagate", True)
    with caplog.at_level(logging.INFO, "sensorium"):
        client.post("/predict", json={"note": SECRET}, headers={"X-Request-ID": "r1"})
        client.post("/predict", json={"note": SECRET, "car": {"age": SECRET}}, headers={"X-Request-ID": "r2"})
    lines = [vars(record) for record in caplog.records if record.getMessage() == "answered"]
    assert [(one["request_id"], one["endpoint"], one["status"]) for one in lines] == [
        ("r1", "predict", 200), ("r2", "predict", 400)
    ]  # fmt: skip
    assert lines[0]["inputs"] == ["note"]
    assert SECRET not in str(lines)


TALKATIVE = """
import ctypes, logging, subprocess, warnings
from sensorium.serving import logs
logs.configure()
logs.own_stdout()
logging.getLogger("sensorium.serving.access").info("answered", extra={"request_id": "r", "ms": 1.5})
print("by Python", flush=True)
ctypes.CDLL(None).puts(b"in C")
ctypes.CDLL(None).fflush(None)
subprocess.run(["echo", "by a child"])
warnings.warn("odd\\nbytes")
try:
    raise ValueError("a secret")
except ValueError:
    logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
"""


def test_standard_output_has_what_is_logged_and_nothing_else() -> None:
    done = subprocess.run([sys.executable, "-c", TALKATIVE], capture_output=True, text=True, check=True)
    answered, warned, failed = map(json.loads, done.stdout.splitlines())
    assert answered.pop("timestamp").startswith("20")
    assert answered == {
        "level": "INFO", "logger": "sensorium.serving.access", "message": "answered", "request_id": "r", "ms": 1.5
    }  # fmt: skip
    assert (warned["logger"], "odd\nbytes" in warned["message"]) == ("py.warnings", True)
    assert (failed["message"], failed["exc_info"]) == (
        "Exception in ASGI application", "ValueError at <string>:13 <module>"
    )  # fmt: skip
    assert done.stderr.splitlines() == ["by Python", "in C", "by a child"]


def test_an_accident_is_told_by_its_id_and_without_detail(
    client: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(logging.getLogger("sensorium"), "propagate", True)

    monkeypatch.setattr(client.app.state.deployment.champion.predictor.__class__, "features", fail)  # type: ignore[attr-defined]
    before = answered("predict", "500")
    answer = client.post("/predict", json={"note": "x"}, headers={"X-Request-ID": "r3"})
    assert (answer.status_code, answer.json()) == (
        500,
        {"error": "the service failed; its log says why under the request id r3"},
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answered("predict", "500") == before + 1
    line = vars(next(record for record in caplog.records if record.getMessage() == "accident"))
    assert (line["request_id"], line["error"]) == ("r3", "RuntimeError")
    assert line["at"][-1].endswith(" fail")
    assert SECRET not in caplog.text + str(line)


def test_a_client_that_hangs_up_is_no_accident(client: TestClient) -> None:
    sent: list[Any] = []

    async def ask() -> None:
        headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": "POST", "path": "/predict", "headers": headers, "query_string": b""}
        scope |= {"client": ("127.0.0.1", 1), "server": ("127.0.0.1", 3000), "scheme": "http", "root_path": ""}
        messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        await client.app(scope, receive, send)  # type: ignore[arg-type]

    before = answered("predict", "499")
    client.portal.call(ask)  # type: ignore[union-attr]
    assert sent[0]["status"] == 499  # heard by nobody, but BentoML waits for an answer
    assert answered("predict", "499") == before + 1


def test_what_is_not_there_gets_a_sentence(client: TestClient) -> None:
    assert client.get("/predict").status_code == 405
    assert client.get("/predict").json() == {"error": "GET is not for /predict"}
    assert client.get("/ui/nothing?\xff").status_code == 404
    assert client.get("/ui/nothing.js").json() == {"error": "there is nothing at /ui/nothing.js"}
