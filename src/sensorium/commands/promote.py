"""promote: make the committed model, or an earlier version, champion or challenger."""

from sensorium import paths
from sensorium.errors import UserError
from sensorium.registry.champion import Champion, point_to, read_pointer
from sensorium.registry.git import commit, git, head, refuse_dirty
from sensorium.registry.lineage import read_lineage, trace
from sensorium.registry.versions import (
    ARCHIVED,
    CHALLENGER,
    CHAMPION,
    Version,
    assign,
    find,
    register,
    versions,
)


def run(name: str | None = None, challenger: bool = False) -> None:
    """Registers the committed model if it is new, and gives it its stage.

    Args:
        name: of an earlier version; without one the model of the commit that is checked out.
        challenger: make it challenger rather than champion.

    Raises:
        UserError: if the tree is dirty, there is no model that passed the gate, or it has the stage already.
    """
    refuse_dirty("promoting")
    version = find(name) if name else _committed()
    if not name and version.stage == ARCHIVED:
        raise UserError(
            f"the committed model is {version.name}, which is archived; type `sensorium promote {version.name}` to "
            "promote it all the same."
        )
    stage = CHALLENGER if challenger else CHAMPION
    if version.stage == stage:
        raise UserError(f"{version.name} is the {stage} already.")
    if version.stage == CHAMPION:
        raise UserError(f"{version.name} is the champion; promote another model, or `sensorium rollback`, first.")
    for other in versions():
        if other.stage == stage:
            assign(other.name, ARCHIVED, f"{version.name} is the {stage}")
    assign(version.name, stage, f"{version.name} is the {stage}")
    if stage == CHAMPION:
        install(version, f"Champion {version.name}")
    else:
        point_to(_described(version), paths.CHALLENGER)
    print(
        f"promote: {version.name} is the {stage}; a service running in this folder "
        f"{'switches to it' if stage == CHAMPION else 'runs it in shadow'} within seconds; "
        "`git push --follow-tags` tells others"
    )


def _committed() -> Version:
    """The version of the committed model, registered if it is not yet."""
    if not (paths.BENTO.is_file() and git("ls-files", "dvc.lock")):
        raise UserError("no model is committed here; `dvc repro`, then `git add --all && git commit`, then promote.")
    made = read_lineage(head())
    if not made.verdict["passed"]:
        raise UserError("the committed model did not pass the gate (metrics/gate.json), so it cannot be promoted.")
    for version in versions():
        if trace(version).model_version == made.model_version:
            return version
    accuracies = ", ".join(f"{target} {found['accuracy']:.3f}" for target, found in made.evaluated.items())
    return register(f"model {made.model_version}, accuracy {accuracies}, Bento {made.bento}")


def install(version: Version, message: str) -> None:
    """Writes and commits models/champion.json: services here switch, and the gate holds what comes next against it."""
    point_to(_described(version), paths.CHAMPION)
    commit(paths.CHAMPION, message)
    if (shadow := read_pointer(paths.CHALLENGER)) and shadow.version == version.name:
        paths.CHALLENGER.unlink()


def _described(version: Version) -> Champion:
    return Champion(version.name, version.commit, trace(version).model_version)
