"""The champion: the model that a new one is held against."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from sensorium import paths
from sensorium.files import read_json, replacing, write_json
from sensorium.registry.git import git, show
from sensorium.registry.past import checkout
from sensorium.serving import artefact


@dataclass(frozen=True)
class Champion:
    """What models/champion.json says: the file that `dvc repro` sees change when another model is promoted.

    Attributes:
        version: in the registry.
        commit: what it was made from.
        model_version: of its artefact.
        settings: digest of how it is served (serve.json).
    """

    version: str
    commit: str
    model_version: str
    settings: str = ""


def read_champion() -> Champion | None:
    """The champion of this tree; ``None`` if there is none yet."""
    return read_pointer(paths.CHAMPION)


def read_pointer(path: Path) -> Champion | None:
    """The model that models/champion.json or models/challenger.json names, if it does."""
    if not path.is_file():
        return None
    said = read_json(path, made_by="promote")
    return Champion(**said) if said["version"] else None


def point_to(champion: Champion, pointer: Path = paths.CHAMPION) -> None:
    """Points services on this machine to a model: its artefact is there before they are told to look.

    Raises:
        UserError: if the artefact cannot be had.
    """
    fetch_champion(champion)
    write_json(pointer, asdict(champion), lasting=True)


def is_here(champion: Champion) -> bool:
    """Whether its artefact is on this machine."""
    return (paths.promoted(champion.model_version, champion.settings) / artefact.MANIFEST).is_file()


def fetch_champion(champion: Champion) -> Path:
    """Its artefact, brought from DVC's cache or remote once for all clones.

    Raises:
        UserError: if it cannot be had.
    """
    folder = paths.promoted(champion.model_version, champion.settings)
    if not is_here(champion):
        with replacing(folder, lasting=True) as beside:
            checkout(champion.commit, paths.PACKAGED, beside)
    artefact.read(folder)
    return folder


def past_champion(version: str) -> Champion | None:
    """What models/champion.json said when this version was the champion, by git's history of the file."""
    for commit in git("log", "--format=%H", "--diff-filter=AM", "--", str(paths.CHAMPION)).splitlines():
        said = json.loads(show(commit, paths.CHAMPION))
        if said["version"] == version:
            return Champion(**said)
    return None


def training_ids(champion: Champion) -> set[str]:
    """The ids of the rows that the champion was fitted to or chosen by.

    Raises:
        UserError: if they cannot be had.
    """
    kept = paths.champions() / f"{champion.model_version}.rows.parquet"
    if not kept.is_file():
        with replacing(kept) as beside:
            checkout(champion.commit, paths.PREPARED / "rows.parquet", beside)
    rows = pd.read_parquet(kept, columns=["id", "split"])
    return set(rows.loc[rows["split"] != "test", "id"].astype(str))
