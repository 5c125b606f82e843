"""The example files in docs/deploy, as far as they can be checked without their platforms."""

import shutil
from pathlib import Path

import pytest
import yaml

from flows.monitor import CHAMPION
from tests.conftest import REPOSITORY
from tests.flows.conftest import Toy
from tests.pins import pinned

EXAMPLES = REPOSITORY / "docs" / "deploy"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "deployment", "pool"),
    [
        ("schedule", "train/nightly", "local"),
        ("docker", "train/docker", "containers"),
        ("kubernetes", "train/kubernetes", "cluster"),
    ],
)
def test_an_example_deploys(toy: Toy, name: str, deployment: str, pool: str) -> None:
    shutil.copy(EXAMPLES / f"{name}.yaml", toy.root / "prefect.yaml")
    toy.command("prefect", "work-pool", "create", "--type", "process", pool)
    done = toy.command("prefect", "--no-prompt", "deploy", "--all")
    assert done.returncode == 0, done.stdout
    shown = toy.command("prefect", "deployment", "inspect", deployment, "--output", "json").stdout
    found = yaml.safe_load(shown[shown.index("{") :])
    assert str(toy.root) not in shown
    assert found["entrypoint"] == "flows/train.py:train"
    if name == "schedule":
        assert {entry["schedule"]["cron"] for entry in found["schedules"]} == {"0 2 * * 1-6", "0 2 * * 0"}


def test_what_the_repository_deploys_names_no_folder_and_is_triggered_by_what_monitor_emits() -> None:
    content = (REPOSITORY / "prefect.yaml").read_text()
    deployed = {entry["entrypoint"]: entry for entry in yaml.safe_load(content)["deployments"]}
    assert deployed.keys() == {f"flows/{name}.py:{name}" for name in ("train", "monitor", "retrain")}
    assert str(REPOSITORY) not in content
    assert [entry["active"] for entry in deployed["flows/monitor.py:monitor"]["schedules"]] == [True]
    (trigger,) = deployed["flows/retrain.py:retrain"]["triggers"]
    assert trigger["match"] == CHAMPION
    assert trigger["expect"] == ["sensorium.drift", "sensorium.feedback"]


def test_the_compose_file_names_what_is_here() -> None:
    services = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())["services"]
    assert services.keys() == {"database", "server", "worker", "service", "reports"}
    version = str(pinned(REPOSITORY / "constraints.txt")["prefect"].specifier).removeprefix("==")
    assert services["server"]["image"].startswith(f"prefecthq/prefect:{version}-")
    for service in services.values():
        for needed in service.get("depends_on", ()):
            assert "healthcheck" in services[needed]
    assert all(Path(EXAMPLES / path).exists() for path in ("schedule.yaml", "docker.yaml", "kubernetes.yaml"))
