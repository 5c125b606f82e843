"""conclude: ends a retrain by promoting its model or keeping the champion."""

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
from sensorium.registry.promotion import exclusive_access
from sensorium.registry.versions import ARCHIVED, CHAMPION, find
from sensorium.stages import source

ALWAYS = ["always changed"]  # what DVC says of the one stage that it cannot know about
AFTER_THE_GATE = {"package", "report"}  # a model that does not pass is not packaged


def run(declined: str | None = None, failed: str | None = None) -> None:
    """Commits the results of the run, and promotes the model if the gate passed and nobody declined it.

    Args:
        declined: why a person declined the new model.
        failed: why the run failed.

    Raises:
        UserError: if no retrain was begun, or it cannot be committed or promoted.
    """
    with exclusive_access():
        retrain = retrains.read_current()
        if retrain is None:
            raise UserError("no retrain was begun; `sensorium collect` begins one.")
        promotion = retrain.get("promoting")
        if promotion and find(promotion["version"]).stage in (CHAMPION, ARCHIVED):  # before it was cut off
            _end(retrain, retrains.PROMOTED, promotion)
        else:
            _end(retrain, *_decide(retrain, declined, failed))


def _decide(retrain: dict[str, Any], declined: str | None, failed: str | None) -> tuple[str, dict[str, Any]]:
    """Commits the results, promotes the model if it may be; returns the outcome and its details."""
    verdict = read_json(VERDICT, made_by="gate") if VERDICT.is_file() and not failed else None
    if failed:
        restore(Path("dvc.lock"))  # that of half a run would be taken for that of a model
    elif verdict:
        _require_finished(verdict)
    outcome, why = _outcome(verdict, declined, failed)
    refuse_dirty("concluding a retrain", but="dvc.lock")
    commit_changed(Path("dvc.lock"), f"Retrain {retrain['id']}: what the run made")
    known: dict[str, Any] = {"passed": verdict["passed"] if verdict else None, "commit": head(), "version": None}
    if verdict:
        known["data"] = read_lineage(head()).data
    if outcome == retrains.PROMOTED:
        version = promote.committed_version()
        known["version"], why = version.name, f"{version.name} is the champion: {why}"
        retrains.note_promotion(retrain, **known, why=f"{why}.")
        promote.assign_stage(version, CHAMPION)
    return outcome, known | {"why": f"{why}."}


def _end(retrain: dict[str, Any], outcome: str, known: dict[str, Any]) -> None:
    retrains.end(retrain, outcome, **known)
    print(f"conclude: {outcome}: {known['why'].rstrip('.')}")


def _require_finished(verdict: dict[str, Any]) -> None:
    """Makes sure that all results were made from the current data, params, code and champion.

    Raises:
        UserError: naming stages that are still to run.
    """
    from dvc.repo import Repo

    needless = set() if verdict["passed"] else AFTER_THE_GATE
    if not _was_compared_with(read_champion(), verdict):  # then the model is not promoted, whatever else is to run
        needless = {"gate", *AFTER_THE_GATE}
    with Repo() as repository:
        due = {name: why for name, why in repository.status().items() if name not in needless}
    changed = [name for name, why in due.items() if why != ALWAYS or not source.is_current()]
    if changed:
        raise UserError(f"the pipeline has not run to its end ({', '.join(changed)}); `dvc repro`, then conclude.")


def _outcome(verdict: dict[str, Any] | None, declined: str | None, failed: str | None) -> tuple[str, str]:
    """The outcome of the retrain, and the reason."""
    champion = read_champion()
    stays = f"the champion {champion.version} stays" if champion else "there is no champion still"
    if failed:
        return retrains.FAILED, f"{stays}: {failed.rstrip('.')}"
    if verdict is None:
        raise UserError(f"{VERDICT} is not there; run `dvc repro`, then conclude.")
    if not verdict["passed"]:
        failed_rules = "; ".join(rule["words"] for rule in verdict["rules"] if not rule["passed"])
        return retrains.KEPT, f"{stays}, the new model did not pass the gate: {failed_rules}"
    if not _was_compared_with(champion, verdict):
        compared = verdict["champion"]["version"] or "none"
        return (
            retrains.KEPT,
            f"{stays}: the new model was compared with {compared}; `dvc repro` does it again",
        )
    if declined:
        return retrains.DECLINED, f"{stays}: {declined.rstrip('.')}"
    new = read_json(paths.BENTO, made_by="package")["model_version"]
    if champion and champion.model_version == new:
        return retrains.KEPT, f"{stays}: the new model is the same"
    return retrains.PROMOTED, f"all {len(verdict['rules'])} rules of the gate passed"


def _was_compared_with(champion: Champion | None, verdict: dict[str, Any]) -> bool:
    """Whether the gate compared the new model with this champion's model."""
    compared = verdict["champion"].get("model_version", "")  # missing in gate.json of earlier versions
    return compared == (champion.model_version if champion else None)
