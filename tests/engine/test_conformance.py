"""What every engine gives: the same, whoever is killed meanwhile."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sensorium import paths
from sensorium.dataset import embedding, reading
from sensorium.engine import HERE, Dask, Engine, Local
from sensorium.errors import BadInput, Cause, UserError
from sensorium.stages import embed, ingest, prepare, validate
from sensorium.stats.energy import Energy
from sensorium.stats.permutation import Chances, Comparison, weigh
from sensorium.stats.statistics import of_classes, of_numbers
from tests.conftest import Project, png
from tests.engine import pieces
from tests.engine.away import away_from
from tests.engine.cluster import Cluster, cluster, kill
from tests.s3 import s3

ROWS = 600  # some pieces

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def workers(module_path: Path) -> Iterator[Cluster]:
    """Two, each with a cache of its own, and an S3 that they may use."""
    with s3("pieces") as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        with cluster(module_path, 2) as made:
            yield made


@pytest.fixture(params=["local", "dask", "dask-and-store"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, project: Project) -> Engine:
    """Each kind with two workers, in a project with a cache of its own."""
    monkeypatch.setenv("SENSORIUM_CACHE", str(cache_in(project.root)))
    monkeypatch.setattr("sensorium.engine.local.START", 0)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1})
    made: dict[str, Callable[[], Engine]] = {
        "local": Local,
        "dask": lambda: Dask(address=request.getfixturevalue("workers").address),
        "dask-and-store": lambda: Dask(address=request.getfixturevalue("workers").address, share="s3://pieces/mine"),
    }
    return made[request.param]()


class TestEngine:
    def test_results_come_in_the_order_of_the_pieces(self, engine: Engine) -> None:
        assert list(engine.map(pieces.total, [[0, 1], [2, 3], [4, 5], [6, 7], [8]])) == [1, 5, 9, 13, 8]
        assert list(engine.map(pieces.slow_first, range(12))) == list(range(12))

    def test_nothing_to_do(self, engine: Engine, capsys: pytest.CaptureFixture) -> None:
        assert list(engine.map(pieces.total, [])) == list(engine.map_with_progress(pieces.total, [], "adding")) == []
        assert capsys.readouterr().out == ""

    def test_progress_is_shown_by_the_sizes_of_the_pieces(self, engine: Engine, capsys: pytest.CaptureFixture) -> None:
        assert list(engine.map_with_progress(pieces.total, [[1, 2], [3]], "adding", [2, 1])) == [3, 3]
        assert "adding" in (shown := capsys.readouterr().out)
        assert "3/3" in shown

    def test_of_pieces_that_are_made_when_asked_for_few_are_made_at_a_time(self, engine: Engine) -> None:
        asked = []

        class Made(list[list[int]]):
            def __getitem__(self, number: int) -> list[int]:  # type: ignore[override]
                asked.append(number)
                return super().__getitem__(number)

        found = engine.map(pieces.total, Made([[number] for number in range(40)]))
        assert next(found) == 0
        assert asked == list(range(8))
        assert list(found) == list(range(1, 40))

    def test_errors_come_here_as_they_are(self, engine: Engine) -> None:
        with pytest.raises(UserError, match=r"^no negative numbers$"):
            list(engine.map(pieces.fail, ["", "user", ""]))
        with pytest.raises(BadInput, match=r"^no picture$") as bad:
            list(engine.map(pieces.fail, ["", "input"]))
        assert bad.value.cause == Cause("the file", "is no picture", "a.png")
        with pytest.raises(ZeroDivisionError, match=r"^by nothing$"):
            list(engine.map(pieces.fail, ["accident", ""]))

    def test_workers_read_files_and_leave_others_where_pieces_say(self, engine: Engine, project: Project) -> None:
        (project.root / "here.txt").write_text("here")
        (project.root / "made").mkdir()
        assert list(engine.map(pieces.copy, [(Path("here.txt"), project.root / "made", one) for one in range(9)]))
        found = {path.name: path.read_text() for path in (project.root / "made/copies").iterdir()}
        assert found == {f"{one}.txt": f"{one}: here" for one in range(9)}

    @pytest.mark.parametrize("engine", ["local", "dask"], indirect=True)
    def test_workers_stand_in_the_folder_of_the_project(self, engine: Engine, project: Project) -> None:
        (project.root / "here.txt").touch()
        found = list(engine.map(pieces.where, range(20)))
        assert {one[1:] for one in found} == {(project.root, project.root / "cache", True)}
        assert os.getpid() not in {process for process, *_ in found}
        assert len({process for process, *_ in found}) == 2
        assert list(project.root.glob(".*")) == list((project.root / "cache").glob(".*")) == []

    def test_of_a_worker_that_is_killed_nothing_is_lost(self, engine: Engine, project: Project) -> None:
        killed = project.root / "killed"
        assert list(engine.map(pieces.kill_once, [(str(killed), number) for number in range(20)])) == list(range(20))
        assert killed.exists()

    def test_whoever_is_killed_again_and_again_ends_the_command(self, engine: Engine) -> None:
        found = engine.map(pieces.kill_always, range(20))
        with pytest.raises(UserError, match="was killed again and again at work on the same pieces; most likely"):
            list(found)
        assert list(engine.map(pieces.slow_first, range(3))) == [0, 1, 2]

    def test_what_is_written_is_the_same_to_the_byte_though_workers_are_killed(
        self, engine: Engine, project: Project, right: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module, name in ((reading, "_read_piece"), (embedding, "_embed_piece")):
            monkeypatch.setattr(
                module, name, pieces.DoneAndKilled(f"{module.__name__}:{name}", str(project.root / f"{name}.killed"))
            )
        found = written(project, engine)
        assert len(list(project.root.glob("*.killed"))) == 2
        assert found.keys() == right.keys()
        assert [name for name in right if found[name] != right[name]] == []

    def test_what_chance_would_find_is_the_same(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sensorium.stats.permutation.FEWEST", 1200)  # three pieces
        assert chances(engine) == chances(HERE)


@pytest.fixture(scope="module")
def right(module_path: Path) -> dict[str, bytes]:
    """What the stages write where this process does all the work."""
    root = module_path / "right"
    root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("SENSORIUM_CACHE", str(cache_in(root)))
        patch.setattr("sensorium.engine.local.START", 1e9)
        return written(Project(root), Local())


def test_workers_with_a_store_need_nothing_of_the_disk_of_the_command(
    project: Project, right: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(cache_in(project.root)))
    monkeypatch.setattr(Dask, "_results", away_from(project.root, tmp_path_factory.mktemp("worker")))
    assert written(project, Dask(address="tcp://127.0.0.1:1", share="s3://pieces/mine")) == right


def cache_in(root: Path) -> Path:
    """A cache without features, but with the encoders that were written as ONNX before."""
    known = paths.cache() / "encoders"
    known.mkdir(parents=True, exist_ok=True)
    (root / "cache").mkdir()
    (root / "cache/encoders").symlink_to(known)
    return root / "cache"


def written(project: Project, engine: Engine) -> dict[str, bytes]:
    """What validate, prepare and embed write of a small table."""
    project.params["inputs"] = {
        "note": {"kind": "text"},
        "photo": {"kind": "image"},
        "facts": {"kind": "tabular", "numbers": ["a", "b"], "categories": ["c"]},
    }
    project.params["engine"] = engine.model_dump()
    pictures = {f"{place}.png": png((place, 0, 0)) for place in range(4)} | {"broken.png": b"no picture"}
    project.write([row(number) for number in range(ROWS)], pictures)
    for stage in (ingest, validate, prepare):
        stage.run()
    embed.run("facts")
    files = {
        str(path): path.read_bytes()
        for place in ("valid", "prepared", "embeddings")
        for path in sorted(Path("data", place).rglob("*"))
        if path.is_file()
    }
    assert len([name for name in files if name.startswith("data/prepared/note/part-")]) > 2
    return files


def row(number: int) -> dict[str, Any]:
    photo = "broken.png" if number % 50 == 0 else f"{number % 4}.png"
    facts = {"a": number, "b": number**0.5, "c": "xyz"[number % 3]}
    return {"note": f"note {number // 2}", "photo": photo, "label": "xy"[number % 2]} | facts


def chances(engine: Engine) -> Chances:
    random, every = np.random.default_rng(0), np.arange(200)
    tests = {
        "energy": Comparison(every, Energy(random.normal(size=(200, 4)))),
        "numbers": Comparison(every[:150], of_numbers(random.normal(size=150))),
        "names": Comparison(every, of_classes(random.integers(0, 4, 200).astype(str))),
    }
    return weigh(tests, every >= 80, 0.05, engine.map)


def test_workers_of_a_cluster_come_and_go(workers: Cluster, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    go = project.root / "go"
    found = Dask(address=workers.address).map(pieces.wait_for, [str(go)] * 40)
    told: list[int] = []
    asking = threading.Thread(target=lambda: told.extend(found))
    asking.start()
    lost = workers.add_worker()
    added = workers.add_worker()
    time.sleep(4)
    kill(lost)
    go.touch()
    asking.join(60)
    assert len(told) == 40
    kill(added)
