"""The page of a check: the verdict in words, plots of what drifted, Evidently's table, and requests to look at."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from sensorium.errors import BadInput
from sensorium.files import remove, replacing
from sensorium.modalities import Modality
from sensorium.monitoring import names
from sensorium.monitoring.check_result import CheckResult
from sensorium.monitoring.drift import words
from sensorium.monitoring.drift.detection import Finding
from sensorium.monitoring.drift.effects import number
from sensorium.monitoring.log.lines import counted
from sensorium.report.changes import plot, worth_a_plot
from sensorium.report.page import Page
from sensorium.report.shown import seen_as
from sensorium.serving import content
from sensorium.targets import Learnt

MOST_EXAMPLES = 6
MOST_LISTED = 200  # checks
KEPT = 30  # pages of checks, some 5 MB each
TITLES = {words.DRIFT: "Drift", words.NO_DRIFT: "No drift", words.TOO_FEW: "Too few requests to tell"}  # by verdict
GOOD = {words.DRIFT: False, words.NO_DRIFT: True}
CHIPS = {words.DRIFT: ("bad", "!"), words.NO_DRIFT: ("good", "\u2713"), words.TOO_FEW: ("open", "\u2013")}
ABOVE = [("All checks", "../index.html")]
NOT_KEPT = "not kept (monitor.keep_content)"
NO_CONTENT = f'<p class="note">{NOT_KEPT}</p>'


def write_report(found: CheckResult, check: Mapping[str, Any], log: Path, folder: Path) -> None:
    """Writes the page into a folder of its own, and drops the oldest ones.

    Args:
        found: the check.
        check: the same as JSON.
        log: the service's folder, where content may be kept.
        folder: of the page, named by the check's id.
    """
    verdict = check["verdict"]
    page = Page(TITLES[verdict], check["words"], good=GOOD.get(verdict), trail=ABOVE)
    page.table("The check", ["", ""], list(_facts(check)), texts=2)
    page.lines("To know", [*check["notes"], check["why"]])
    if found.drift:
        for test in worth_a_plot(found.drift.findings):
            figure = plot(test, found)
            if figure:
                page.picture(f"{test.about}: {test.what}", figure, f"{test.words}; effect {test.effect:.2f}")
        _tests(page, found.drift.findings, found.drift.bound)
    _performance(page, check["performance"], found.predictor.targets)
    if found.evidently:
        read = "Evidently's table: a column has drifted where its score is above 1; a row opens to larger plots"
        page.frame("Column by column", found.evidently.html(), read)
    if found.drift:
        _farthest(page, list(_examples(found, found.drift.distances, check["drifted"], log)))
    with replacing(folder) as beside:
        beside.mkdir(parents=True)
        (beside / "index.html").write_text(page.html(), encoding="utf-8")
    for old in sorted(path for path in folder.parent.glob("[!.]*") if path.is_dir())[:-KEPT]:
        remove(old)


def write_index(checks: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Writes the page that lists the last checks, the newest first, with links to their pages where these are kept."""
    last = checks[-1]
    page = Page("Checks", f"{_minute(last)} UTC: {last['words']}", good=GOOD.get(last["verdict"]))
    rows = [
        [_linked(one, folder), _verdict(one["verdict"]), words.listed(one["drifted"]), f"{one['predictions']:,}"]
        for one in reversed(checks[-MOST_LISTED:])
    ]
    note = f"the pages of the last {KEPT} are kept" if len(checks) > KEPT else ""
    page.table("The last checks", ["time (UTC)", "verdict", "what drifted", "requests"], rows, note, texts=3)
    with replacing(folder / "index.html") as beside:
        beside.write_text(page.html(), encoding="utf-8")


def _linked(check: Mapping[str, Any], folder: Path) -> str:
    """The time of a check, with a link to its page if that is kept."""
    address, time = f"{check['id']}/index.html", _minute(check)
    return Markup('<a href="{}">{}</a>').format(address, time) if (folder / address).is_file() else time


def _verdict(verdict: str) -> Markup:
    return Markup('<span class="chip {}">{}</span> {}').format(*CHIPS[verdict], verdict)


def _minute(check: Mapping[str, Any]) -> str:
    return check["time"][:16].replace("T", " ")


def _facts(check: Mapping[str, Any]) -> Iterator[list[str]]:
    yield ["verdict", check["verdict"]]
    yield ["time", f"{_minute(check)} UTC"]
    yield ["model", check["model_version"]]
    yield ["looked at", f"the last {check['hours']:g} hours"]
    yield ["predictions", f"{check['predictions']:,}, {check['independent']:,} of them independent"]
    feedback = check["feedback"]
    new, rejected = counted(feedback["new"], "new prediction"), counted(feedback["rejected"], "label")
    yield ["feedback", f"{new} to learn from, {rejected} rejected"]


