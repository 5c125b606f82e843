"""The page of a check: the answer in words, what changed and how, Evidently's panels, requests to look at."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sensorium.errors import BadInput
from sensorium.files import replacing
from sensorium.modalities import Modality
from sensorium.monitoring import names
from sensorium.monitoring.checked import Checked
from sensorium.monitoring.drift import words
from sensorium.monitoring.drift.check import EMBEDDING, PREDICTIONS, Finding
from sensorium.monitoring.drift.effects import shares
from sensorium.monitoring.log.lines import counted
from sensorium.report.page import Page
from sensorium.report.plots import BLUE, ORANGE, WIDE, canvas
from sensorium.serving import content

MOST_PLOTS, MOST_EXAMPLES = 6, 6
MOST_CLASSES = 12  # in a plot
MOST_LISTED = 200  # checks
KEPT = 30  # pages of checks, some 5 MB each
GOOD = {words.DRIFT: False, words.NO_DRIFT: True}  # verdicts
NO_CONTENT = '<p class="note">not kept (monitor.keep_content)</p>'


def write_report(found: Checked, said: Mapping[str, Any], log: Path, folder: Path) -> None:
    """Writes the page into a folder of its own, and drops the oldest ones.

    Args:
        found: what was looked at.
        said: the check as data.
        log: the service's folder, where content may be kept.
        folder: named by the check's id.
    """
    page = Page("Drift", said["words"], good=GOOD.get(said["verdict"]))
    page.table("The check", ["", ""], list(_facts(said)), texts=2)
    page.lines("To know", [*said["notes"], said["why"]])
    if found.outcome:
        for test in _worth_a_plot(found.outcome.findings):
            figure = _plot(test, found.reference.rows, found.rows)
            if figure:
                page.picture(f"{test.about}: {test.what}", figure, f"{test.words}; effect {test.effect:.2f}")
        _tests(page, found.outcome.findings, found.outcome.bound)
    _performance(page, said["performance"])
    if found.compared:
        page.frame("Evidently's panels", found.compared.html(), "reference beside current, by column")
    if found.outcome:
        cards = list(_examples(found, found.outcome.far, said["drifted"], log))
        page.seen("The farthest from the reference", cards, "requests whose embeddings lie farthest from it")
    with replacing(folder) as beside:
        beside.mkdir(parents=True)
        (beside / "index.html").write_text(page.html(), encoding="utf-8")
    for old in sorted(path for path in folder.parent.iterdir() if path.is_dir())[:-KEPT]:
        shutil.rmtree(old)


def write_index(checks: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """A page with the last checks, the newest first, and links to those whose pages are still there."""
    page = Page("Checks", checks[-1]["words"], good=GOOD.get(checks[-1]["verdict"]))
    links = [
        (f"{_minute(one)}, {counted(one['predictions'], 'prediction')}: {one['words']}", _page(one, folder))
        for one in reversed(checks[-MOST_LISTED:])
    ]
    page.links("The last checks", links)
    with replacing(folder / "index.html") as beside:
        beside.write_text(page.html(), encoding="utf-8")


def _page(check: Mapping[str, Any], folder: Path) -> str:
    """The address of a check's page, if it was not dropped."""
    address = f"{check['id']}/index.html"
    return address if (folder / address).is_file() else ""


def _minute(check: Mapping[str, Any]) -> str:
    return check["time"][:16].replace("T", " ")


def _facts(said: Mapping[str, Any]) -> Iterator[list[str]]:
    yield ["verdict", said["verdict"]]
    yield ["time", f"{_minute(said)} UTC"]
    yield ["model", said["model_version"]]
    yield ["looked at", f"the last {said['hours']:g} hours"]
    yield ["predictions", f"{said['predictions']:,}, {said['independent']:,} of them independent"]
    feedback = said["feedback"]
    new, rejected = counted(feedback["new"], "new prediction"), counted(feedback["rejected"], "label")
    yield ["feedback", f"{new} to learn from, {rejected} set aside"]


def _worth_a_plot(tests: Sequence[Finding]) -> list[Finding]:
    """What drifted most; where nothing did, what came nearest to it."""
    plotted = [test for test in tests if test.words or test.what == EMBEDDING]
    drifted = [test for test in plotted if test.drifted]
    chosen = drifted or [test for test in plotted if test.what in (EMBEDDING, PREDICTIONS)]
    return sorted(chosen, key=lambda test: (test.p_value, -test.effect))[:MOST_PLOTS]


def _plot(test: Finding, before: pd.DataFrame, now: pd.DataFrame) -> Figure | None:
    """The reference and the current rows, in one plot."""
    if test.what == EMBEDDING:
        return _clouds(test.about, before, now)
    if test.what == names.PRESENCE:
        return None
    column = names.said(test.about) if test.what == PREDICTIONS else names.descriptor(test.about, test.what)
    first, second = (table[column].dropna() if column in table else pd.Series(dtype=float) for table in (before, now))
    if pd.api.types.is_numeric_dtype(first) and pd.api.types.is_numeric_dtype(second):
        return _histograms(first, second)
    return _bars(first, second)


def _legend(axes: Axes) -> None:
    """Above the plot, where nothing is drawn."""
    axes.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1))


