"""monitor: compare what the service saw with what the model was made with."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sensorium import params, paths
from sensorium.errors import UserError
from sensorium.files import rounded, write_json
from sensorium.monitoring import checks, retrains
from sensorium.monitoring.checked import Checked
from sensorium.monitoring.drift import words
from sensorium.monitoring.drift.check import FEWEST, check, independent, read_reference
from sensorium.monitoring.evidently.workspace import add
from sensorium.monitoring.feedback.choice import choose
from sensorium.monitoring.feedback.judged import read_feedback
from sensorium.monitoring.feedback.performance import Performance, measure
from sensorium.monitoring.log.lines import counted
from sensorium.monitoring.log.window import read_window
from sensorium.monitoring.settings import Retrain
from sensorium.report.monitoring import write_index, write_report
from sensorium.serving import journal
from sensorium.serving.deployment import champion_folder
from sensorium.serving.predictor import Predictor
from sensorium.sources.feedback import read_collected

FOLDER = paths.REPORTS / "monitoring"
FILE = FOLDER / "check.json"
WORKSPACE = paths.MONITORING / "workspace"  # `evidently ui --workspace data/monitoring/workspace`


def run(hours: float | None = None) -> None:
    """Writes reports/monitoring/check.json, a page, and a run in Evidently's workspace.

    Args:
        hours: how far back, instead of what params.yaml says.

    Raises:
        UserError: if there is no model with a reference, or its folder cannot be used.
    """
    settings = params.load()
    if hours is not None and hours <= 0:
        raise UserError(f"--hours {hours:g} looks at nothing; give a number above 0.")
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as progress:
        progress.add_task("reading the log and comparing")
        found = look(settings, hours or settings.monitor.hours, datetime.now(UTC))
        said = describe(found, settings.retrain, list(settings.targets))
        page = FOLDER / said["id"]
        write_report(found, said, journal.folder(), page)
        if found.outcome:
            add(
                WORKSPACE,
                found.outcome.compared,
                "sensorium",
                found.now,
                [said["verdict"]],
                {"model": said["model_version"]},
            )
    checks.append(said)
    write_index(checks.read(), FOLDER)
    write_json(FILE, said)
    print(f"monitor: {said['verdict']}: {said['words']}")
    for note in [*said["notes"], said["why"]]:
        print(f"monitor: {note}")
    print(f"monitor: {page / 'index.html'}")


def look(settings: params.Params, hours: float, now: datetime) -> Checked:
    """Reads logs and model, and compares them."""
    folder = champion_folder()
    predictor = Predictor.load(folder)
    reference = read_reference(folder, predictor.targets)
    log = journal.folder()
    window = read_window(log, predictor.version, hours, now)
    feedback = read_feedback(log, settings.retrain.trusted, now)
    rows = independent(window.rows, reference)
    told = feedback.about(predictor.version, now - timedelta(hours=hours))
    performance = measure(window.rows, reference.everything, told, predictor.targets)
    outcome = None
    if len(rows) >= FEWEST:
        outcome = check(reference, rows, predictor.inputs, list(predictor.targets), settings.monitor.false_alarms)
    return Checked(now, hours, predictor, reference, window, rows, feedback, performance, outcome)


def describe(found: Checked, settings: Retrain, targets: Sequence[str]) -> dict[str, Any]:
    """The check as data."""
    inputs = list(found.predictor.inputs)
    tests = found.outcome.findings if found.outcome else []
    moved = words.drifted(tests, inputs)
    verdict = words.TOO_FEW if not found.outcome else words.DRIFT if moved else words.NO_DRIFT
    learnt = choose(found.feedback, journal.folder(), read_collected(media=False), settings.trusted, targets)
    said = words.answer(tests, inputs, found.performance) if found.outcome else [_too_few(found)]
    wish, why = _retrain(verdict, learnt.fresh, settings)
    identity = found.now.strftime("%Y%m%dT%H%M%SZ")
    return rounded({
        "id": identity,
        "time": found.now.isoformat(timespec="seconds"),
        "hours": found.hours,
        "model_version": found.predictor.version,
        "predictions": found.window.predictions,
        "independent": len(found.rows),
        "verdict": verdict,
        "words": said[0],
        "notes": [*said[1:], *found.window.notes, *found.feedback.notes, *_set_aside(learnt.rejected)],
        "drifted": moved,
        "tests": [
            {"about": test.about, "what": test.what, "p": test.p_value, "bound": found.outcome.bound,
             "effect": test.effect, "drifted": test.drifted, "words": test.words}
            for test in tests if found.outcome
        ],
        "performance": {target: _shown(one) for target, one in found.performance.items()},
        "feedback": {
            "usable": len(learnt.earlier) + len(learnt.new), "new": learnt.fresh, "rejected": len(learnt.rejected)
        },
        "retrain": wish,
        "why": why,
        "page": str(FOLDER / identity / "index.html"),
    })  # fmt: skip


def _too_few(found: Checked) -> str:
    """Why nothing can be told."""
    last = f"in the last {found.hours:g} hours"
    if not found.window.predictions:
        return f"The model {found.predictor.version} predicted nothing {last}; nothing can be told of drift."
    predicted = f"{counted(found.window.predictions, 'prediction')} {last}"
    if found.window.predictions >= FEWEST:
        differ = words.listed(found.reference.grouped_by) or "their inputs"
        predicted += f", but only {len(found.rows)} that differ in {differ}"
    return f"{predicted}; {FEWEST} are needed to tell drift from chance."


def _retrain(verdict: str, new: int, settings: Retrain) -> tuple[str | None, str]:
    """Whether a retrain is asked for, and why."""
    told = f"{counted(new, 'new labelled prediction')} can be learnt from"
    for reason, holds in ((retrains.DRIFT, verdict == words.DRIFT), (retrains.FEEDBACK, True)):
        if holds and new >= retrains.needed(reason, settings):
            return reason, f"A retrain is asked for on {reason}: {told}."
    wanted = retrains.needed(retrains.DRIFT if verdict == words.DRIFT else retrains.FEEDBACK, settings)
    return None, f"No retrain is asked for: {told}, {wanted} are needed."


def _set_aside(rejected: pd.DataFrame) -> list[str]:
    """A sentence for each reason why labels are not used."""
    counts = rejected["reason"].value_counts()
    return [f"{counted(int(number), 'label')} of feedback set aside: {reason}." for reason, number in counts.items()]


def _shown(found: Performance) -> dict[str, Any]:
    low, high = found.interval or (None, None)
    return {
        "told": found.told,
        "accuracy": found.accuracy,
        "low": low,
        "high": high,
        "reference": found.reference,
        "estimated": found.estimated,
        "unknown": dict(found.unknown),
    }
