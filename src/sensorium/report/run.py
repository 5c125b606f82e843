"""The report of a whole run on one page: the verdict first, then data, training, evaluation and compression."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.dataset.columns import SPLITS
from sensorium.files import replacing
from sensorium.modalities import Modality
from sensorium.plots import BLUE, ORANGE, WIDE, canvas
from sensorium.report import words
from sensorium.report.page import ELSEWHERE, MOST_BYTES, Page, render, within_size
from sensorium.targets import KINDS, Learnt, kind_of

FOLDED = ("Compression",)  # chapters that show their answer only, until they are opened
MOST_SCORES = 3  # that a title has room for
OTHER_PAGES = {"Great Expectations' Data Docs": "validation/index.html", "the model's card": "model-card.md"}


@dataclass(frozen=True)
class Run:
    """The results of all stages.

    Attributes:
        project: its name.
        made: the day of the run.
        verdict: metrics/gate.json.
        rules: its rules, each with the value that was measured.
        validated: metrics/validate.json.
        evaluated: metrics/evaluate.json, with slices, robustness and subsets.
        compressed: metrics/compress.json.
        times: metrics/timings/compress.json.
        inputs: as declared.
        rows: data/prepared/rows.parquet.
        curve: losses by epoch.
        lineage: what the model was made from.
    """

    project: str
    made: date
    verdict: Mapping[str, Any]
    rules: Sequence[Mapping[str, Any]]
    validated: Mapping[str, Any]
    evaluated: Mapping[str, Any]
    compressed: Mapping[str, Any]
    times: Mapping[str, Any]
    inputs: Mapping[str, Modality]
    rows: pd.DataFrame
    curve: pd.DataFrame
    lineage: Mapping[str, str]

    @property
    def of_kinds(self) -> list[tuple[type[Learnt], dict[str, Any]]]:
        """The figures of the targets of each kind."""
        found: dict[type[Learnt], dict[str, Any]] = {kind.learnt: {} for kind in KINDS.values()}
        for target, tree in self.evaluated.items():
            found[kind_of(tree)][target] = tree
        return [(kind, trees) for kind, trees in found.items() if trees]

    @property
    def served(self) -> list[str]:
        """How good each target is as served, half a sentence each."""
        figures = {kind: self.compressed.get(kind.main, {}) for kind, _ in self.of_kinds}
        return [kind.words.served.format(target, one) for kind, of in figures.items() for target, one in of.items()]

    @property
    def findings(self) -> list[str]:
        """Warnings to read before the figures; see `sensorium.report.words.findings`."""
        return words.findings(self.evaluated)

    @property
    def smaller(self) -> str:
        """What compression did to the size."""
        return f"{words.times_smaller(self.compressed['smaller'])} than trained"

    @property
    def changed(self) -> str:
        """What compression did to the scores."""
        return words.compression(self.compressed)


def write_run(run: Run, pages: Mapping[str, Page], folder: Path) -> None:
    """Writes ``folder/index.html``, which needs no other file.

    Args:
        run: the run.
        pages: those that the stages wrote: data, search, evaluation, compression.
        folder: where to write.
    """
    chapters = {
        "Verdict": _rules(run),
        "Data": pages["data"],
        "Splits": _splits(run),
        "Search": pages["search"],
        "Training": _training(run),
        "Evaluation": pages["evaluation"],
        "Compression": pages["compression"],
        "Lineage": _lineage(run),
    }
    failed = [rule["words"] for rule in run.rules if not rule["passed"]]
    headline = _headline(run)
    html = render(
        "run.html",
        run=run,
        title=f"{run.project} · {headline}",
        headline=headline,
        summary=_verdict(run),
        failed=failed,
        tiles=_tiles(run),
        chapters=_within_size(chapters, {page.title: f"{name}/index.html" for name, page in pages.items()}),
        folded=FOLDED,
        beside={page.title: f"{name}/index.html" for name, page in pages.items()} | OTHER_PAGES,
    )
    with replacing(folder / "index.html") as beside:
        beside.write_text(html, encoding="utf-8")


def _within_size(chapters: Mapping[str, Page], own: Mapping[str, str]) -> dict[str, Page]:
    """The chapters within the bytes that a page may have; what is too large is left to the chapter's own page."""
    parts = [(name, part) for name, page in chapters.items() for part in page.parts]
    where = [f"{own[title]} has it" if (title := chapters[name].title) in own else ELSEWHERE for name, _ in parts]
    kept = iter(within_size([part for _, part in parts], MOST_BYTES, where))
    return {name: replace(page, parts=[next(kept) for _ in page.parts]) for name, page in chapters.items()}


def _headline(run: Run) -> str:
    """The day, the scores and the verdict: ``26 Nov 2026 · category 88.4%, gate passed``."""
    scores = [f"{target} {words.short_figure(found)}" for target, found in run.evaluated.items()]
    more = [f"{len(scores) - MOST_SCORES} more"] if len(scores) > MOST_SCORES else []
    verdict = "gate passed" if run.verdict["passed"] else "gate not passed"
    return f"{run.made.day} {run.made:%b %Y} · {', '.join([*scores[:MOST_SCORES], *more, verdict])}"


