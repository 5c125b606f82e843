"""Keeps checks in a workspace of Evidently, which ``DO_NOT_TRACK=1 evidently ui --workspace FOLDER`` shows.

Evidently's own ``Workspace`` reads all runs whenever it is opened, and its server does not start with a half-written
run. So the files are written elsewhere and then moved to their place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from evidently.legacy.core import new_id
from evidently.sdk.models import ProjectModel
from evidently.ui.storage.local.base import DASHBOARD_FILE_NAME, PROJECT_FILE_NAME, SNAPSHOTS_DIR_NAME, LocalState

from sensorium.errors import UserError, reason
from sensorium.files import place, remove, temporary
from sensorium.monitoring import names
from sensorium.monitoring.evidently.columns import EvidentlyReport
from sensorium.monitoring.evidently.dashboard import dashboard
from sensorium.renamed import COLUMNS

KEPT = 200  # runs of a project, of less than 1 MB each; Evidently's server holds all in memory
PROJECT = "sensorium"
ID = uuid5(
    UUID("8d6f3c1e-52a7-5b0f-9c44-1f0e7a2b6d93"), PROJECT
)  # always the same, so that all runs are of one project


def add(folder: Path, report: EvidentlyReport, at: datetime, tags: Sequence[str], metadata: Mapping[str, str]) -> None:
    """Adds a run, and removes the oldest if there are too many.

    The first run makes the project and a dashboard of its columns. Later changes that a person makes there stay.

    Args:
        folder: of the workspace; made where it is not there.
        report: of the check.
        at: when the check was made, with a time zone.
        tags: of the run.
        metadata: of the run, such as the model's version.

    Raises:
        UserError: if the folder cannot be read or written as a workspace.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Outside of the folder, since a server that watches it does not see files that are renamed within.
        with temporary(folder.parent) as beside:
            if (folder / str(ID) / PROJECT_FILE_NAME).exists():
                LocalState(str(folder)).read_project(ID)
                _rename_columns(LocalState(str(folder)), LocalState(str(beside)), report)
            else:
                _start(LocalState(str(beside)), report)
                place(beside / str(ID), folder / str(ID))
            runs = Path(str(ID)) / SNAPSHOTS_DIR_NAME
            _write_run(LocalState(str(beside)), report, at, tags, metadata)
            for file in (beside / runs).iterdir():
                place(file, folder / runs / file.name)
        for file in sorted((folder / runs).glob("*.json"))[:-KEPT]:  # their names are in order of time
            remove(file)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} cannot be used as a workspace of Evidently ({reason(error)}); move it away, and the next check "
            "starts a new one."
        ) from error


def _rename_columns(kept: LocalState, beside: LocalState, report: EvidentlyReport) -> None:
    """Lets a dashboard that an earlier version made show columns by the names that they have now."""
    board, changed = kept.read_dashboard(ID), False
    for panel in board.panels:
        for line in panel.values:
            about, what = names.subject(line.metric_labels.get("column", "."))
            renamed = f"{about}.{COLUMNS.get(what, what)}"
            if renamed in report.kinds and f"{about}.{what}" not in report.kinds:
                line.metric_labels["column"], changed = renamed, True
                line.legend = COLUMNS[what] if line.legend == what else line.legend
                panel.title = panel.title.replace(f"{about}: {what}", f"{about}: {COLUMNS[what]}")
    if changed:
        beside.location.makedirs(str(ID))
        beside.write_dashboard(ID, board)
        place(Path(beside.path) / str(ID) / DASHBOARD_FILE_NAME, Path(kept.path) / str(ID) / DASHBOARD_FILE_NAME)


def _start(state: LocalState, report: EvidentlyReport) -> None:
    """Writes the project without runs."""
    state.write_project(ProjectModel(id=ID, name=PROJECT))
    state.write_dashboard(ID, dashboard(report.kinds))
    state.location.makedirs(f"{ID}/{SNAPSHOTS_DIR_NAME}")


def _write_run(
    state: LocalState, report: EvidentlyReport, at: datetime, tags: Sequence[str], metadata: Mapping[str, str]
) -> None:
    model = report.snapshot.to_snapshot_model()
    local = at.astimezone().replace(tzinfo=None)  # as Evidently's own times are
    known = {"timestamp": local, "tags": [*tags], "metadata": dict(metadata)}
    state.write_snapshot(ID, new_id(), model.copy(update=known))