def _tests(page: Page, tests: Sequence[Finding], bound: float) -> None:
    page.table(
        "Everything that was compared",
        ["what", "change", "", "effect", "p-value"],
        [
            [f"{test.about}: {test.what}", test.words, "drifted" if test.drifted else "", f"{test.effect:.2f}",
             f"{test.p_value:.2g}"]
            for test in sorted(tests, key=lambda test: (test.p_value, -test.effect))
        ],
        f"a p-value below {bound:.2g} means drift; the bound is so low because so many things are compared at once",
        texts=3, whole="the check's own file",
    )  # fmt: skip


def _performance(page: Page, performance: Mapping[str, Mapping[str, Any]], targets: Mapping[str, Learnt]) -> None:
    note = (
        "people report mistakes more often than right answers; the model's confidence says little about inputs of a "
        "sort that it never saw"
    )
    held_against = any("baseline" in one for one in performance.values())
    low = dict.fromkeys(one.words.title.lower() for one in targets.values() if one.main in one.lower_is_better)
    page.table(
        "How well it does",
        ["target", "on the reference", "by feedback", "95% interval", "labels given", "estimated by confidence",
         *["always the same answer"] * held_against],
        [_performance_of(target, one, targets[target], held_against) for target, one in performance.items()],
        "; ".join([note, *(f"{title} is better low" for title in low)]),
    )  # fmt: skip


def _performance_of(target: str, found: Mapping[str, Any], learnt: Learnt, held_against: bool) -> list[str]:
    def figure(value: float | None, prefix: str = learnt.words.prefix) -> str:
        return "" if value is None else f"{prefix}{learnt.words.short_form.format(value)}"

    interval = "" if found["low"] is None else f"{figure(found['low'], '')} to {figure(found['high'], '')}"
    cells = [target, figure(found["reference"]), figure(found[learnt.main]), interval]
    cells += [f"{found['labelled']:,}", figure(found["estimated"])]
    return [*cells, *[figure(found.get("baseline"))] * held_against]


def _examples(
    found: CheckResult, distances: pd.DataFrame, drifted: Sequence[str], log: Path
) -> Iterator[dict[str, Any]]:
    """The rows farthest from the reference in the inputs that drifted, or in any input if none did."""
    inputs, targets = found.predictor.inputs, found.predictor.targets
    wanted = distances[list(drifted) or list(inputs)]
    scaled = (wanted - wanted.mean()) / wanted.std().replace(0, 1)
    for place in scaled.max(axis=1).sort_values(ascending=False).index[:MOST_EXAMPLES]:
        row = found.rows.loc[place]
        yield {
            "id": row["request_id"],
            "time": f"{row['time']:%Y-%m-%d %H:%M:%S}",
            "predicted": ", ".join(
                f"{name}: {_answer(row[names.answer(name, one)], one)}" for name, one in targets.items()
            ),
            "inputs": [
                {"name": words.listed(alike), "html": html, "described": _described(row, alike[0])}
                for alike, html in _looks(row, inputs, log)
            ],
        }


def _looks(row: pd.Series, inputs: Mapping[str, Modality], log: Path) -> Iterator[tuple[list[str], str]]:
    """Inputs that look alike, and how they look."""
    looks: dict[tuple[str, str], list[str]] = {}
    for name, kind in inputs.items():
        if row.get(names.present(name)):  # there is no such column where no request had it
            looks.setdefault(seen_as(kind, name), []).append(name)
    return ((alike, _shown(row, alike[0], inputs[alike[0]], log)) for alike in looks.values())


def _farthest(page: Page, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds requests to look at and to listen to; if none is kept, a table of their descriptors."""
    heading, note = "The farthest from the reference", "requests whose embeddings lie farthest from it"
    if any(given["html"] != NO_CONTENT for row in rows for given in row["inputs"]):
        page.requests(heading, rows, note)
        return
    header = ["request", "what is known of it"]
    lines = [[_request(row), "; ".join(f"{one['name']}: {one['described']}" for one in row["inputs"])] for row in rows]
    page.table(heading, header, lines, f"{note}; the inputs themselves are {NOT_KEPT}", texts=2)


def _request(row: Mapping[str, Any]) -> Markup:
    return Markup("{}<br>{}<br>{}").format(row["id"], row["time"], row["predicted"])


def _shown(row: pd.Series, name: str, kind: Modality, log: Path) -> str:
    """The input itself, where it is kept."""
    given = (row.get(names.kept_file(called)) for called in (kind.asked_as(name), name))  # the latter: earlier versions
    kept = next((one for one in given if isinstance(one, str)), None)
    path = content.find(log, kept) if kept else None
    if not path:
        return NO_CONTENT
    try:
        value = kind.accept(path.read_bytes())
        return kind.show(value, []) + kind.play(value)
    except (BadInput, OSError):  # the service may have deleted it meanwhile
        return NO_CONTENT


def _described(row: pd.Series, name: str) -> str:
    descriptors = row[names.descriptors(name, row.index)].dropna()
    cells = [(names.subject(str(column))[1], cell) for column, cell in descriptors.items()]
    return ", ".join(f"{what} {_cell(cell)}" for what, cell in cells)


def _answer(cell: Any, target: Learnt) -> str:
    return number(cell) if isinstance(cell, float) else target.worded(cell)


def _cell(cell: Any) -> str:
    return number(cell) if isinstance(cell, float) else str(cell)
