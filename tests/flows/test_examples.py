"""The example files in docs/deploy, as far as they can be checked without their platforms."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.flows.conftest import Toy

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


def test_the_compose_file_names_what_is_here() -> None:
    services = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())["services"]
    assert services.keys() == {"database", "server", "worker", "service", "reports"}
    pinned = next(line for line in (REPOSITORY / "constraints.txt").read_text().splitlines() if "prefect==" in line)
    assert pinned.split("==")[1] in services["server"]["image"]
    for service in services.values():
        for needed in service.get("depends_on", ()):
            assert "healthcheck" in services[needed]
    assert all(Path(EXAMPLES / path).exists() for path in ("schedule.yaml", "docker.yaml", "kubernetes.yaml"))
