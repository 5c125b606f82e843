"""Promotion and rollback as a running service sees them."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from sensorium.commands import promote, rollback
from sensorium.registry.versions import find
from sensorium.runtime import artefact
from tests.registry.conftest import Repository
from tests.serving.conftest import table_model
from tests.serving.test_feedback import lines
from tests.serving.test_service import bentoml_serve

FACTS = {"facts": {"a": 1}, "more": {"c": 2}}


@pytest.mark.slow
def test_a_running_service_follows_promotions_and_a_rollback_and_drops_no_request(
    repository: Repository, tmp_path: Path
) -> None:
    models = [table_model(tmp_path / f"model-{seed}", seed) for seed in (1, 2)]
    first, second = (artefact.read(folder)["version"] for folder in models)
    repository.make(str(models[0]), 0.6)
    repository.commit()
    statuses: list[int] = []
    versions: list[str] = []
    stop = threading.Event()

    def ask(address: str) -> None:
        with httpx.Client(timeout=30) as http:
            while not stop.is_set():
                answer = http.post(f"{address}/predict", json=FACTS)
                statuses.append(answer.status_code)
                versions.append(answer.json().get("model_version"))

    def wait_for(version: str) -> None:
        end = time.monotonic() + 60
        while versions[-1:] != [version]:
            assert time.monotonic() < end, "the service did not switch"
            time.sleep(0.05)

    service = ["sensorium.serving.service:Sensorium"]
    with (
        bentoml_serve(None, tmp_path, *service, folder=repository.root) as (_, address),
        ThreadPoolExecutor(2) as threads,
    ):
        asking = [threads.submit(ask, address) for _ in range(2)]
        try:
            wait_for(first)  # packaged, and nothing promoted yet
            promote.run()
            repository.make(str(models[1]), 0.7)
            repository.commit()
            time.sleep(2)
            assert versions[-1] == first  # what is packaged is not served any more: v1.0.0 is the champion
            promote.run(challenger=True)
            written = tmp_path / "log/predictions.jsonl"
            end = time.monotonic() + 60
            while not any(line["role"] == "challenger" for line in lines(written)):
                assert time.monotonic() < end
            assert versions[-1] == first
            promote.run("v1.1.0")
            wait_for(second)
            rollback.run()
            wait_for(first)
            told = httpx.get(f"{address}/metrics").text
            lineage = httpx.get(f"{address}/schema").json()["lineage"]
        finally:
            stop.set()
            for one in asking:
                one.result()
    assert set(statuses) == {200}
    in_service = re.findall(r'^sensorium_model\{model_version="(\w+)",role="(\w+)"\} 1.0$', told, re.MULTILINE)
    assert in_service == [(first, "champion")]
    assert lineage["version"] == "v1.0.0"
    assert lineage["commit"] == find("v1.0.0").commit
    changes = [one for one, before in zip(versions[1:], versions, strict=False) if one != before]
    assert set(changes) == {first, second}
    shadowed = [line for line in lines(written) if line["role"] == "challenger"]
    assert {line["model_version"] for line in shadowed} == {second}
