"""What the data holds and what was rejected, as a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.report.page import RUN, Page
from sensorium.report.strips import bars

MOST_CLASSES = 40  # that a plot has room for
MOST_REASONS = 50


def _shown(classes: int) -> str:
    if classes <= MOST_CLASSES:
        return "Valid rows of every class."
    return f"Valid rows of the {MOST_CLASSES} commonest classes; metrics/validate.json has all."


def _more(reasons: int) -> str:
    return f"{reasons:,} reasons; these are the {MOST_REASONS} commonest. " if reasons > MOST_REASONS else ""


def write_report(counts: Mapping[str, Any], rejected: pd.DataFrame, folder: Path) -> None:
    """Writes ``folder/index.html``: rows, inputs, classes, and why rows are in quarantine.

    Args:
        counts: what metrics/validate.json holds.
        rejected: the quarantined rows with their ``reason``.
        folder: where to write.
    """
    page = Page(
        "Data",
        f"{counts['valid']:,} of {counts['rows']:,} rows are valid, {counts['quarantined']:,} are in quarantine.",
        trail=[RUN],
    )
    page.table(
        "Inputs",
        ["input", "rows that have it", "share", "unreadable"],
        [
            [name, f"{found['present']:,}", f"{found['present'] / max(counts['valid'], 1):.1%}", found["unreadable"]]
            for name, found in counts["inputs"].items()
        ],
        "Of the valid rows; those with an unreadable input are in quarantine.",
    )
    for target, classes in counts["classes"].items():
        commonest = dict(sorted(classes.items(), key=lambda entry: -entry[1])[:MOST_CLASSES])
        if commonest:
            page.picture(f"{target}: {len(classes)} classes", bars(commonest), _shown(len(classes)))
    if not rejected.empty:
        reasons = rejected.groupby("reason")["id"].agg(["size", "first"]).sort_values("size", ascending=False)
        page.table(
            "Quarantine",
            ["reason", "for example", "rows"],
            [[reason, first, f"{size:,}"] for reason, size, first in reasons.head(MOST_REASONS).itertuples()],
            f"{_more(len(reasons))}All rows and reasons are in data/valid/quarantine.parquet.",
            texts=2,
        )
    page.write(folder)
