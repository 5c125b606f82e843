"""The page about the data: rows, inputs, targets, and the quarantine."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.report.page import RUN, Page
from sensorium.report.strips import bars
from sensorium.targets import KINDS, Target

MOST_CLASSES = 40  # or tags, that a plot has room for
MOST_REASONS = 50
MOST_SPELLINGS = 20  # of a column


def _shown(names: int, kind: type[Target]) -> str:
    if names <= MOST_CLASSES:
        return f"Valid rows of every {kind.learnt.words.part}."
    return f"Valid rows of the {MOST_CLASSES} commonest {kind.tally}; metrics/validate.json has all."


def _more(reasons: int) -> str:
    return f"{reasons:,} reasons; these are the {MOST_REASONS} commonest. " if reasons > MOST_REASONS else ""


def write_report(
    counts: Mapping[str, Any],
    rejected: pd.DataFrame,
    spellings: Mapping[str, Mapping[str, Mapping[str, int]]],
    folder: Path,
) -> None:
    """Writes ``folder/index.html``: rows, inputs, classes, and why rows are in quarantine.

    Args:
        counts: what metrics/validate.json holds.
        rejected: what each row lost and the ``reason``: an ``input``, the label of a ``target``, or neither: the row.
        spellings: by column and value that is spelled in several ways, the rows of each spelling.
        folder: where to write.
    """
    page = Page(
        "Data",
        f"{counts['valid']:,} of {counts['rows']:,} rows are valid{_partly_quarantined(counts)}, "
        f"{counts['quarantined']:,} are in quarantine.",
        trail=[RUN],
    )
    if counts["warnings"]:
        page.lines("What to look at", counts["warnings"])
    page.table(
        "Inputs",
        ["input", "rows that have it", "share", "unreadable"],
        [
            [name, f"{found['present']:,}", f"{found['present'] / max(counts['valid'], 1):.1%}", found["unreadable"]]
            for name, found in counts["inputs"].items()
        ],
        "Of the valid rows. A row loses what cannot be read; one that has nothing else is in quarantine.",
    )
    for kind in KINDS.values():
        for target, rows in counts.get(kind.tally, {}).items() if kind.counts_rows else ():
            commonest = dict(sorted(rows.items(), key=lambda entry: -entry[1])[:MOST_CLASSES])
            if commonest:
                page.picture(f"{target}: {len(rows)} {kind.tally}", bars(commonest), _shown(len(rows), kind))
    if spellings:
        page.table(
            "Spelled in several ways",
            ["column", "read as", "spelled, in rows"],
            [
                [column, repr(name), ", ".join(f"{text!r} in {rows:,}" for text, rows in ways.items())]
                for column, names in spellings.items()
                for name, ways in islice(names.items(), MOST_SPELLINGS)
            ],
            "Equal values count as one, however the table writes them.",
            texts=3,
        )
    if not rejected.empty:
        lost = rejected["input"].fillna(rejected["target"]).fillna("the row")
        reasons = rejected.groupby([lost, "reason"])["id"].agg(["size", "first"]).sort_values("size", ascending=False)
        page.table(
            "Quarantine",
            ["what is lost", "reason", "for example", "rows"],
            [[what, why, first, f"{size:,}"] for (what, why), size, first in reasons.head(MOST_REASONS).itertuples()],
            f"{_more(len(reasons))}All rows and reasons are in data/valid/quarantine.parquet.",
            texts=3,
        )
    page.write(folder)


def _partly_quarantined(counts: Mapping[str, Any]) -> str:
    """How many rows lost an input or a label."""
    number = counts["partly_quarantined"]
    return f" ({number:,} of them without an input or a label that cannot be used)" if number else ""
