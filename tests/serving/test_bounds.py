"""What one request may take is bounded, and while it takes that, the others go on."""

import asyncio
import base64
import json
import threading

import pytest
from starlette.testclient import TestClient

from sensorium.serving.decoding import Decoding
from tests.conftest import png
from tests.decoding.test_picture import HOSTILE

MARKS = "a" + "\u0300" * 10_000 + "\u0316" * 10_000


@pytest.mark.parametrize(("raw", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_picture_that_takes_too_much_is_refused_and_the_next_is_answered(
    client: TestClient, raw: bytes, sentence: str
) -> None:
    photos = [base64.b64encode(one).decode() for one in (raw, png())]
    said = client.post("/predict_batch", json={"samples": [{"photo": photo} for photo in photos]}).json()["answers"]
    assert (said[0]["error"], list(said[1]["targets"])) == (f"photo: {sentence}", ["label", "size"])


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/feedback", {"request_id": "x", "labels": {"label": MARKS}},
         "label: a label of 1 to 200 letters is expected"),
        ("/feedback", {"y" * 50_000: 1}, f"unknown key '{'y' * 40}'; request_id and labels are expected"),
        ("/feedback", {"request_id": "x", "labels": {"y" * 50_000: "a"}},
         f"there is no target '{'y' * 40}'; this model predicts label, size"),
        ("/predict", {"y" * 10**6: 1}, f"there is no input '{'y' * 40}'; this model reads note, photo, sound, car"),
        ("/predict_batch", {"y" * 10**6: 1}, f"unknown key '{'y' * 40}'; samples are expected"),
        ("/predict", {"car": {"colour": MARKS}},
         "car: column 'colour' holds 20,001 characters; at most 1,000 are read"),
    ],
)  # fmt: skip
def test_what_is_long_is_refused_in_a_short_sentence(
    client: TestClient, path: str, body: dict[str, object], sentence: str
) -> None:
    said = client.post(
        path, content=json.dumps(body, ensure_ascii=False).encode(), headers={"content-type": "application/json"}
    )
    assert (said.status_code, said.json()) == (400, {"error": sentence})


def test_a_large_body_is_read_as_a_small_one(client: TestClient) -> None:
    samples = [{"note": "a frog"}] * 64
    large = client.post(
        "/predict_batch",
        content=json.dumps({"samples": samples}, indent=2000),
        headers={"content-type": "application/json"},
    )
    small = client.post("/predict_batch", json={"samples": samples[:1]})
    assert {len(large.request.content) > 2**16, len(small.request.content) > 2**16} == {True, False}
    assert large.json()["answers"][63]["targets"] == small.json()["answers"][0]["targets"]
    broken = client.post("/predict", content=b'{"note": "' + b"a" * 10**5, headers={"content-type": "application/json"})
    assert broken.status_code == 400 and broken.json()["error"].startswith("the body is no JSON: Unterminated string")


def test_one_key_does_not_keep_another_waiting() -> None:
    async def ask() -> str:
        decoding, freed = Decoding("decoding", 2), threading.Event()
        greedy = [asyncio.create_task(decoding.run("greedy", freed.wait)) for _ in range(20)]
        await asyncio.sleep(0)
        answered = await asyncio.wait_for(decoding.run("modest", lambda: "answered"), 10)
        assert not any(task.done() for task in greedy)
        freed.set()
        assert all(await asyncio.gather(*greedy))
        return answered

    assert asyncio.run(ask()) == "answered"
