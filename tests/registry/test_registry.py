"""Versions and stages of the model, from the first promotion to the rollback, by the real DVC, git and GTO."""

import json
import shutil
from pathlib import Path

import dvc.api
import pandas as pd
import pytest
import yaml

from sensorium import params, paths
from sensorium.commands import models, promote, rollback, summary
from sensorium.errors import UserError
from sensorium.registry import champion, locks
from sensorium.registry.champion import Champion, fetch_champion, is_here, read_champion, training_ids
from sensorium.registry.git import head, refuse_dirty, show
from sensorium.registry.lineage import trace
from sensorium.registry.versions import assign, champions, find, register, versions
from sensorium.serving import pointer
from tests.registry.conftest import IN_A_FOLDER, Repository


def stages() -> dict[str, str]:
    return {version.name: version.stage for version in versions()}


@IN_A_FOLDER
def test_from_no_tags_to_a_champion_a_better_one_and_back(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.make("first", 0.6)
    first = repository.commit()
    assert versions() == []
    models.run()
    assert "no model version is registered yet" in capsys.readouterr().out

    promote.run()
    assert "promote: v1.0.0 is the champion" in capsys.readouterr().out
    assert stages() == {"v1.0.0": "champion"}
    assert read_champion() == Champion("v1.0.0", first, "first")
    assert repository.sh("git", "status", "--porcelain") == ""
    assert dvc.api.artifacts_show("teams/ml:sensorium", stage="champion") == {"rev": first, "path": "models/packaged"}

    repository.make("second", 0.7)
    with pytest.raises(UserError, match=r"promoting needs a clean tree.*: dvc.lock, model.json are not committed"):
        promote.run()
    second = repository.commit()
    promote.run(challenger=True)
    assert stages() == {"v1.0.0": "champion", "v1.1.0": "challenger"}
    assert read_champion() == Champion("v1.0.0", first, "first")
    promote.run("v1.1.0")
    assert stages() == {"v1.0.0": "archived", "v1.1.0": "champion"}
    assert champions() == ["v1.0.0", "v1.1.0"]

    capsys.readouterr()
    models.run()
    table = capsys.readouterr().out
    assert table.index("v1.1.0") < table.index("v1.0.0")
    assert all(figure in table for figure in ("colour 0.700", "price MAE", "8.64", "tags F1 0.700"))
    models.run("v1.0.0")
    shown = capsys.readouterr().out
    assert first in shown
    assert "Bento    sensorium:first" in shown
    assert [line.removeprefix("metrics  ") for line in shown.splitlines() if line.startswith("metrics")] == [
        "colour: accuracy 0.600 [0.100, 0.900], macro F1 0.500",
        "price: MAE 8.64 [7.5, 9.75], R2 0.710",
        "tags: F1 0.700 [0.650, 0.750], macro F1 not defined",
    ]

    rollback.run()
    assert "v1.0.0 is the champion again, v1.1.0 is archived" in capsys.readouterr().out
    assert stages() == {"v1.0.0": "champion", "v1.1.0": "archived"}
    assert read_champion() == Champion("v1.0.0", first, "first")
    with pytest.raises(UserError, match=r"there is nothing to go back to: v1.0.0 is the first champion"):
        rollback.run()

    with pytest.raises(UserError, match=r"model is v1.1.0, which is archived; type `sensorium promote v1.1"):
        promote.run()

    repository.make("third", 0.8)
    third = repository.commit()
    promote.run()
    assert champions() == ["v1.0.0", "v1.2.0"]
    rollback.run()
    assert stages() == {"v1.0.0": "champion", "v1.1.0": "archived", "v1.2.0": "archived"}
    assert [trace(find(name)).commit for name in ("v1.0.0", "v1.1.0", "v1.2.0")] == [first, second, third]


def test_two_projects_of_a_repository_have_models_and_edits_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = Repository(tmp_path)
    clone.sh("git", "init", "--quiet")
    clone.sh("git", "config", "user.name", "Ada")
    clone.sh("git", "config", "user.email", "ada@example.org")
    folders = [Path(), Path("ml"), Path("teams/ml"), Path("teams/my models.v2/.new"), Path("teams/mädchen")]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "params.yaml").write_text("a: 1\n")
    clone.commit()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/new.txt").touch()
    for folder in folders:
        monkeypatch.chdir(tmp_path / folder)
        assert versions() == []
        assert register("a model").name == "v1.0.0"
        assign("v1.0.0", "champion", "the first")
        assert champions() == ["v1.0.0"]
        assert find("v1.0.0").commit == head()
        assert show(head(), Path("params.yaml")) == "a: 1"
        if folder != Path():
            refuse_dirty("promoting")
    assert set(clone.sh("git", "tag").split()) == {
        f"{name}sensorium{what}"
        for name in ("", "ml=", "teams/ml=", "teams/my_20models.v2/_2enew=", "teams/m_c3a4dchen=")
        for what in ("@v1.0.0", "#champion#1")
    }
    monkeypatch.chdir(tmp_path / "teams/ml")
    Path("größe.txt").touch()
    Path("params.yaml").write_text("a: 2\n")
    with pytest.raises(UserError, match=r"clean tree.*: params.yaml, größe.txt are not committed"):
        refuse_dirty("promoting")
    with pytest.raises(UserError, match="größe.txt is not committed"):
        refuse_dirty("promoting", but="params.yaml")


