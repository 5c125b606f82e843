"""promote: makes the committed model, or an earlier version, champion or challenger."""

from contextlib import suppress

from sensorium import params, paths
from sensorium.errors import UserError
from sensorium.registry.champion import Champion, fetch_champion, is_here, past_champion
from sensorium.registry.git import git, head, refuse_dirty
from sensorium.registry.lineage import Lineage, read_lineage, require_one_run, trace
from sensorium.registry.promotion import POINTERS, Promotion, carry_out, exclusive_access
from sensorium.registry.versions import ARCHIVED, CHALLENGER, CHAMPION, Version, find, register, versions
from sensorium.report.words import main_figure
from sensorium.runtime import settings
from sensorium.serving import pointer


def run(name: str | None = None, challenger: bool = False) -> None:
    """Registers the committed model if it is new, and gives it its stage.

    Args:
        name: of an earlier version; without one the model of the commit that is checked out.
        challenger: make it challenger rather than champion.

    Raises:
        UserError: if the tree is dirty, there is no model that passed the gate, or it has the stage already.
    """
    stage = CHALLENGER if challenger else CHAMPION
    with exclusive_access() as completed:
        refuse_dirty("promoting")
        version = find(name) if name else committed_version()
        if completed and (completed.model.version, completed.stage) == (version.name, stage):
            _report(version, stage)
            return
        if _is_already(version, stage):
            model = champion_of(version)
            if is_here(model):
                raise UserError(f"{version.name} is the {stage} already.")
            fetch_champion(model)
            print(f"promote: {version.name} is the {stage} already; its model was brought to this machine")
            return
        if version.stage == CHAMPION and challenger:
            raise UserError(f"{version.name} is the champion; promote another model, or `sensorium rollback`, first.")
        assign_stage(version, stage)


def committed_version() -> Version:
    """The version of the committed model, registered if it is not yet.

    Raises:
        UserError: if there is none that passed the gate, or it was a champion before.
    """
    if not (paths.BENTO.is_file() and git("ls-files", "dvc.lock")):
        raise UserError("no model is committed here; `dvc repro`, then `git add --all && git commit`, then promote.")
    made = read_lineage(head())
    if not made.verdict["passed"]:
        raise UserError("the committed model did not pass the gate (metrics/gate.json), so it cannot be promoted.")
    require_one_run(head())
    version = next((version for version in versions() if _is_version_of(version, made)), None)
    if version and version.stage == ARCHIVED:
        raise UserError(
            f"the committed model is {version.name}, which is archived; type `sensorium promote {version.name}` to "
            "promote it all the same."
        )
    figures = ", ".join(f"{target} {main_figure(found)}" for target, found in made.evaluated.items())
    return version or register(f"model {made.model_version}, {figures}, Bento {made.bento}")


def assign_stage(version: Version, stage: str) -> None:
    """Assigns a stage to a version, and prints it.

    Raises:
        UserError: if its model cannot be had or git does not commit; then all stays as it was.
    """
    model = champion_of(version)
    why = ""
    if stage == CHAMPION:
        served = settings.read(fetch_champion(model))
        why = settings.why_not_learnt_from(served.keep, params.load().retrain.trusted)
    carry_out(Promotion(stage, model))
    _report(version, stage)
    if why:
        print(f"promote: {why}")


def _is_version_of(version: Version, made: Lineage) -> bool:
    """Whether a version has the model and the settings of this lineage."""
    with suppress(UserError):  # what `dvc gc` dropped is not
        known = trace(version)
        return (known.model_version, known.settings) == (made.model_version, made.settings)
    return False


def _report(version: Version, stage: str) -> None:
    print(
        f"promote: {version.name} is the {stage}; a service running in this folder "
        f"{'switches to it' if stage == CHAMPION else 'runs it in shadow'} within seconds; "
        "`git push --follow-tags` tells others"
    )


def _is_already(version: Version, stage: str) -> bool:
    """Whether the tags and the file of the stage name this version and no other."""
    pointed = None
    with suppress(UserError):  # a file that cannot be read is written anew
        pointed = pointer.read(POINTERS[stage])
    of_stage = [other.name for other in versions() if other.stage == stage]
    return of_stage == [version.name] and pointed is not None and pointed.version == version.name


def champion_of(version: Version) -> Champion:
    """A version as models/champion.json names it.

    Raises:
        UserError: if neither DVC nor git's history of champions has it.
    """
    try:
        made = trace(version)
    except UserError:  # what `dvc gc` dropped may still be among this machine's champions
        if known := past_champion(lambda named: named.version == version.name):
            return known
        raise
    return Champion(version.name, version.commit, made.model_version, made.settings)
