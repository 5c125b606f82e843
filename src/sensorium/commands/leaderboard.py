"""leaderboard: all runs, the best first, each with its differences from the last commit."""

from collections.abc import Iterator
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from sensorium import paths
from sensorium.errors import UserError
from sensorium.registry.experiments import CODE, Experiment, read_experiments
from sensorium.registry.versions import versions
from sensorium.report.words import bounds, main_figure
from sensorium.terminal import Console

LONGEST = 40  # letters of a value; longer ones are left to `dvc params diff`
MOST = 6  # changes of an experiment that are listed
MISSING = "not in DVC's cache"


def run() -> None:
    """Prints a row for every experiment, sorted by how good its targets are on the average."""
    found = read_experiments(versions())
    if not any(one.figures.get("evaluate") for one in found):
        raise UserError("no run is here to be compared; `dvc repro`, commit it, then `dvc exp run -S KEY=VALUE`.")
    baseline = found[0]
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("run", overflow="fold")
    table.add_column("figures", no_wrap=True)
    for heading in ("MB", "ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("gate", no_wrap=True)
    table.add_column("differs", overflow="fold")
    for one in sorted(found, key=lambda one: -one.score):
        table.add_row(*_row(one, baseline))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        "[dim]the best first, by the mean of its targets; MB as served, ms a prediction (median); differs from the "
        "last commit"
    )
    for one in found:
        if one.state == "failed":
            console.print(f"[dim]why it failed: dvc queue logs {escape(one.names[0])}")


def _row(one: Experiment, baseline: Experiment) -> Iterator[str]:
    """The cells of an experiment's row."""
    evaluated, compressed, times = (one.figures.get(name) for name in ("evaluate", "compress", "times"))
    commit = "" if "last commit" in one.names or not one.commit else f"\n[dim]{one.commit[:8]}[/]"
    yield escape("\n".join(one.names)) + commit
    yield _scores(evaluated) if evaluated else one.state or MISSING
    yield f"{compressed['megabytes']:.1f}" if compressed else ""
    yield f"{times['p50_ms']:.1f}" if times else ""
    yield _verdict(one.figures.get("gate"))
    yield escape("\n".join(_changes(one, baseline)))


def _scores(evaluated: dict[str, Any]) -> str:
    lines = []
    for target, found in evaluated.items():
        lines.append(f"{target} {main_figure(found)} [{bounds(found, '{:.2f}, {:.2f}')}]")
    return escape("\n".join(lines))


def _verdict(verdict: dict[str, Any] | None) -> str:
    if verdict is None:
        return ""
    return "[green]passed[/]" if verdict["passed"] else "[red]failed[/]"


def _changes(one: Experiment, baseline: Experiment) -> Iterator[str]:
    """The differences from the last commit, a line each."""
    if one is baseline or one.state == "unreadable":
        return
    changes = [f"{key} {_shown(value)}" for key, value in one.changes(baseline)]
    yield from changes[:MOST]
    if len(changes) > MOST:
        yield f"and {len(changes) - MOST} more"
    if "workspace" in one.names and changes and one.files == baseline.files:
        yield "(edited, not run yet)"
    for word, start in (("data", str(paths.RAW)), ("code", CODE)):
        if one.differs_in(baseline, start):
            yield f"other {word}"


def _shown(value: Any) -> str:
    if value is None:
        return "left out"
    words = str(value)
    return words if len(words) <= LONGEST else "changed"