def _histograms(before: pd.Series, now: pd.Series) -> Figure:
    figure, (axes,) = canvas(WIDE, 2.4)
    edges = np.linspace(min(before.min(), now.min()), max(before.max(), now.max()) + 1e-9, 40).tolist()
    for values, colour, name in ((before, BLUE, "reference"), (now, ORANGE, "current")):
        axes.hist(values, edges, weights=np.full(len(values), 1 / len(values)), color=colour, alpha=0.55, label=name)
    axes.set_yticks([])
    _legend(axes)
    return figure


def _bars(before: pd.Series, now: pd.Series) -> Figure:
    table = pd.DataFrame({"reference": shares(before), "current": shares(now)}).fillna(0.0)
    table = table.loc[table.max(axis=1).sort_values(ascending=False).index[:MOST_CLASSES]]
    figure, (axes,) = canvas(WIDE, 0.42 * len(table) + 0.6)
    for offset, (name, colour) in ((-0.2, ("reference", BLUE)), (0.2, ("current", ORANGE))):
        drawn = axes.barh(np.arange(len(table)) + offset, table[name], 0.38, color=colour, label=name)
        axes.bar_label(drawn, labels=[f"{share:.0%}" for share in table[name]], padding=4, fontsize=8)
    axes.set_yticks(range(len(table)), list(table.index))
    axes.invert_yaxis()
    axes.xaxis.set_visible(False)
    _legend(axes)
    return figure


def _clouds(name: str, before: pd.DataFrame, now: pd.DataFrame) -> Figure | None:
    """The first two axes of an input's embeddings."""
    columns = [names.axis(name, number) for number in (0, 1)]
    if not all(column in table for column in columns for table in (before, now)):
        return None
    figure, (axes,) = canvas(WIDE, 4)
    for table, colour, label in ((before, BLUE, "reference"), (now, ORANGE, "current")):
        axes.scatter(table[columns[0]], table[columns[1]], s=14, alpha=0.6, color=colour, label=label, linewidths=0)
    axes.set_xlabel("first axis")
    axes.set_ylabel("second axis")
    _legend(axes)
    return figure


def _tests(page: Page, tests: Sequence[Finding], bound: float) -> None:
    page.table(
        "Everything that was compared",
        ["what", "how", "", "effect", "p-value"],
        [
            [f"{test.about}: {test.what}", test.words, "drifted" if test.drifted else "", f"{test.effect:.2f}",
             f"{test.p_value:.2g}"]
            for test in sorted(tests, key=lambda test: (test.p_value, -test.effect))
        ],
        f"a p-value below {bound:.2g} is too much for chance, with all of these tests together",
        texts=3,
    )  # fmt: skip


def _performance(page: Page, performance: Mapping[str, Mapping[str, Any]]) -> None:
    def share(value: float | None) -> str:
        return "" if value is None else f"{value:.1%}"

    page.table(
        "How well it does",
        ["target", "on the reference", "by feedback", "95% interval", "labels given", "estimated by confidence"],
        [
            [target, share(one["reference"]), share(one["accuracy"]),
             f"{share(one['low'])} to {share(one['high'])}" if one["low"] is not None else "",
             f"{one['told']:,}", share(one["estimated"])]
            for target, one in performance.items()
        ],
        "people report mistakes rather than what is right; an estimate by confidence means little where inputs "
        "are of a sort that the model never saw",
    )  # fmt: skip


def _examples(found: Checked, far: pd.DataFrame, drifted: Sequence[str], log: Path) -> Iterator[dict[str, Any]]:
    """The rows that lie farthest in the inputs that drifted, or in any if none did."""
    inputs, targets = found.predictor.inputs, found.predictor.targets
    wanted = far[list(drifted) or list(inputs)]
    scaled = (wanted - wanted.mean()) / wanted.std().replace(0, 1)
    for place in scaled.max(axis=1).sort_values(ascending=False).index[:MOST_EXAMPLES]:
        row = found.rows.loc[place]
        yield {
            "id": row["request_id"],
            "time": f"{row['time']:%Y-%m-%d %H:%M:%S}",
            "said": ", ".join(f"{target}: {row[names.said(target)]}" for target in targets),
            "inputs": [
                {"name": name, "html": _shown(row, name, kind, log), "described": _described(row, name)}
                for name, kind in inputs.items()
                if row.get(names.present(name))  # there is no such column where no request had it
            ],
        }


def _shown(row: pd.Series, name: str, kind: Modality, log: Path) -> str:
    """The input itself, where it is kept."""
    kept = row.get(names.content(name))
    path = content.find(log, kept) if isinstance(kept, str) else None
    if not path:
        return NO_CONTENT
    try:
        return kind.show(kind.accept(path.read_bytes()), [])
    except (BadInput, OSError):  # the service may forget it meanwhile
        return NO_CONTENT


def _described(row: pd.Series, name: str) -> str:
    told = row[names.descriptors(name, row.index)].dropna()
    cells = [(names.subject(str(column))[1], cell) for column, cell in told.items()]
    return ", ".join(f"{what} {cell:.3g}" if isinstance(cell, float) else f"{what} {cell}" for what, cell in cells)
