"""What a person reads where a Dask cluster cannot do the work."""

import pytest

from sensorium.engine import Dask
from sensorium.engine.shared_disk import SharedDisk
from sensorium.engine.worker import work
from sensorium.errors import UserError
from tests.conftest import Project, free_port
from tests.engine import pieces
from tests.engine.cluster import cluster, kill


def test_no_scheduler(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    monkeypatch.setattr("sensorium.engine.dask.PATIENCE", 0.5)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(UserError, match=rf"^engine.address: no Dask scheduler answers at {address} \(.+\); start one"):
        list(Dask(address=address).map(pieces.total, [[1]]))


def test_no_certificates() -> None:
    with pytest.raises(UserError, match=r"^engine.address: tls://127.0.0.1:1 needs certificates; DASK_DISTRIBUTED__"):
        list(Dask(address="tls://127.0.0.1:1").map(pieces.total, [[1]]))


@pytest.mark.slow
def test_no_worker_and_then_no_scheduler(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    (project.root / "begun").touch()
    with cluster(project.root, 0) as made:
        engine = Dask(address=made.address)
        found = engine.map(pieces.wait_for, [str(project.root / "begun"), str(project.root / "never")])
        monkeypatch.setattr("sensorium.engine.dask.PATIENCE", 5)
        with pytest.raises(UserError, match=f"^No worker is at the Dask scheduler {made.address}; start some with `"):
            list(engine.map(pieces.total, [[1]]))
        monkeypatch.setattr("sensorium.engine.dask.PATIENCE", 300)
        made.add_worker()
        next(found)
        kill(made.started[0])
        monkeypatch.setattr("sensorium.engine.dask.PATIENCE", 1)
        with pytest.raises(UserError, match=f"^The Dask scheduler at {made.address} was lost in the middle of the "):
            next(found)


def test_a_worker_that_does_not_see_the_folders_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = project.root / "cache"
    monkeypatch.setenv("SENSORIUM_CACHE", str(cache))
    monkeypatch.setattr("sensorium.engine.worker.settle", lambda: None)  # this is no worker, and goes on
    with SharedDisk.here() as here:
        one, other = sorted(path for folder in (project.root, cache) for path in folder.glob(".sensorium.*"))
    packed = here.pack(pieces.total, [1, 2])
    with pytest.raises(UserError, match=rf"^The worker on \S+ does not see {project.root} as it is here; every worker"):
        work(here, packed)  # another folder of the same path has no such mark
    one.mkdir()
    with pytest.raises(UserError, match=rf"^The worker on \S+ does not see {cache} as it is here; every worker"):
        work(here, packed)
    other.mkdir()
    assert work(here, packed) == 3
    here.code = "of another version"
    with pytest.raises(UserError, match=r"^The worker on \S+ runs other code of Sensorium than this command; install"):
        work(here, packed)
