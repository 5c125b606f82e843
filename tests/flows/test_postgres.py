"""The server on PostgreSQL, as docs/orchestration.md sets it up."""

from pathlib import Path

import pytest

from tests.conftest import free_port
from tests.flows.conftest import Server, Toy
from tests.postgres import PROGRAMS, postgres

pytestmark = pytest.mark.slow


@pytest.mark.skipif(not PROGRAMS, reason="Debian's postgresql is not installed; .ci/run installs it")
def test_a_run_is_kept_by_a_server_on_postgresql(toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgres() as address:
        monkeypatch.setenv("PREFECT_SERVER_DATABASE_CONNECTION_URL", address.replace(":", "+asyncpg:", 1))
        server = Server(free_port(), tmp_path / "prefect")
        server.start()
        try:
            status, run, tasks = Toy(toy.root, server).train()
            assert (status, run["state_name"]) == (0, "Completed")
            assert tasks["c"]["state_name"] == "Completed"
            assert not list((tmp_path / "prefect").glob("*.db"))
        finally:
            server.stop()