def _tiles(run: Run) -> list[tuple[str, str, str]]:
    """Heading, figure and what it means."""
    tiles = []
    for target, found in run.evaluated.items():
        kind = kind_of(found)
        form = f"{kind.words.short_form} to {kind.words.short_form}"
        title = f"{target} {kind.words.title[:1].lower()}{kind.words.title[1:]}"
        tiles.append((title, kind.words.short_form.format(found[kind.main]), words.bounds(found, form)))
    data, size, times = run.validated, run.compressed, run.times
    tiles.append(("rows", f"{data['rows']:,}", f"{data['quarantined']:,} in quarantine"))
    tiles.append(("served size", words.megabytes(1e6 * size["megabytes"]), run.smaller))
    faster = f"95% within {times['p95_ms']:.1f} ms, {words.times_faster(times['faster']['single'])} than trained"
    tiles.append(("a prediction", f"{times['p50_ms']:.1f} ms", faster))
    return tiles


def _verdict(run: Run) -> str:
    """How many rules hold, and how many could not be judged."""
    if not run.rules:
        return "There are no rules: `gate` in params.yaml is empty, so nothing was asked of this model."
    unjudged = [rule for rule in run.rules if "reason" in rule]
    held = sum(rule["passed"] for rule in run.rules if "reason" not in rule)
    summary = f"{held} of {len(run.rules)} rules hold"
    return f"{summary}; for {len(unjudged)} there was nothing to judge." if unjudged else f"{summary}."


def _rules(run: Run) -> Page:
    page = Page("Verdict", _verdict(run))
    if rules := [*map(_rule, run.rules)]:
        page.rules("Rules", rules, "As params.yaml has them. Slack is how far inside its bound a figure is.")
    champion = run.verdict["champion"]
    against = {name: found for name, found in champion.items() if isinstance(found, Mapping)}
    if against:
        page.table(
            f"Against the champion {champion['version']}",
            ["figure", "new", "champion", "gain", "rows"],
            [row for target, found in against.items() for row in _against(target, found)],
            "On the test rows that neither was fitted to, both as they are served; above zero the new one is better.",
        )
    return page


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as the template reads it."""
    numbers = {key: "" if rule[key] is None else f"{rule[key]:.4g}" for key in ("value", "bound")}
    return {
        **numbers,
        "name": rule["name"],
        "about": rule["note"],
        "sense": {">=": "≥", "<=": "≤"}[rule["sense"]],
        "slack": _slack(rule),
        "passed": rule["passed"],
        "judged": "reason" not in rule,
    }


def _slack(rule: Mapping[str, Any]) -> str:
    """How far inside its bound a figure is. For times it is computed here, since gate.json does not keep them."""
    if "reason" in rule:
        return ""
    inside = rule["value"] - rule["bound"] if rule["sense"] == ">=" else rule["bound"] - rule["value"]
    return f"{inside if rule['slack'] is None else rule['slack']:+.4g}"


def _against(target: str, found: Mapping[str, Any]) -> Iterator[list[str]]:
    for name, one in found.items():
        if isinstance(one, Mapping) and one["gain"]:
            low, high = one["gain"]
            title, rows = f"{target} {name.replace('_', ' ')}", f"{found['rows']:,}"
            yield [title, f"{one['new']:.3f}", f"{one['champion']:.3f}", f"{low:+.3f} to {high:+.3f}", rows]


def _splits(run: Run) -> Page:
    sizes = run.rows["split"].value_counts()
    rows, groups = ", ".join(f"{sizes[name]:,} {name}" for name in SPLITS), run.rows["group"].nunique()
    page = Page("Splits", f"{rows} rows, in {groups:,} groups that share nothing; a group is never divided.")
    for target in run.evaluated:
        kind = kind_of(run.evaluated[target])
        parts = kind.parts(run.rows[target])
        split = run.rows["split"].loc[parts.index].to_numpy()  # a row may be in several parts
        counts = pd.crosstab(parts.to_numpy(), split).reindex(columns=list(SPLITS), fill_value=0)
        counts = counts.sort_values("train", ascending=False)
        cells = [[name, *(f"{n:,}" for n in row)] for name, *row in counts.itertuples()]
        page.table(target, [kind.words.part, *SPLITS], cells, whole="data/prepared/rows.parquet")
    rates = run.rows[list(run.inputs)].notna().groupby(run.rows["split"]).mean().reindex(list(SPLITS))
    present = {name: [f"{share:.1%}" for share in rates[name]] for name in run.inputs}
    page.table("Rows that have an input", ["input", *SPLITS], [[name, *found] for name, found in present.items()])
    return page


def _training(run: Run) -> Page:
    best = run.curve.iloc[int(run.curve["validation"].argmin())]
    if len(run.curve) == 1:
        return Page("Training", f"Solved in one step: validation loss {best['validation']:.4f}.")
    page = Page(
        "Training",
        f"The weights kept are those of epoch {best['epoch']:.0f} of {len(run.curve)}: validation loss "
        f"{best['validation']:.4f}.",
    )
    figure, axes = canvas(WIDE, 3)
    axes.plot(run.curve["epoch"], run.curve["train"], color=ORANGE, label="training, inputs dropped at random")
    axes.plot(run.curve["epoch"], run.curve["validation"], color=BLUE, label="validation, running mean of weights")
    axes.scatter([best["epoch"]], [best["validation"]], color=BLUE, zorder=3)
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")
    axes.legend(frameon=False, fontsize=9)
    page.picture("Learning curves", figure)
    return page


def _lineage(run: Run) -> Page:
    page = Page("Lineage", f"Model {run.lineage['model']}, made from commit {run.lineage['commit']}.")
    page.table("Made from", ["", ""], [[name, value] for name, value in run.lineage.items()], texts=2)
    return page
