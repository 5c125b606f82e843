"""promote: make the committed model, or an earlier version, champion or challenger."""

from contextlib import suppress

from sensorium import params, paths
from sensorium.errors import UserError
from sensorium.registry.champion import Champion, fetch_champion, is_here, past_champion, point_to, read_pointer
from sensorium.registry.git import commit, git, head, refuse_dirty
from sensorium.registry.lineage import read_lineage, require_one_run, trace
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
from sensorium.runtime import settings

POINTERS = {CHAMPION: paths.CHAMPION, CHALLENGER: paths.CHALLENGER}


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
    chosen = described(version)
    if version.stage == stage:
        if is_here(chosen):
            raise UserError(f"{version.name} is the {stage} already.")
        point_to(chosen, POINTERS[stage])
        print(f"promote: {version.name} is the {stage} already; its model was brought to this machine")
        return
    if version.stage == CHAMPION:
        raise UserError(f"{version.name} is the champion; promote another model, or `sensorium rollback`, first.")
    unlearnt = ""
    if stage == CHAMPION:
        unlearnt = settings.unlearnt(settings.read(fetch_champion(chosen)).keep, params.load().retrain.trusted)
        install(chosen, f"Champion {version.name}")
    else:
        point_to(chosen, paths.CHALLENGER)
    for other in versions():
        if other.stage == stage:
            assign(other.name, ARCHIVED, f"{version.name} is the {stage}")
    assign(version.name, stage, f"{version.name} is the {stage}")
    print(
        f"promote: {version.name} is the {stage}; a service running in this folder "
        f"{'switches to it' if stage == CHAMPION else 'runs it in shadow'} within seconds; "
        "`git push --follow-tags` tells others"
    )
    if unlearnt:
        print(f"promote: {unlearnt}")


def _committed() -> Version:
    """The version of the committed model, registered if it is not yet."""
    if not (paths.BENTO.is_file() and git("ls-files", "dvc.lock")):
        raise UserError("no model is committed here; `dvc repro`, then `git add --all && git commit`, then promote.")
    made = read_lineage(head())
    if not made.verdict["passed"]:
        raise UserError("the committed model did not pass the gate (metrics/gate.json), so it cannot be promoted.")
    require_one_run(head())
    for version in versions():
        with suppress(UserError):  # what `dvc gc` dropped is not this model
            known = trace(version)
            if (known.model_version, known.settings) == (made.model_version, made.settings):
                return version
    accuracies = ", ".join(f"{target} {found['accuracy']:.3f}" for target, found in made.evaluated.items())
    return register(f"model {made.model_version}, accuracy {accuracies}, Bento {made.bento}")


def install(chosen: Champion, message: str) -> None:
    """Writes and commits models/champion.json: services here switch, and the gate holds what comes next against it.

    Raises:
        UserError: if its model cannot be had or git does not commit; then all stays as it was.
    """
    before = paths.CHAMPION.read_text(encoding="utf-8") if paths.CHAMPION.is_file() else None
    point_to(chosen, paths.CHAMPION)
    try:
        commit(paths.CHAMPION, message)
    except UserError:
        git("reset", "--quiet", "--", str(paths.CHAMPION))
        if before is not None:
            paths.CHAMPION.write_text(before, encoding="utf-8")
        raise
    if (shadow := read_pointer(paths.CHALLENGER)) and shadow.version == chosen.version:
        paths.CHALLENGER.unlink()


def described(version: Version) -> Champion:
    """What services and the gate are told of a version.

    Raises:
        UserError: if neither DVC nor git's history of champions knows.
    """
    try:
        made = trace(version)
    except UserError:  # what `dvc gc` dropped may still be among this machine's champions
        if known := past_champion(version.name):
            return known
        raise
    return Champion(version.name, version.commit, made.model_version, made.settings)
