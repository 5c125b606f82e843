"""trace: shows the model, data and commit behind a prediction, its feedback, and the retrain that learnt from it."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from rich.markup import escape
from rich.tree import Tree

from sensorium import params
from sensorium.errors import UserError
from sensorium.monitoring import retrains
from sensorium.monitoring.feedback.labels import EPOCH, read_feedback
from sensorium.monitoring.log.lines import Problems, read_records
from sensorium.monitoring.log.window import FIELDS
from sensorium.registry.lineage import Lineage, trace
from sensorium.registry.versions import Version, versions
from sensorium.serving import journal
from sensorium.sources.feedback import COLUMNS, ROWS, read_collected
from sensorium.targets import logged_in
from sensorium.terminal import Console

WIDTH = 200  # letters of a line that no terminal bounds


def run(request_id: str) -> None:
    """Prints all that is known of a prediction.

    Args:
        request_id: as its answer gave it.

    Raises:
        UserError: if it is not in the log, nor among collected feedback.
    """
    now = datetime.now(UTC)
    log = journal.folder()
    records = read_records(log, journal.PREDICTIONS, FIELDS, EPOCH, now, Problems())
    found = [(time, record) for time, record in records if record["request_id"] == request_id]
    rows, unread = _collected()
    rows_learnt = rows[rows["request_id"] == request_id]
    if not found and rows_learnt.empty:
        raise UserError(
            f"no prediction {request_id!r} is in {log}; the oldest are forgotten (serve.log_megabytes); of several "
            "replicas name the folder that holds all their logs in SENSORIUM_LOG."
        )
    tree = Tree(f"[bold]{escape(request_id)}")
    for time, record in found:
        _prediction(tree, time, record)
    _feedback(tree.add("feedback"), request_id, log, now)
    _learning(tree, rows_learnt, unread)
    Console(width=None if sys.stdout.isatty() else WIDTH).print(tree)


def _prediction(tree: Tree, time: datetime, record: dict[str, Any]) -> None:
    """Adds a prediction: time, inputs, labels and model."""
    by = f" asked by {record['key']}" if record.get("key") else ""
    at, inputs = f"{time:%Y-%m-%d %H:%M:%S} UTC", ", ".join(record["inputs"])
    here = tree.add(escape(f"{record['role']}'s prediction at {at}{by}, from {inputs}"))
    for target, kind in logged_in(record):
        label, sure = kind.traced(record, target)
        unsure = ", too unsure to be answered" if target in record.get("abstained", []) else ""
        here.add(escape(f"{target}: {label} ({sure}{unsure})"))
    model = here.add(escape(f"model {record['model_version']}"))
    if not (registered := list(_registered(record["model_version"]))):
        model.add("not registered: it was served before a promotion, or in another repository")
    for version, made in registered:
        known = model.add(f"version {version.name}{f', {version.stage}' if version.stage else ''}, Bento {made.bento}")
        known.add(f"commit {made.commit[:12]}: params.yaml and dvc.lock, `git show {made.commit[:12]}`")
        known.add(f"data version {made.data}, {_rows_of_feedback(made)}")


def _registered(model_version: str) -> Iterator[tuple[Version, Lineage]]:
    try:
        known = versions()
    except UserError:  # no repository: an installed service
        return
    for version in known:
        try:
            made = trace(version)
        except UserError:  # neither the cache nor a remote has it any more
            continue
        if made.model_version == model_version:
            yield version, made


def _rows_of_feedback(made: Lineage) -> str:
    """How many rows of feedback were in a version's data."""
    retrains_of = [one for one in retrains.read_history() if one.get("data") == made.data]
    return (
        f"with {retrains_of[-1]['rows']} rows of feedback" if retrains_of else f"from {made.params['data']['source']}"
    )


def _feedback(here: Tree, request_id: str, log: Path, now: datetime) -> None:
    """Adds the labels that people sent about it, and whether they are accepted."""
    settings = params.load()
    labels = read_feedback(log, settings.retrain.trusted, now).labels
    for one in (one for one in labels if one.label.request_id == request_id):
        by = f" by {one.label.key}" if one.label.key else ""
        verdict = f"[red]rejected[/]: {escape(one.reason)}" if one.reason else "accepted"
        target = settings.targets.get(one.label.target)
        value = target.learnt.worded(one.label.value) if target and not one.reason else one.label.value
        label = escape(f"{one.label.target}: {value}, sent{by}")  # somebody's words
        here.add(f"{label} at {one.label.time:%Y-%m-%d %H:%M:%S} UTC, {verdict}")
    if not here.children:
        here.add("none is in the log")


def _collected() -> tuple[pd.DataFrame, str]:
    """The collected rows of feedback, or why they cannot be read."""
    try:
        return read_collected(media=False), ""
    except UserError as problem:
        return pd.DataFrame(columns=COLUMNS), str(problem)


def _learning(tree: Tree, rows_learnt: pd.DataFrame, unread: str) -> None:
    """Adds the retrain that learnt from it, and its outcome."""
    here = tree.add("learning")
    if rows_learnt.empty:
        here.add(escape(unread) or "no retrain used it")
        return
    identity = str(rows_learnt["retrain"].iloc[-1])
    outcomes = [one for one in retrains.read_history() if one["id"] >= identity and "outcome" in one]
    name = rows_learnt["id"].iloc[-1]
    row = here.add(f"row {name} of {ROWS}, since retrain {identity}")
    for one in outcomes:
        version = f" as {one['version']}" if one.get("version") else ""
        data = f", data version {one['data']}" if one.get("data") else ""
        commit = f", commit {one['commit'][:12]}" if one.get("commit") else ""
        row.add(f"retrain {one['id']} ({one['reason']}): {one['outcome']}{version}{commit}{data}")
    if not outcomes:
        row.add("that retrain has not ended")
