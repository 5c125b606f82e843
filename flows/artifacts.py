"""What a run leaves for a person to read in Prefect's pages."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from flows.pages import quoted

Figures = dict[str, Any]


def read_figures(root: Path) -> Figures:
    """All of metrics/, by file name and below timings/; empty where nothing was measured yet."""
    folder = root / "metrics"
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): json.loads(path.read_text())
        for path in sorted(folder.rglob("*.json"))
    }


def leave(root: Path, before: Figures, after: Figures) -> None:
    """Creates the summary, the table of metrics and links to the reports."""
    create_markdown_artifact(summary(before, after), key="summary", description="Data, metrics, verdict")
    create_table_artifact(rows(before, after), key="metrics", description="Figures of this run beside the last one")
    link(root, "reports/index.html", text="the whole run on one page", key="report")
    for page in sorted((root / "reports").glob("*/index.html")):
        name = page.parent.name
        link(root, f"reports/{name}/index.html", text=f"{name} report", key=f"report-{name}")


def link(root: Path, page: str, text: str, key: str) -> None:
    """Creates a link to a page below reports/, if it is there."""
    if (root / page).is_file():
        create_link_artifact(address(root, page), link_text=text, key=key)


def address(root: Path, page: str) -> str:
    """Where a person's browser finds a page below reports/."""
    served = os.environ.get("SENSORIUM_REPORTS_URL", (root / "reports").absolute().as_uri())
    return f"{served.rstrip('/')}/{page.removeprefix('reports/')}"


def summary(before: Figures, after: Figures) -> str:
    """A page in markdown: data, metrics against the last run, every rule of the gate."""
    lines = ["# Train", ""]
    if verdict := after.get("gate"):
        lines += [f"**The gate {'passed' if verdict['passed'] else 'did not pass'}.**", ""]
    if data := after.get("validate"):
        lines += [f"{data['rows']:,} rows came in, {data['quarantined']:,} of them are in quarantine.", ""]
    lines += ["| target | figure | last run | macro F1 | simplest method |", "|---|--:|--:|--:|--:|"]
    for target, found in after.get("evaluate", {}).items():
        main = next(iter(found["intervals"]))  # the main figure comes first
        last = before.get("evaluate", {}).get(target, {}).get(main)
        low_high = found["intervals"][main]
        sure = "{:.3f} to {:.3f}".format(*low_high) if low_high else f"cannot be judged: {found['unjudged']}"
        method, simplest = next(iter(found["simpler"].items()))
        f1 = f"{found['macro_f1']:.3f}" if found.get("macro_f1") is not None else ""
        lines.append(
            f"| {target} | {main} {found[main]:.3f} ({sure}) | {_change(found[main], last)} | {f1} "
            f"| {method} {simplest[main]:.3f} |"
        )
    if verdict:
        lines += ["", "| rule | value | bound | | |", "|---|--:|--:|---|---|"]
        lines += [_rule(rule, after) for rule in verdict["rules"]]
    return "\n".join(lines)


def rows(before: Figures, after: Figures) -> list[dict[str, Any]]:
    """A row for every figure of evaluation, compression and their times: its value now and in the last run."""
    last = dict(_flat(before))
    return [
        {"metric": name, "value": value, "last run": last.get(name)}
        for name, value in _flat(after)
        if name.startswith(("evaluate.", "compress.", "timings.compress."))
    ]


def _flat(tree: Any, address: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(tree, Mapping):
        for name, below in tree.items():
            yield from _flat(below, f"{address}.{name}" if address else str(name))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield address, tree


def _rule(rule: Mapping[str, Any], figures: Figures) -> str:
    """A line of the table of rules; the verdict leaves wall-clock figures to the files that they are measured in."""
    figure = dict(_flat(figures))[rule.get("at", rule["name"])] if "measured_in" in rule else rule["value"]
    value = "" if figure is None else f"{figure:g}"
    bound = "" if rule["bound"] is None else f"{rule['sense']} {rule['bound']:g}"
    mark = "**FAIL**" if not rule["passed"] else "not judged" if "reason" in rule else "pass"
    return f"| {_code(rule['name'])} | {value} | {bound} | {mark} | {quoted(rule['note'])} |"


def _code(words: str) -> str:
    """A name as code in a table's cell; one that code in markdown cannot hold, as text."""
    return quoted(words) if {*words} & {*"`|\n"} else f"`{words}`"


def _change(now: float, last: float | None) -> str:
    return "none" if last is None else f"{last:.3f} ({now - last:+.3f})"
