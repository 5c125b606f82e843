"""Data and models go to a DVC remote and come back in another clone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.conftest import Toy
from tests.s3 import KEYS, s3

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket() -> Iterator[str]:
    """The address of a server that speaks S3, with a bucket ``models`` in it."""
    with s3("models") as address:
        yield address


def there_and_back(toy: Toy, tmp_path: Path, *remote: list[str]) -> None:
    for command in remote:
        assert toy.command("dvc", *command).returncode == 0
    status, run, tasks = toy.train()
    assert (status, tasks["push"]["state_name"]) == (0, "Completed"), run["state"]["message"]
    assert "file" in tasks["push"]["state"]["message"] and "pushed" in tasks["push"]["state"]["message"]
    for command in (
        ["git", "add", "--all"],
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "-m", "run"],
        ["git", "clone", "--quiet", str(toy.root), str(tmp_path / "second")],
    ):
        done = toy.command(*command)
        assert done.returncode == 0, done.stdout
    second = Toy(tmp_path / "second", toy.server)
    pulled = second.command("dvc", "pull")
    assert pulled.returncode == 0, pulled.stdout
    assert "Data and pipelines are up to date." in second.command("dvc", "repro").stdout
    assert (second.root / "b.x.out").read_bytes() == (toy.root / "b.x.out").read_bytes()


def test_a_folder(toy: Toy, tmp_path: Path) -> None:
    there_and_back(toy, tmp_path, ["remote", "add", "--default", "store", str(tmp_path / "store")])


def test_s3_with_keys_from_the_environment(toy: Toy, tmp_path: Path, bucket: str) -> None:
    there_and_back(
        toy,
        tmp_path,
        ["remote", "add", "--default", "store", "s3://models/sensorium"],
        ["remote", "modify", "store", "endpointurl", bucket],
    )
    assert not any(value in (toy.root / ".dvc/config").read_text() for value in KEYS.values() if value == "testing")


def test_a_remote_that_is_not_there_fails_the_run_after_its_stages(toy: Toy, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    toy.command("dvc", "remote", "add", "--default", "store", str(tmp_path / "file" / "below"))
    status, run, tasks = toy.train()
    assert status == 1
    assert tasks["c"]["state_name"] == "Completed"
    assert run["state"]["message"].startswith("push: ")
