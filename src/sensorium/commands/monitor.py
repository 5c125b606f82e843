"""monitor: checks logged predictions for drift from the model's reference."""

from datetime import UTC, datetime, timedelta

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sensorium import params, paths, private
from sensorium.errors import UserError
from sensorium.files import write_json
from sensorium.monitoring import checks
from sensorium.monitoring.check_result import CheckResult, to_json
from sensorium.monitoring.drift.detection import FEWEST, detect_drift, independent, read_reference
from sensorium.monitoring.evidently.columns import make_report
from sensorium.monitoring.evidently.workspace import add
from sensorium.monitoring.feedback.labels import Feedback, read_feedback
from sensorium.monitoring.feedback.performance import measure
from sensorium.monitoring.feedback.selection import Selection, select
from sensorium.monitoring.log.window import read_window
from sensorium.report.changes import SIDES
from sensorium.report.monitoring import write_index, write_report
from sensorium.runtime.predictor import Predictor
from sensorium.serving import journal
from sensorium.serving.deployment import champion_folder
from sensorium.sources.feedback import read_collected

FOLDER = paths.REPORTS / "monitoring"
FILE = FOLDER / "check.json"
WORKSPACE = paths.MONITORING / "workspace"  # `evidently ui --workspace data/monitoring/workspace`
MOST_HOURS = 24 * 366  # as params.yaml allows


def run(hours: float | None = None) -> None:
    """Writes reports/monitoring/check.json, a page, and a run in Evidently's workspace.

    Args:
        hours: how far back, instead of what params.yaml says.

    Raises:
        UserError: if there is no model with a reference, or its folder cannot be used.
    """
    settings = params.load()
    if hours is not None and not 0 < hours <= MOST_HOURS:  # not-a-number is not, either
        raise UserError(f"--hours {hours:g} cannot be looked at; give a number above 0, {MOST_HOURS} at most.")
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), transient=True) as progress:
        progress.add_task("reading the log and comparing")
        found = run_check(settings, hours or settings.monitor.hours, datetime.now(UTC))
        check = to_json(found, settings.retrain)
        page = FOLDER / check["id"] / "index.html"
        check["page"] = str(page)
        with private.writing(FOLDER, paths.MONITORING):
            write_report(found, check, journal.folder(), page.parent)
            if found.evidently:
                add(WORKSPACE, found.evidently, found.now, [check["verdict"]], {"model": check["model_version"]})
            checks.append(check)
            write_index(checks.read(), FOLDER)
            write_json(FILE, check)
    print(f"monitor: {check['verdict']}: {check['words']}")
    for note in [*check["notes"], check["why"]]:
        print(f"monitor: {note}")
    print(f"monitor: {page}")


def run_check(settings: params.Params, hours: float, now: datetime) -> CheckResult:
    """Runs a check: reads logs and model, and compares them."""
    folder = champion_folder()
    predictor = Predictor.load(folder)
    reference = read_reference(folder, predictor.targets)
    log = journal.folder()
    window = read_window(log, predictor.version, hours, now)
    rows = independent(window.rows, reference)
    feedback = read_feedback(log, settings.retrain.trusted, now)
    selection = _select(feedback, settings)
    labelled = feedback.about(predictor.version, now - timedelta(hours=hours))
    performance = measure(window.rows, reference.everything, labelled, predictor.targets)
    drift = report = None
    if len(rows) >= FEWEST:
        bound, inputs, targets = settings.monitor.false_alarms, predictor.inputs, predictor.targets
        drift = detect_drift(reference, rows, inputs, targets, bound, settings.engine)
        report = make_report(drift.sides, drift.kinds, drift.p_values, drift.bound, tuple(SIDES.values()))
    return CheckResult(now, hours, predictor, reference, window, rows, feedback, selection, performance, drift, report)


def _select(feedback: Feedback, settings: params.Params) -> Selection | str:
    """The feedback to learn from; or why it is not known, if earlier rows are not checked out."""
    try:
        earlier = read_collected(media=False)
    except UserError as error:
        return str(error)
    return select(feedback, journal.folder(), earlier, settings.retrain.trusted, settings.targets)
