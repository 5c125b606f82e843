"""The champion: the model in service, with which a new one is compared."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pandas as pd

from sensorium import paths
from sensorium.cached import alone, made_once
from sensorium.dataset.columns import ID, SPLIT, TEST
from sensorium.errors import UserError
from sensorium.files import replacing, set_aside, write_json
from sensorium.registry.dvc import checkout
from sensorium.registry.git import git, show
from sensorium.runtime import artefact
from sensorium.serving import pointer
from sensorium.serving.pointer import Champion as Champion


def read_champion() -> Champion | None:
    """The champion that models/champion.json names; ``None`` if there is none yet.

    Raises:
        UserError: if its file cannot be read.
    """
    return pointer.read(paths.CHAMPION)


def point_to(champion: Champion, path: Path = paths.CHAMPION) -> None:
    """Writes the file by which services on this machine switch to a model, after bringing the model here.

    Raises:
        UserError: if the model cannot be brought here.
    """
    fetch_champion(champion)
    write_json(path, asdict(champion), lasting=True)


def is_here(champion: Champion) -> bool:
    """Whether its packaged model is on this machine, complete and unchanged."""
    try:
        artefact.read(paths.promoted(champion.model_version, champion.settings))
    except UserError:
        return False
    return True


def fetch_champion(champion: Champion) -> Path:
    """The folder of its packaged model, copied from DVC's cache or remote once for all clones, again if it was damaged.

    Raises:
        UserError: if it cannot be had.
    """
    folder = paths.promoted(champion.model_version, champion.settings)
    if not is_here(champion):
        with alone(folder):
            _bring(champion, folder)
    artefact.read(folder)
    return folder


def _bring(champion: Champion, folder: Path) -> None:
    if is_here(champion):  # another clone brought it meanwhile
        return
    if folder.exists():
        set_aside(folder, "and is brought again")
    with replacing(folder, lasting=True) as beside:
        checkout(champion.commit, paths.PACKAGED, beside)


def past_champion(is_it: Callable[[Champion], bool]) -> Champion | None:
    """The latest champion of which this is true, from git's history of models/champion.json; ``None`` if none is."""
    for commit in git("log", "--format=%H", "--diff-filter=AM", "--", str(paths.CHAMPION)).splitlines():
        with suppress(UserError):  # a file that was committed in conflict names none
            named = pointer.parse(show(commit, paths.CHAMPION), paths.CHAMPION)
            if named and is_it(named):
                return named
    return None


def training_ids(champion: Champion) -> set[str]:
    """The ids of the rows that the champion was fitted to or chosen by.

    Raises:
        UserError: if they cannot be had.
    """
    kept = paths.champions() / f"{champion.model_version}.rows" / "rows.parquet"
    bring = partial(checkout, champion.commit, paths.PREPARED / "rows.parquet")
    rows = pd.read_parquet(made_once(kept, bring), columns=[ID, SPLIT])
    return set(rows.loc[rows[SPLIT] != TEST, ID].astype(str))
