"""What people labelled is DVC's: whatever git and DVC do with a repository, not one label is lost."""

import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sensorium.commands import collect, conclude
from sensorium.errors import UserError
from tests.commands.test_retrain import settle, tell
from tests.conftest import REPOSITORY
from tests.registry.conftest import Repository, repository

__all__ = ["repository"]
BEFORE = "/data/*\n!/data/feedback/\n/models/*\n!/models/champion.json\n/metrics/\n/predictions/\n/reports/\n"
FILES = ["media/ab/abp1", "media/ab/abp2", "quarantine.parquet", "rows.parquet"]


def labels(root: Path = Path()) -> dict[str, str]:
    """What was told, by the kept text it was told of: from the files that a retrain reads."""
    folder = root / "data/feedback"
    rows = pd.read_parquet(folder / "rows.parquet")
    texts = [(folder / "media" / name).read_text() for name in rows["input.text"]]
    return dict(zip(texts, rows["target.colour"], strict=True))


TOLD = {"a text of p1": "green", "a text of p2": "blue"}


def learnt(made: Repository) -> None:
    """A retrain that came to its end, and a remote."""
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    made.sh("dvc", "repro", "--quiet")
    conclude.run(declined="no")
    made.sh("dvc", "remote", "add", "--quiet", "--default", "there", str(made.root.parent / "remote"))
    made.commit()
    assert labels() == TOLD


def cloned(made: Repository) -> Repository:
    """Another machine, on which `dvc pull` was typed."""
    other = Repository(made.root.parent / "other")
    made.sh("git", "clone", "--quiet", str(made.root), str(other.root))
    other.sh("dvc", "pull", "--quiet")
    return other


def test_labels_travel_and_survive_experiments_garbage_collection_and_deletion(repository: Repository) -> None:
    settle(repository)
    learnt(repository)
    repository.sh("dvc", "push", "--quiet")
    other = cloned(repository)
    assert labels(other.root) == TOLD
    assert other.sh("dvc", "status") == "Data and pipelines are up to date.\n"
    assert other.sh("git", "status", "--porcelain") == ""

    for how in (["--temp"], []):
        repository.sh("dvc", "exp", "run", "--quiet", *how, "--set-param", f"data.path=other{len(how)}.csv")
        assert labels() == TOLD
    applied = yaml.safe_load(Path("params.yaml").read_text())
    assert applied["data"]["path"] == "other0.csv"  # the second changes this folder, and leaves the labels in it
    assert repository.sh("git", "status", "--porcelain").split() == ["M", "dvc.lock", "M", "params.yaml"]

    repository.sh("git", "checkout", "--quiet", ".")
    repository.sh("dvc", "checkout", "--quiet")
    repository.sh("dvc", "gc", "--workspace", "--all-tags", "--force", "--quiet")
    shutil.rmtree("data/feedback/media")
    Path("data/feedback/rows.parquet").unlink()
    repository.sh("dvc", "checkout", "--quiet")
    assert labels() == TOLD


def test_a_repository_with_the_ignored_folders_of_before_loses_nothing_when_it_takes_the_new_ones(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(repository)
    Path(".gitignore").write_text(BEFORE)
    repository.commit()
    tell({"p1": "green", "p2": "blue"})
    with pytest.raises(UserError) as refused:
        collect.run("drift")
    assert str(refused.value) == (
        ".gitignore ignores data/ but for exceptions, so DVC does not see data/feedback there and would lose its "
        "labels; name each ignored folder instead, as Sensorium's own .gitignore does (/data/raw, /data/valid, ...)."
    )
    assert not Path("data/feedback/rows.parquet").exists()

    with monkeypatch.context() as unguarded:  # as it was
        unguarded.setattr(collect, "_require_visible", lambda: None)
        learnt(repository)
    repository.sh("dvc", "exp", "run", "--quiet", "--set-param", "data.path=other.csv")
    assert not Path("data/feedback/rows.parquet").exists()  # which is what it did
    repository.sh("git", "checkout", "--quiet", ".")
    shutil.copyfile(REPOSITORY / ".gitignore", ".gitignore")  # the upgrade
    repository.sh("dvc", "checkout", "--quiet")
    assert labels() == TOLD
    assert repository.sh("git", "status", "--porcelain").split() == ["M", ".gitignore"]
    assert repository.sh("dvc", "status") == "Data and pipelines are up to date.\n"
    repository.commit()
    repository.sh("dvc", "push", "--quiet")
    assert labels(cloned(repository).root) == TOLD


def test_git_ignores_all_that_the_pipeline_writes_and_dvc_sees_all_that_it_is_to_keep(repository: Repository) -> None:
    graph = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())
    stages = [stage.get("do", stage) for stage in graph["stages"].values()]
    outs = [
        (out if isinstance(out, str) else next(iter(out))).replace("${key}", "text")
        for stage in stages
        for out in [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    ]
    beside = ["data/served/predictions.jsonl", "data/monitoring/retrain.json", "models/challenger.json"]
    killed = [
        "data/.raw.4711.new", "models/.packaged.4711.new/serve.json", "data/feedback/.rows.parquet.4711.new",
        ".out.parquet.parts/rows/0.parquet",
    ]  # fmt: skip
    assert len(outs) > 25
    written = [*outs, *beside, *killed]
    ignored = subprocess.run(["git", "check-ignore", *written], capture_output=True, text=True, check=False).stdout
    assert set(written) - set(ignored.splitlines()) == set()
    recipe = subprocess.run(["make", "--dry-run", "clean"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    removed = {Path(word) for word in recipe.stdout.split()}
    assert [out for out in outs if removed.isdisjoint({Path(out), *Path(out).parents})] == []

    own = ("data/mine/table.csv", "models/encoder/weights", "data/feedback/notes.txt", "photos/1.png")
    for name in own:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(name)
    repository.sh("dvc", "add", "--quiet", *own)
    tracked = json.loads(repository.sh("dvc", "ls", ".", "--recursive", "--dvc-only", "--json"))
    assert {one["path"] for one in tracked} >= set(own)
