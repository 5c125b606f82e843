"""One file under one name: inputs of different kinds are all fed by it, as far as each can read it."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient

from sensorium.modalities import Audio, Modality, Signal, Video
from tests import model
from tests.clips import encoded
from tests.conftest import wav
from tests.serving.conftest import serving

CLIP = encoded(sound="aac")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    kinds: dict[str, Modality] = {
        "motion": Video(column="clip", encoder="motion"),
        "sound": Audio(column="clip", seconds=2),
        "wave": Signal(column="clip", rate=100, seconds=1),
    }
    raws = {"motion": CLIP, "sound": CLIP, "wave": wav()}
    values = {name: kind.accept(raws[name]) for name, kind in kinds.items()}
    readers = model.read(kinds, values)
    torch.manual_seed(0)
    network = model.small_network(readers, {"label": ["no", "yes"]})
    folder = tmp_path_factory.mktemp("one_clip")
    model.write(readers, values, network, folder / "model")
    with serving(folder / "model", folder / "log") as one:
        yield one


def explained(client: TestClient, raw: bytes) -> dict[str, Any]:
    answer = client.post("/explain", files={"clip": ("clip", raw)})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_file_feeds_every_input_that_can_read_it(client: TestClient) -> None:
    filmed, heard, seen = explained(client, CLIP), explained(client, wav()), explained(client, encoded())
    assert (filmed["inputs"], list(filmed["unread"])) == (["motion", "sound"], ["wave"])
    assert (heard["inputs"], heard["unread"]) == (["sound", "wave"], {"motion": "the file holds no moving pictures"})
    assert (seen["inputs"], list(seen["unread"])) == (["motion"], ["sound", "wave"])
    for answer in (filmed, heard, seen):  # each was used, not only read
        found = answer["targets"]["label"]["attribution"]
        assert {name for name, worth in found.items() if abs(worth["yes"]) > 1e-4} == {*answer["inputs"]}


def test_what_none_of_them_can_read_is_refused_with_the_reason_of_each(client: TestClient) -> None:
    refused = client.post("/predict", files={"clip": ("clip", b"\0" * 100)})
    assert refused.status_code == 400
    assert all(word in refused.json()["error"] for word in ("no container", "not a sound", "CSV"))
