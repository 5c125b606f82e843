"""docs/deploy/dask.yaml, as far as it can be checked without a Kubernetes."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from sensorium.engine import Dask
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs/deploy/dask.yaml").read_text()
DOCUMENTS = list(yaml.safe_load_all(TEXT))
PODS = {one["metadata"]["name"]: one["spec"]["template"] for one in DOCUMENTS if "template" in one["spec"]}


@pytest.mark.parametrize("version", ["1.30", "1.37"])
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: f"{one['kind']}-{one['metadata']['name']}")
def test_kubernetes_knows_every_field(document: dict[str, Any], version: str) -> None:
    assert kubernetes_validate.validate(document, version, strict=True) == version


def test_all_run_one_image_and_workers_see_what_the_command_sees() -> None:
    containers = {name: pod["spec"]["containers"][0] for name, pod in PODS.items()}
    assert len({one["image"] for one in containers.values()}) == 1
    assert containers["dask-worker"]["volumeMounts"] == containers["sensorium"]["volumeMounts"]
    assert PODS["dask-worker"]["spec"]["volumes"] == PODS["sensorium"]["spec"]["volumes"]
    assert all(pod["metadata"]["labels"]["sensorium-dask"] == "true" for pod in PODS.values())


def test_the_address_that_it_names_is_one_of_its_services() -> None:
    (words,) = [line for line in TEXT.splitlines() if "engine: {" in line]
    engine = yaml.safe_load(words.partition("`")[2].partition("`")[0])["engine"]
    assert Dask.model_validate(engine).address == "tcp://dask-scheduler.ml:8786"
    worker = PODS["dask-worker"]["spec"]["containers"][0]
    assert engine["address"] in worker["command"]
    (service,) = [one for one in DOCUMENTS if one["kind"] == "Service"]
    assert f"{service['metadata']['name']}.{service['metadata']['namespace']}" == "dask-scheduler.ml"
    assert service["spec"]["selector"].items() <= PODS["dask-scheduler"]["metadata"]["labels"].items()


@pytest.mark.parametrize("name", ["dask-scheduler", "dask-worker"])
def test_dask_knows_every_option(name: str) -> None:
    container = PODS[name]["spec"]["containers"][0]
    _, what, *options = [*container["command"], *container.get("args", [])]
    command = [str(Path(sys.executable).with_name("dask")), what, "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert [one for one in options if one.startswith("--") and one not in known] == []
