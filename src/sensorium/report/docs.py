"""Renderers of Great Expectations' Data Docs, in the style of the other reports.

Its own pages load styles and scripts from ten hosts, and call a run failed if one row was quarantined.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sensorium.report.page import RUN, Page

MOST_VALUES = 20  # that did not meet an expectation, of which a page shows the commonest
INDEX = "Data Docs"
OF_SUITE = "../index.html"  # the way from expectations/SUITE.html to the index
OF_RESULT = "../../../../index.html"  # and from validations/SUITE/NAME/TIME/BATCH.html


def site(folder: Path) -> dict[str, Any]:
    """The configuration of the site, for Great Expectations.

    Args:
        folder: where its pages go.
    """
    return {
        "class_name": "SiteBuilder",
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", **_made_by(IndexPage)},
        "site_section_builders": {
            "expectations": _made_by(SuitePage),
            "validations": _made_by(ResultPage),
            "profiling": "None",
        },
    }


def _made_by(renderer: type) -> dict[str, Any]:
    return {
        role: {"module_name": one.__module__, "class_name": one.__name__}
        for role, one in {"renderer": renderer, "view": View}.items()
    }


class View:
    """Turns the page that a renderer made into HTML."""

    def render(self, page: Page, **_: Any) -> str:
        """The page's text."""
        return page.html()


class IndexPage:
    """The first page: what was validated, and the suite."""

    def render(self, links: Mapping[str, Any]) -> Page:
        """A page of links.

        Args:
            links: as the site builder collects them, with ``validations_links`` and ``expectations_links``.
        """
        page = Page(INDEX, "What Great Expectations was asked about the rows, and what it found.", trail=[RUN])
        page.links(
            "Results",
            [
                (f"Rows validated on {one['run_time']:%d %b %Y, %H:%M} UTC", one["filepath"])
                for one in links["validations_links"]
            ],
        )
        page.links("Suites", [(one["expectation_suite_name"], one["filepath"]) for one in links["expectations_links"]])
        return page


class SuitePage:
    """The page of a suite: its expectations."""

    def render(self, suite: Any) -> Page:
        """A page with a row for every expectation.

        Args:
            suite: an ``ExpectationSuite``.
        """
        asked = [one.configuration for one in suite.expectations]
        page = Page(
            f"Suite: {suite.name}",
            f"{len(asked)} expectations. A row that does not meet one loses the input or the label that it is about, "
            "or is set aside, with the reason; the run goes on.",
            trail=_trail(OF_SUITE),
        )
        header = ["what must be true", "expectation", "of", "arguments", "severity"]
        page.table("Expectations", header, [_asked(one) for one in asked], texts=len(header))
        return page


class ResultPage:
    """The page of a validation: how many rows met each expectation."""

    def render(self, found: Any) -> Page:
        """A page with a row for every expectation, and the values that did not meet it.

        Args:
            found: an ``ExpectationSuiteValidationResult``.
        """
        rows = max((one.result.get("element_count", 0) for one in found.results), default=0)
        aside, all_failing = _failing(found, sets_aside=True), _failing(found)
        partly_quarantined = f"{len(all_failing - aside):,} lose an input or a label, " if all_failing - aside else ""
        page = Page(
            "Validated rows",
            f"{rows:,} rows, {len(found.results)} expectations: {rows - len(all_failing):,} meet all of them, "
            f"{partly_quarantined}{len(aside):,} are set aside, each with its reason.",
            trail=_trail(OF_RESULT),
        )
        page.table(
            "What was asked",
            ["what must be true", "rows that do not meet it"],
            [[one.expectation_config.notes, f"{one.result.get('unexpected_count', 0):,}"] for one in found.results],
            "data/valid/quarantine.parquet holds every row that lost something or was set aside, with the reasons.",
        )
        failing = [
            [one.expectation_config.notes, value, f"{count:,}"]
            for one in found.results
            for value, count in Counter(map(str, one.result.get("unexpected_list", []))).most_common(MOST_VALUES)
        ]
        if failing:
            header = ["what must be true", "cell that says otherwise", "rows"]
            page.table("What was found instead", header, failing, texts=2)
        made_by = f"Great Expectations {found.meta['great_expectations_version']}"
        suite = str(Path(OF_RESULT).parent / "expectations" / f"{found.suite_name}.html")
        page.links("Made by", [(made_by, ""), (f"its suite: {found.suite_name}", suite)])
        return page


def _failing(found: Any, sets_aside: bool = False) -> set[int]:
    """The rows that do not meet some expectation, or some of those that set a row aside."""
    return {
        row
        for one in found.results
        if not sets_aside or one.expectation_config.meta["sets_aside"]
        for row in one.result.get("unexpected_index_list") or []
    }


def _trail(index: str) -> list[tuple[str, str]]:
    text, address = RUN
    return [(text, f"{Path(index).parent}/{address}"), (INDEX, index)]


def _asked(config: Any) -> list[str]:
    """An expectation in words, its type, its column, its arguments, and how bad it is when it is not met."""
    arguments = {name: value for name, value in config.kwargs.items() if name not in ("column", "batch_id")}
    shown = ", ".join(f"{name}: {value}" for name, value in arguments.items())
    return [str(config.notes), config.type, config.kwargs.get("column", ""), shown, config.severity.value]