def test_what_cannot_be_promoted_says_why(repository: Repository) -> None:
    repository.sh("git", "add", "--all")
    with pytest.raises(UserError, match="this is no git repository with a commit"):
        versions()
    repository.commit()
    with pytest.raises(UserError, match=r"no model is committed here; `dvc repro`, then"):
        promote.run()
    with pytest.raises(UserError, match=r"there is no model version 'v9.0.0'; none is registered yet"):
        promote.run("v9.0.0")
    with pytest.raises(UserError, match="there is nothing to go back to: no model is the champion"):
        rollback.run()
    repository.make("bad", 0.3)
    repository.commit()
    with pytest.raises(UserError, match="the committed model did not pass the gate"):
        promote.run()
    repository.make("good", 0.9)
    repository.commit()
    promote.run()
    with pytest.raises(UserError, match=r"v1.0.0 is the champion already"):
        promote.run()
    with pytest.raises(UserError, match=r"v1.0.0 is the champion; promote another model"):
        promote.run(challenger=True)
    with pytest.raises(UserError, match=r"there is no model version 'v9.0.0'; there is v1.0.0"):
        models.run("v9.0.0")


def test_a_new_clone_finds_versions_by_their_tags_and_the_champion_by_the_remote(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.sh("dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    repository.make("first", 0.6)
    first = repository.commit()
    promote.run()
    repository.sh("dvc", "push", "--quiet")
    repository.sh("git", "clone", "--quiet", ".", str(tmp_path / "other"))
    monkeypatch.chdir(tmp_path / "other")
    assert stages() == {"v1.0.0": "champion"}
    now = read_champion()
    assert now == Champion("v1.0.0", first, "first")
    assert now
    folder = fetch_champion(now)
    assert [path.name for path in folder.iterdir()] == ["manifest.json"]
    assert training_ids(now) == {"a", "b"}

    shutil.rmtree(tmp_path / "store")
    shutil.rmtree(tmp_path / "other/.dvc/cache", ignore_errors=True)
    assert fetch_champion(now) == folder  # which is kept for all clones
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "empty"))
    with pytest.raises(UserError, match=r"models/packaged of commit \w+ is neither in DVC's cache nor in a remote"):
        fetch_champion(now)
    assert not list((tmp_path / "empty").rglob("manifest.json"))


