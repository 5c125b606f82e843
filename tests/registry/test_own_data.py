"""The user's own media: out of git, in DVC, and on another machine after `dvc pull`."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from sensorium import params
from sensorium.commands import summary
from sensorium.modalities import Image
from sensorium.registry.own_data import dvc_add, keep_out_of_git, unversioned
from sensorium.sources import Manifest
from sensorium.sources.source import OwnFiles
from tests.conftest import REPOSITORY, Project, png
from tests.registry.conftest import Repository

PARAMS: dict[str, Any] = {
    "data": {"source": "manifest", "path": "my/table.csv"},
    "inputs": {"note": {"kind": "text"}, "photo": {"kind": "image"}},
    "targets": {"label": {"kind": "class"}},
    "split": {"seed": 0},
}
KEEP = "git add --all && git commit -m run"


def sh(*command: str) -> str:
    return Repository(Path()).sh(*command)


def staged() -> set[str]:
    sh("git", "add", "--all")
    return set(sh("git", "diff", "--cached", "--name-only").splitlines())


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of git and DVC with a table and photographs in it."""
    monkeypatch.chdir(tmp_path)
    for name in (".gitignore", ".dvc/config", ".dvc/.gitignore", ".dvcignore", "data/feedback/README.md"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / name, name)
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    stages["ingest"]["deps"] = ["data/feedback", "data/source/rows.json"]  # the code is not here
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": {name: stages[name] for name in ("source", "ingest")}}))
    Path("params.yaml").write_text(yaml.safe_dump(PARAMS))
    sh("git", "init", "--quiet")
    sh("git", "config", "user.name", "Ada")
    sh("git", "config", "user.email", "ada@example.org")
    sh("git", "add", "--all")
    sh("git", "commit", "--quiet", "--message", "a clone")
    rows = [{"note": f"note {n}", "photo": f"photos/{n % 2}/{n}.png", "label": "x"} for n in range(4)]
    for n, row in enumerate(rows):
        path = Path("my", row["photo"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png((n, n, n)))
    pd.DataFrame(rows).to_csv("my/table.csv", index=False)
    return tmp_path


@pytest.mark.slow
def test_photographs_go_to_dvc_and_not_to_git_and_come_back_in_a_clone(
    clone: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    said = "ingest: my/.gitignore now keeps your data out of git; `dvc add my/photos` makes versions of it"
    assert said in sh("dvc", "repro")
    assert Path("my/.gitignore").read_text() == "/photos\n"
    assert staged() == {"dvc.lock", "my/.gitignore", "my/table.csv"}
    settings = params.load()
    assert summary.keep_command(settings) == f".venv/bin/dvc add my/photos && {KEEP}"

    sh("dvc", "add", "my/photos")
    assert Path("my/.gitignore").read_text() == "/photos\n"  # which DVC finds as it would have written it
    assert summary.keep_command(settings) == KEEP
    assert staged() == {"dvc.lock", "my/.gitignore", "my/table.csv", "my/photos.dvc"}
    sh("dvc", "remote", "add", "--quiet", "--default", "there", str(tmp_path_factory.mktemp("remote")))
    staged()
    sh("git", "commit", "--quiet", "--message", "run")
    sh("dvc", "push", "--quiet")

    other = Repository(tmp_path_factory.mktemp("other") / "clone")
    sh("git", "clone", "--quiet", str(clone), str(other.root))
    other.sh("dvc", "pull", "--quiet")
    for n in range(4):
        assert (other.root / f"my/photos/{n % 2}/{n}.png").read_bytes() == png((n, n, n))
    assert "Stage 'ingest' didn't change, skipping" in other.sh("dvc", "repro")
    assert "keeps your data out of git" not in other.sh("dvc", "repro", "--force")

    sh(
        "dvc", "exp", "run", "--quiet", "--temp", "--set-param", "split.seed=5"
    )  # in a folder with what git and DVC have
    assert "5" in sh("dvc", "exp", "show", "--csv", "--drop", ".*", "--keep", "split.seed")
    assert sh("git", "status", "--porcelain") == ""


@pytest.fixture
def own(project: Project) -> Project:
    sh("git", "init", "--quiet")
    sh("git", "config", "user.name", "Ada")
    sh("git", "config", "user.email", "ada@example.org")
    return project


def files_of(table: str, *media: str) -> OwnFiles:
    """Those of a table whose rows name these media, which are made."""
    folder = Path(table).parent
    for name in media:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(png())
    found = Manifest(path=table).own_files({"photo": Image()}, pd.DataFrame({"photo": [*media, "absent.png", None]}))
    assert found
    return found


def kept_out(table: str, *media: str) -> list[str]:
    return [str(path) for path in keep_out_of_git(files_of(table, *media))]


def commit(*names: str) -> None:
    sh("git", "add", "--force", *names)
    sh("git", "commit", "--quiet", "--message", "mine")


@pytest.mark.parametrize(
    ("media", "tracked", "lines"),
    [
        (["p/1.png", "p/q/2.png"], [], ["/p"]),
        (["p/1.png"], ["p/read.me"], ["/p/1.png"]),  # a folder that git has something of
        (["p/q/1.png", "p/r/2.png"], ["p/read.me"], ["/p/q", "/p/r"]),
        (["2.png", "1.png"], [], ["/1.png", "/2.png"]),
        (["a [1]?/1.png", "end .png "], [], ["/a \\[1\\]\\?", "/end .png\\ "]),
        (["p/1.png", "r/2.png"], ["p/1.png"], []),  # they are git's by choice
    ],
)
def test_the_largest_folders_with_nothing_of_gits_are_named(
    own: Project, media: list[str], tracked: list[str], lines: list[str]
) -> None:
    own.write([{"photo": name} for name in media], {"p/read.me": b"mine"})
    files = files_of("mine/table.csv", *media)
    if tracked:
        commit(*(f"mine/{name}" for name in tracked))
    keep_out_of_git(files)
    ignored = own.root / "mine/.gitignore"
    assert (ignored.read_text().splitlines() if ignored.exists() else []) == lines
    left = {name for name in staged() if name.endswith((".png", ".png "))}
    assert left == ({"mine/r/2.png"} if tracked == ["p/1.png"] else set())
    before = ignored.read_bytes() if lines else None
    assert keep_out_of_git(files) == []
    assert before == (ignored.read_bytes() if lines else None)


def test_what_is_ignored_already_or_outside_or_without_git_is_left_alone(own: Project, tmp_path: Path) -> None:
    own.write([{"photo": "p/1.png"}])
    (own.root / ".gitignore").write_text("/mine/\n")
    assert kept_out("mine/table.csv", "p/1.png") == []
    assert unversioned(files_of("mine/table.csv", "p/1.png")) == []
    (own.root / ".gitignore").unlink()
    shutil.rmtree(own.root / ".git")
    assert kept_out("mine/table.csv", "p/1.png") == []
    inner = own.root / "inner"
    inner.mkdir()
    os.chdir(inner)
    sh("git", "init", "--quiet")
    assert kept_out("../mine/table.csv", "p/1.png") == []
    assert not list(tmp_path.rglob("mine/.gitignore"))


def test_a_large_table_and_one_that_is_no_text_are_not_for_git(own: Project) -> None:
    own.write([{"note": "short"}])
    assert kept_out("mine/table.csv") == []
    own.write([{"note": "long" * 300_000}])
    assert kept_out("mine/table.csv") == ["mine/table.csv"]
    pd.DataFrame({"note": ["short"]}).to_parquet("mine/table.parquet")
    assert kept_out("mine/table.parquet") == ["mine/table.parquet"]
    assert (own.root / "mine/.gitignore").read_text() == "/table.csv\n/table.parquet\n"
    assert not {"mine/table.csv", "mine/table.parquet"} & staged()


def test_a_table_in_the_root_takes_no_folder_of_the_pipelines_and_keeps_what_gitignore_says(own: Project) -> None:
    (own.root / ".gitignore").write_text("# mine\n*.pyc")
    (own.root / "table.csv").write_text("photo\n")
    assert kept_out("table.csv", "data/photos/1.png", "pictures/2.png") == ["data/photos", "pictures"]
    assert (own.root / ".gitignore").read_text() == "# mine\n*.pyc\n/data/photos\n/pictures\n"


def test_the_command_can_be_typed(own: Project) -> None:
    own.write([{"photo": "1.png"}])
    many = [f"{n}.png" for n in range(40)]
    hidden = keep_out_of_git(files_of("mine/table.csv", *many, "my photos/1.png", "1.jpg"))
    assert len(hidden) == 42
    command = dvc_add(hidden)
    assert command == "dvc add 'mine/my photos' mine/1.jpg mine/*.png"
    sh("dvc", "init", "--quiet")
    subprocess.run(f"{command} --quiet", shell=True, check=True)
    assert unversioned(files_of("mine/table.csv", *many, "my photos/1.png", "1.jpg")) == []
    assert {name for name in staged() if not name.endswith((".dvc", ".dvcignore", ".gitignore"))} == {
        ".dvc/config", "mine/table.csv", "params.yaml"
    }  # fmt: skip
