"""What checks found, kept as a workspace of Evidently: ``DO_NOT_TRACK=1 evidently ui --workspace FOLDER`` shows it.

Evidently's own ``Workspace`` reads every run whenever it is opened, and a run that is cut off while it is written keeps
its server from starting. Here its files are written aside and moved to their place.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from evidently.legacy.core import new_id
from evidently.sdk.models import ProjectModel
from evidently.ui.storage.local.base import PROJECT_FILE_NAME, SNAPSHOTS_DIR_NAME, LocalState

from sensorium.errors import UserError, reason
from sensorium.files import place, remove, temporary
from sensorium.monitoring.evidently.columns import Compared
from sensorium.monitoring.evidently.dashboard import dashboard

KEPT = 200  # runs of a project, of less than 1 MB each; Evidently's server holds all in memory
PROJECT = "sensorium"
ID = uuid5(UUID("8d6f3c1e-52a7-5b0f-9c44-1f0e7a2b6d93"), PROJECT)  # always the same, so that runs join those before


def add(folder: Path, compared: Compared, at: datetime, tags: Sequence[str], metadata: Mapping[str, str]) -> None:
    """Adds a run, and takes the oldest away where there are too many.

    The first run makes the project and its dashboard, of the columns it has; what a person changes there later stays.

    Args:
        folder: of the workspace; made where it is not there.
        compared: what the check found.
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
            else:
                _start(LocalState(str(beside)), compared)
                place(beside / str(ID), folder / str(ID))
            runs = Path(str(ID)) / SNAPSHOTS_DIR_NAME
            _write_run(LocalState(str(beside)), compared, at, tags, metadata)
            for file in (beside / runs).iterdir():
                place(file, folder / runs / file.name)
        for file in sorted((folder / runs).glob("*.json"))[:-KEPT]:  # their names are in order of time
            remove(file)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder} cannot be used as a workspace of Evidently ({reason(error)}); move it away, and the next check "
            "starts a new one."
        ) from error


def _start(state: LocalState, compared: Compared) -> None:
    """Writes the project without runs."""
    state.write_project(ProjectModel(id=ID, name=PROJECT))
    state.write_dashboard(ID, dashboard(compared.kinds))
    state.location.makedirs(f"{ID}/{SNAPSHOTS_DIR_NAME}")


def _write_run(
    state: LocalState, compared: Compared, at: datetime, tags: Sequence[str], metadata: Mapping[str, str]
) -> None:
    model = compared.snapshot.to_snapshot_model()
    local = at.astimezone().replace(tzinfo=None)  # as Evidently's own times are
    known = {"timestamp": local, "tags": [*tags], "metadata": dict(metadata)}
    state.write_snapshot(ID, new_id(), model.copy(update=known))