def test_a_model_that_cannot_be_had_is_not_promoted(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    repository.make("first", 0.6)
    repository.commit()
    promote.run()
    repository.make("second", 0.7)
    repository.commit()

    def nothing(*_: object) -> None:
        raise UserError("it is nowhere")

    monkeypatch.setattr(champion, "checkout", nothing)
    with pytest.raises(UserError, match="it is nowhere"):
        promote.run()
    assert stages()["v1.0.0"] == "champion"
    assert stages()["v1.1.0"] == ""
    now = read_champion()
    assert now and now.version == "v1.0.0"


def test_versions_that_dvc_dropped_stop_neither_promotion_nor_rollback(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, accuracy in (("first", 0.6), ("second", 0.7)):
        repository.make(name, accuracy)
        repository.commit()
        promote.run()
    repository.make("third", 0.8)
    repository.commit()
    repository.sh("dvc", "gc", "--workspace", "--force", "--quiet")
    promote.run()
    assert champions() == ["v1.0.0", "v1.1.0", "v1.2.0"]
    capsys.readouterr()
    rollback.run()
    assert capsys.readouterr().out.endswith("a service running in this folder switches to it within seconds\n")
    current = read_champion()
    assert current and (current.version, current.model_version, is_here(current)) == ("v1.1.0", "second", True)
    shutil.rmtree(paths.cache())
    with pytest.raises(UserError, match="models/packaged of commit .* is neither in DVC's cache nor in a remote"):
        rollback.run()
    assert read_champion() == current


def test_what_half_a_run_left_is_not_promoted(repository: Repository) -> None:
    repository.make("first", 0.6)
    lock = yaml.safe_load(Path("dvc.lock").read_text())
    lock["stages"]["package"] = {"cmd": "true", "deps": [{"path": "metrics/gate.json", "md5": "0" * 32}]}
    Path("dvc.lock").write_text(yaml.safe_dump(lock))
    repository.commit()
    with pytest.raises(UserError, match=r"dvc.lock is not of one run: package was made of another metrics/gate.json"):
        promote.run()


def test_without_a_name_and_an_address_git_keeps_no_versions(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.make("first", 0.6)
    repository.commit()
    repository.sh("git", "config", "--unset", "user.name")
    repository.sh("git", "config", "--unset", "user.email")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with pytest.raises(UserError, match="user.name|user name and email"):
        promote.run()


def test_where_git_refuses_all_stays_as_it_was(repository: Repository) -> None:
    repository.make("first", 0.6)
    repository.commit()
    hook = repository.root / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(UserError, match="`git commit --quiet` failed"):
        promote.run()
    assert read_champion() is None
    assert stages() == {"v1.0.0": ""}
    assert repository.sh("git", "status", "--porcelain") == ""
    hook.unlink()
    promote.run()
    assert stages() == {"v1.0.0": "champion"}


def test_what_a_summary_says_of_the_champion(repository: Repository) -> None:
    def make(top: int) -> None:
        repository.make("first", 0.6, {"settings": {"top": top}})
        pd.DataFrame({"text": ["a"], "colour": ["red"]}).to_parquet(paths.MANIFEST)

    make(3)
    Path("table.csv").write_text("text,colour\na,red\n")
    settings = params.load()
    keep = "[bold]git add --all && git commit -m run && .venv/bin/sensorium promote[/]: the champion to beat"
    assert list(summary._champion("first", settings)) == [f"keep     {keep}"]
    repository.commit()
    promote.run()
    assert list(summary._champion("first", settings)) == [
        "champion this model is the champion, v1.0.0: there is nothing to promote"
    ]
    make(5)
    stays = "serving  the champion v1.0.0 goes on being served"
    assert list(summary._champion("first", settings)) == [
        f"{stays} with other settings until this one is promoted", f"keep     {keep}"
    ]  # fmt: skip
    repository.commit()
    promote.run()
    rollback.run()
    assert list(summary._champion("first", settings)) == [
        f"{stays} with other settings until this one is promoted",
        "keep     [bold].venv/bin/sensorium promote v1.1.0[/]: this model was that champion before",
    ]


def test_where_another_git_is_at_work_nothing_is_begun(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0)
    repository.make("first", 0.6)
    repository.commit()
    lock = repository.root / ".git/index.lock"
    lock.touch()
    with pytest.raises(UserError, match=r"git is locked by \S*\.git/index\.lock"):
        promote.run()
    assert read_champion() is None
    assert not paths.PROMOTION.exists()
    lock.unlink()
    promote.run()
    assert stages() == {"v1.0.0": "champion"}


def test_a_file_that_was_committed_in_conflict_is_mended_by_a_promotion(repository: Repository) -> None:
    repository.make("first", 0.6)
    repository.commit()
    promote.run()
    repository.make("second", 0.7)
    for path in (paths.CHAMPION, paths.CHALLENGER):
        path.write_text("<<<<<<< HEAD")
    repository.commit()
    with pytest.raises(UserError, match="or promote a model"):
        read_champion()
    promote.run("v1.0.0")
    assert read_champion() == Champion("v1.0.0", find("v1.0.0").commit, "first")
    promote.run(challenger=True)
    found = pointer.read(paths.CHALLENGER)
    assert found and found.version == "v1.1.0"


def test_other_settings_of_serving_are_another_version_of_the_same_model(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    for top, name in ((3, "v1.0.0"), (1, "v1.1.0")):
        settings = {"top": top, "batch": 8, "title": "Cars [/beta]"}
        served = {"settings": settings, "monitor": {"keep_content": False}}
        repository.make("same", 0.6, serve=served)
        repository.commit()
        promote.run()
        now = read_champion()
        assert now and (now.version, now.model_version) == (name, "same")
        assert json.loads((fetch_champion(now) / "serve.json").read_text())["settings"] == served["settings"]
    capsys.readouterr()
    models.run()
    second, first = capsys.readouterr().out.split("v1.1.0")[1].split("v1.0.0")
    assert "serve.top" in second and "3 -> 1" in second
    assert "batch" not in second and "serve." not in first
    models.run("v1.0.0")
    assert "serve.title Cars [/beta]" in capsys.readouterr().out
    rollback.run()
    now = read_champion()
    assert now and json.loads((fetch_champion(now) / "serve.json").read_text())["settings"]["top"] == 3


def test_the_champions_model_is_brought_back_to_a_machine_that_lost_it(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.make("first", 0.6)
    repository.commit()
    promote.run()
    now = read_champion()
    assert now
    shutil.rmtree(fetch_champion(now))
    promote.run("v1.0.0")
    assert "v1.0.0 is the champion already; its model was brought to this machine" in capsys.readouterr().out
    assert is_here(now)


def test_a_damaged_model_or_its_rows_are_set_aside_and_brought_again(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    repository.make("first", 0.6)
    repository.commit()
    promote.run()
    now = read_champion()
    assert now
    folder, rows = fetch_champion(now), paths.cache() / "champions/first.rows/rows.parquet"
    assert training_ids(now) == {"a", "b"}
    for path in (folder / "manifest.json", rows):
        path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    assert not is_here(now)
    promote.run("v1.0.0")
    said = capsys.readouterr()
    assert "its model was brought to this machine" in said.out
    assert said.err == f"warning: {folder} was damaged; it is kept as {folder.name}.damaged, and is brought again.\n"
    assert is_here(now)
    assert training_ids(now) == {"a", "b"}
    assert "first.rows was damaged; it is kept as first.rows.damaged, and is made again." in capsys.readouterr().err


def test_without_a_champions_file_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_champion() is None
