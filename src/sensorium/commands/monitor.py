"""monitor: compare what the service saw with what the model was made with."""

from datetime import UTC, datetime, timedelta

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from sensorium import params, paths, private
from sensorium.errors import UserError
from sensorium.files import write_json
from sensorium.monitoring import checks
from sensorium.monitoring.checked import Checked, describe
from sensorium.monitoring.drift.check import FEWEST, check, independent, read_reference
from sensorium.monitoring.evidently.columns import show
from sensorium.monitoring.evidently.workspace import add
from sensorium.monitoring.feedback.choice import Choice, choose
from sensorium.monitoring.feedback.judged import Feedback, read_feedback
from sensorium.monitoring.feedback.performance import measure
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
        found = look(settings, hours or settings.monitor.hours, datetime.now(UTC))
        said = describe(found, settings.retrain)
        page = FOLDER / said["id"] / "index.html"
        said["page"] = str(page)
        with private.writing(FOLDER, paths.MONITORING):
            write_report(found, said, journal.folder(), page.parent)
            if found.compared:
                add(WORKSPACE, found.compared, found.now, [said["verdict"]], {"model": said["model_version"]})
            checks.append(said)
            write_index(checks.read(), FOLDER)
            write_json(FILE, said)
    print(f"monitor: {said['verdict']}: {said['words']}")
    for note in [*said["notes"], said["why"]]:
        print(f"monitor: {note}")
    print(f"monitor: {page}")


def look(settings: params.Params, hours: float, now: datetime) -> Checked:
    """Reads logs and model, and compares them."""
    folder = champion_folder()
    predictor = Predictor.load(folder)
    targets = list(predictor.targets)
    reference = read_reference(folder, predictor.targets)
    log = journal.folder()
    window = read_window(log, predictor.version, hours, now)
    rows = independent(window.rows, reference)
    feedback = read_feedback(log, settings.retrain.trusted, now)
    learnt = _learnt(feedback, settings)
    told = feedback.about(predictor.version, now - timedelta(hours=hours))
    names = {name: one.names for name, one in predictor.targets.items() if one.names}
    performance = measure(window.rows, reference.everything, told, names)
    outcome = compared = None
    if len(rows) >= FEWEST:
        outcome = check(reference, rows, predictor.inputs, targets, settings.monitor.false_alarms)
        compared = show(outcome.sides, outcome.kinds, outcome.p_values, outcome.bound, tuple(SIDES.values()))
    return Checked(now, hours, predictor, reference, window, rows, feedback, learnt, performance, outcome, compared)


def _learnt(feedback: Feedback, settings: params.Params) -> Choice | str:
    """What can be learnt from; why it is not known, where rows of before are not checked out."""
    try:
        earlier = read_collected(media=False)
    except UserError as error:
        return str(error)
    return choose(feedback, journal.folder(), earlier, settings.retrain.trusted, list(settings.targets))
