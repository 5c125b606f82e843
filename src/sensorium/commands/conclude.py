"""conclude: end a retrain, by promoting its model or keeping the champion."""

from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.commands import promote
from sensorium.errors import UserError
from sensorium.files import read_json
from sensorium.monitoring import retrains
from sensorium.paths import VERDICT
from sensorium.registry.champion import Champion, read_champion
from sensorium.registry.git import commit_changed, head, refuse_dirty, restore
from sensorium.registry.lineage import read_lineage
from sensorium.registry.locks import of_dvc
from sensorium.registry.promotion import turn
from sensorium.registry.versions import ARCHIVED, CHAMPION, find
from sensorium.stages import source

ALWAYS = ["always changed"]  # what DVC says of the one stage that it cannot know about
AFTER_THE_GATE = {"package", "report"}  # a model that does not pass is not packaged


def run(declined: str | None = None, failed: str | None = None) -> None:
    """Commits what the run made; promotes if the gate passed and nobody objects.

    Args:
        declined: why a person does not want the new model.
        failed: what went wrong on the way.

    Raises:
        UserError: if no retrain was begun, or it cannot be committed or promoted.
    """
    with turn():
        said = retrains.read_current()
        if said is None:
            raise UserError("no retrain was begun; `sensorium collect` begins one.")
        promised = said.get("promoting")
        if promised and find(promised["version"]).stage in (CHAMPION, ARCHIVED):  # before it was cut off
            _end(said, retrains.PROMOTED, promised)
        else:
            _end(said, *_decide(said, declined, failed))


def _decide(said: dict[str, Any], declined: str | None, failed: str | None) -> tuple[str, dict[str, Any]]:
    """Commits what the run made, and promotes it if it may be; returns the outcome and what is known of it."""
    verdict = read_json(VERDICT, made_by="gate") if VERDICT.is_file() and not failed else None
    if failed:
        restore(Path("dvc.lock"))  # that of half a run would be taken for that of a model
    elif verdict:
        _require_finished(verdict)
    outcome, why = _outcome(verdict, declined, failed)
    refuse_dirty("concluding a retrain", but="dvc.lock")
    commit_changed(Path("dvc.lock"), f"Retrain {said['id']}: what the run made")
    known: dict[str, Any] = {"passed": verdict["passed"] if verdict else None, "commit": head(), "version": None}
    if verdict:
        known["data"] = read_lineage(head()).data
    if outcome == retrains.PROMOTED:
        version = promote.committed()
        known["version"], why = version.name, f"{version.name} is the champion: {why}"
        retrains.promise(said, **known, why=f"{why}.")
        promote.give(version, CHAMPION)
    return outcome, known | {"why": f"{why}."}


def _end(said: dict[str, Any], outcome: str, known: dict[str, Any]) -> None:
    retrains.end(said, outcome, **known)
    print(f"conclude: {outcome}: {known['why'].rstrip('.')}")


def _require_finished(verdict: dict[str, Any]) -> None:
    """Makes sure that what is here was made of what is here: feedback, champion and all else.

    Raises:
        UserError: naming stages that are still to run.
    """
    needless = set() if verdict["passed"] else AFTER_THE_GATE
    if not _is_held_against(read_champion(), verdict):  # such a model stays away, whatever else is to run
        needless = {"gate", *AFTER_THE_GATE}
    with of_dvc() as repository:
        due = {name: why for name, why in repository.status().items() if name not in needless}
    changed = [name for name, why in due.items() if why != ALWAYS or not source.is_current()]
    if changed:
        raise UserError(f"the pipeline has not run to its end ({', '.join(changed)}); `dvc repro`, then conclude.")


def _outcome(verdict: dict[str, Any] | None, declined: str | None, failed: str | None) -> tuple[str, str]:
    """What becomes of the new model, and why."""
    champion = read_champion()
    stays = f"the champion {champion.version} stays" if champion else "there is no champion still"
    if failed:
        return retrains.FAILED, f"{stays}: {failed.rstrip('.')}"
    if verdict is None:
        raise UserError(f"{VERDICT} is not there; run `dvc repro`, then conclude.")
    if not verdict["passed"]:
        broken = "; ".join(rule["words"] for rule in verdict["rules"] if not rule["passed"])
        return retrains.KEPT, f"{stays}, the new model did not pass the gate: {broken}"
    if not _is_held_against(champion, verdict):
        judged = verdict["champion"]["version"] or "none"
        return retrains.KEPT, f"{stays}: the new model was held against {judged}; `dvc repro` does it again"
    if declined:
        return retrains.DECLINED, f"{stays}: {declined.rstrip('.')}"
    new = read_json(paths.BENTO, made_by="package")["model_version"]
    if champion and champion.model_version == new:
        return retrains.KEPT, f"{stays}: the new model is the same"
    return retrains.PROMOTED, f"all {len(verdict['rules'])} rules of the gate passed"


def _is_held_against(champion: Champion | None, verdict: dict[str, Any]) -> bool:
    """Whether the gate held the new model against this champion's model, however it is served."""
    judged = verdict["champion"].get("model_version", "")  # an earlier gate did not say
    return judged == (champion.model_version if champion else None)
