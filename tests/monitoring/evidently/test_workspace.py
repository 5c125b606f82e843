import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from evidently.ui.service.base import SeriesFilter
from evidently.ui.service.storage.local import InMemoryDataStorage
from evidently.ui.workspace import Workspace

from sensorium.errors import UserError
from sensorium.monitoring.evidently import workspace
from sensorium.monitoring.evidently.columns import EvidentlyReport
from tests.monitoring.evidently.test_columns import KINDS, compare, rows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def compared() -> EvidentlyReport:
    return compare(rows(130, 0), rows(100, 1), KINDS, 0.01)


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/snapshots/*.json"))


def test_evidently_reads_the_runs_and_the_dashboard(tmp_path: Path, compared: EvidentlyReport) -> None:
    for hours in range(2):
        at = NOON + timedelta(hours=hours)
        workspace.add(tmp_path / "ws", compared, at, ["no drift"], {"model": "m1"})
    opened = Workspace(str(tmp_path / "ws"))
    (project,) = opened.list_projects()
    assert project.name == "sensorium"
    runs = [opened.get_run(project.id, number) for number in opened.list_runs(project.id)]
    assert sorted(run.timestamp.astimezone(UTC) for run in runs) == [NOON, NOON + timedelta(hours=1)]
    assert [(run.tags, run.metadata) for run in runs] == [(["no drift"], {"model": "m1"})] * 2
    assert [panel.title for panel in project.dashboard.model().panels] == [
        "How many columns drifted",
        "Share of rows that have an input",
        "Drift of text",
        "text: characters",
        "text: language",
        "Drift of category",
        "category: label",
        "category: confidence",
        "Drift of text, principal axes of its features",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["ws"]


def test_a_dashboard_of_an_earlier_version_shows_the_columns_by_their_new_names(tmp_path: Path) -> None:
    def with_column(name: str) -> EvidentlyReport:
        tables = [rows(count, seed).rename(columns={"category.label": name}) for count, seed in ((130, 0), (100, 1))]
        return compare(*tables, {column.replace("category.label", name): kind for column, kind in KINDS.items()}, 0.01)

    workspace.add(tmp_path, with_column("category.said"), NOON, [], {})
    workspace.add(tmp_path, with_column("category.predicted"), NOON + timedelta(hours=1), [], {})
    (project,) = Workspace(str(tmp_path)).list_projects()
    panels = project.dashboard.model().panels
    assert [panel.title for panel in panels if panel.title.startswith("category")] == [
        "category: predicted", "category: confidence",
    ]  # fmt: skip
    drift = next(panel for panel in panels if panel.title == "Drift of category")
    assert [(line.legend, line.metric_labels["column"]) for line in drift.values] == [
        ("predicted", "category.predicted"), ("confidence", "category.confidence"),
    ]  # fmt: skip


def test_the_server_finds_every_line_of_the_dashboard_in_the_runs(tmp_path: Path, compared: EvidentlyReport) -> None:
    workspace.add(tmp_path, compared, NOON, [], {})
    (project,) = Workspace(str(tmp_path)).list_projects()
    server = InMemoryDataStorage(str(tmp_path))
    for panel in project.dashboard.model().panels:
        for line in panel.values:
            wanted = SeriesFilter(tags=[], metadata={}, metric=line.metric, metric_labels=line.metric_labels)
            found = asyncio.run(server.get_data_series(project.id, [wanted], None, None)).series
            classes = {"text: language": 3, "category: label": 2}
            assert len(found) == classes.get(panel.title, 1), (panel.title, line)


def test_later_runs_leave_the_dashboard_alone_whatever_their_columns(tmp_path: Path, compared: EvidentlyReport) -> None:
    workspace.add(tmp_path, compared, NOON, [], {})
    (file,) = tmp_path.glob("*/dashboard.json")
    file.write_text(json.dumps({"tabs": [], "panels": []}))
    fewer = {name: kind for name, kind in KINDS.items() if "text" not in name}
    workspace.add(tmp_path, compare(rows(130, 0), rows(100, 1), fewer, 0.01), NOON + timedelta(hours=1), [], {})
    assert json.loads(file.read_text()) == {"tabs": [], "panels": []}
    assert len(files(tmp_path)) == 2


def test_the_oldest_runs_go(tmp_path: Path, compared: EvidentlyReport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "KEPT", 2)
    for hours in range(4):
        workspace.add(tmp_path, compared, NOON + timedelta(hours=hours), [str(hours)], {})
    assert [json.loads(file.read_text())["tags"] for file in files(tmp_path)] == [["2"], ["3"]]


def test_a_broken_workspace_is_named(tmp_path: Path, compared: EvidentlyReport) -> None:
    workspace.add(tmp_path / "ws", compared, NOON, [], {})
    (file,) = tmp_path.glob("ws/*/metadata.json")
    file.write_text('{"id": ')
    with pytest.raises(UserError, match=r"ws cannot be used as a workspace of Evidently .* move it away"):
        workspace.add(tmp_path / "ws", compared, NOON, [], {})
    file.unlink()
    with pytest.raises(UserError, match="move it away"):
        workspace.add(tmp_path / "ws", compared, NOON, [], {})
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file cannot be used"):
        workspace.add(tmp_path / "file", compared, NOON, [], {})
    assert len(files(tmp_path / "ws")) == 1
