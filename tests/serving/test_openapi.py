"""The service keeps what its OpenAPI description promises, whatever is sent."""

import random
from collections.abc import Iterator
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.testclient import TestClient

from tests.conftest import png
from tests.serving.conftest import listening, serving

JSON = "application/json"
POSITIVE, NEGATIVE = GenerationMode.POSITIVE, GenerationMode.NEGATIVE


@pytest.fixture(scope="module")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model_folder, tmp_path_factory.mktemp("log")) as client, listening(client) as url:
        yield url


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "mode"),
    [("/schema", POSITIVE), *product(["/predict", "/predict_batch", "/explain", "/feedback"], [POSITIVE, NEGATIVE])],
)
def test_every_answer_is_one_that_was_promised(address: str, path: str, mode: GenerationMode) -> None:
    api = schemathesis.openapi.from_url(f"{address}/docs.json")
    operation = next(one.ok() for one in api.get_all_operations() if one.ok().path == path)

    allowed = [positive_data_acceptance]  # a string in base64 is rarely a picture
    if path == "/predict_batch":
        allowed.append(negative_data_rejection)  # a bad sample has an error in its place

    @settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        # A form cannot carry an empty list or a null: what was wrong is gone from the request that is sent.
        lost = [negative_data_rejection] if case.media_type != JSON and mode == NEGATIVE else []
        case.call_and_validate(excluded_checks=allowed + lost)

    ask()


def test_every_example_works(client: TestClient) -> None:
    paths = client.get("/docs.json").json()["paths"]
    tried = {}
    for path, operations in paths.items():
        if body := operations.get("post", {}).get("requestBody"):
            tried[path] = client.post(path, json=body["content"][JSON]["example"])
            assert str(tried[path].status_code) in operations["post"]["responses"]
    assert {path: answer.status_code for path, answer in tried.items()} == {
        "/predict": 200, "/predict_batch": 200, "/explain": 200, "/feedback": 202
    }  # fmt: skip
    assert tried["/predict"].json()["inputs"] == ["note", "photo", "sound", "car"]
    assert not [one for one in tried["/predict_batch"].json()["answers"] if "error" in one]


@pytest.mark.slow
def test_forms_that_are_broken_anywhere_get_a_4xx(address: str) -> None:
    """A good form, damaged in a thousand ways by a fixed seed: cut, bytes changed, parts swapped or said twice."""
    chance = random.Random(0)
    sort = "multipart/form-data; boundary=0a1b2c3d4e5f"
    form = {"photo": png(), "car": (None, '{"age": 3}')}
    whole = httpx.Request("POST", address, files=form, headers={"content-type": sort}).read()
    seen = set()
    with httpx.Client() as http:
        for number in range(1000):
            body = bytearray(whole)
            for _ in range(chance.randint(1, 8)):
                start, end = sorted(chance.choices(range(len(body) + 1), k=2))
                match number % 4:
                    case 0:
                        del body[start:end]
                    case 1:
                        body[start : start + 3] = chance.randbytes(3)
                    case 2:
                        body[start:start] = body[start:end][:200]
                    case 3:
                        body[start:end] = body[start:end][::-1]
            header = sort if number % 5 else sort[: chance.randint(0, len(sort))].strip()
            answer = http.post(f"{address}/predict", content=bytes(body), headers={"content-type": header})
            assert answer.status_code < 500, (number, answer.text, bytes(body))
            assert answer.status_code == 200 or "error" in answer.json()
            seen.add(answer.status_code)
    assert {400, 415} <= seen


@pytest.mark.parametrize("line", [b"POST /predict HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"\x00\x01\x02\r\n\r\n"])
def test_what_is_no_http_does_not_end_the_service(address: str, line: bytes) -> None:
    host, port = address.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=5)
    connection.connect()
    connection.sock.sendall(line)
    connection.sock.settimeout(1)
    try:
        connection.sock.recv(1000)
    except TimeoutError:
        pass
    connection.close()
    assert httpx.get(f"{address}/schema").status_code == 200
