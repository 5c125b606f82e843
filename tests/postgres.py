"""A PostgreSQL server of the tests' own, by Debian's programs."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import free_port

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
NOBODY = 65534  # PostgreSQL refuses to run as root


@contextmanager
def postgres() -> Iterator[str]:
    """Runs a server; yields the address of a database in it."""
    port, user = free_port(), NOBODY if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if user is not None:
        os.chown(folder, user, user)

    def run(program: str, *arguments: str) -> None:
        command = [str(PROGRAMS[-1] / program), *arguments]
        with (folder / "output").open("w+b") as output:  # the server that pg_ctl starts would hold a pipe open
            done = subprocess.run(command, user=user, cwd=folder, env={"LC_ALL": "C"}, stdout=output, stderr=output)
            output.seek(0)
            assert done.returncode == 0, f"{program} as user {user}: {output.read().decode()}"

    data = str(folder / "data")
    try:
        run("initdb", "--pgdata", data, "--username", "tests", "--auth", "trust", "--encoding", "UTF8")
        run("pg_ctl", "--pgdata", data, "--log", str(folder / "log"), "--options", f"-p {port} -k {folder}", "start")
        run("createdb", "--host", "127.0.0.1", "--port", str(port), "--username", "tests", "tests")
        yield f"postgresql://tests@127.0.0.1:{port}/tests"
        run("pg_ctl", "--pgdata", data, "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
