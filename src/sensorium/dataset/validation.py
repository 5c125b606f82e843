"""What every row must meet, as a Great Expectations suite over the table and what was found in its media."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

PROBLEM = "{}: problem"  # column that holds what is wrong with the value of an input or target, or null
INPUTS_USABLE = "inputs that can be used"
LABELS_USABLE = "labels that can be used"
EARLIER = "earlier row of this id"
SEVERITY = "warning"  # a row that fails is set aside, and the run goes on


@dataclass(frozen=True)
class Expectation:
    """One expectation and the reason given for rows that fail it.

    Attributes:
        type: the expectation's class name in Great Expectations.
        settings: its arguments.
        reason: a sentence with ``{cell}`` for the failing row's value in the expectation's column.
        meaning: what Data Docs show.
        about: the input or target whose cell it is about, which a row that fails loses.
        sets_aside: whether it loses more: a row that fails is not used at all.
        sums_up: inputs or targets whose own reasons say it already.
    """

    type: str
    settings: dict[str, Any]
    reason: str
    meaning: str
    about: str | None = None
    sets_aside: bool = True
    sums_up: Sequence[str] = ()


@dataclass(frozen=True)
class Loss:
    """What a row loses, and why.

    Attributes:
        row: its number.
        about: an input or a target; ``None`` where all of the row is set aside.
        reason: why.
    """

    row: int
    about: str | None
    reason: str


def expectations(inputs: Sequence[str], targets: Sequence[str], cells_cost_rows: bool) -> list[Expectation]:
    """The suite: ids, something to read, something to learn, and cells that can be used.

    Args:
        inputs: their names.
        targets: likewise.
        cells_cost_rows: whether a row with one bad cell is not used at all.
    """

    def usable(name: str, meaning: str) -> Expectation:
        column = {"column": PROBLEM.format(name)}
        return Expectation("ExpectColumnValuesToBeNull", column, "{cell}", meaning, name, cells_cost_rows)

    return [
        Expectation("ExpectColumnValuesToNotBeNull", {"column": "id"}, "the id is missing", "every row has an id"),
        Expectation(
            "ExpectColumnValuesToBeNull", {"column": EARLIER}, "the id is already that of row {cell:.0f}", "ids differ"
        ),
        *(usable(name, f"{name} can be read where it is present") for name in inputs),
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": INPUTS_USABLE, "min_value": 1},
            "every input is missing",
            "a row has at least one input",
            sums_up=inputs,
        ),
        Expectation(
            "ExpectColumnValuesToBeBetween",
            {"column": LABELS_USABLE, "min_value": 1},
            "no target has a label",
            "a row has at least one label",
            sums_up=targets,
        ),
        *(usable(name, f"{name} can be learnt where it is present") for name in targets),
    ]


def check(
    table: pd.DataFrame, suite: list[Expectation], site: Mapping[str, Any]
) -> dict[int, list[tuple[Expectation, str]]]:
    """Runs the suite and builds Data Docs.

    Args:
        table: numbered from 0; every column that an expectation names is there.
        suite: what to check.
        site: the Data Docs to build, as Great Expectations is configured for them.

    Returns:
        For every row number that failed something, the expectations and the reasons.
    """
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    context.add_data_docs_site("report", site)
    batch = (
        context.data_sources.add_pandas("rows")
        .add_dataframe_asset("manifest")
        .add_batch_definition_whole_dataframe("all")
    )
    built = [
        getattr(gx.expectations, expectation.type)(**expectation.settings, **_shown(expectation))
        for expectation in suite
    ]
    checked = context.suites.add(gx.ExpectationSuite("rows", expectations=built))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="rows", data=batch, suite=checked))
    checkpoint = gx.Checkpoint(
        name="validate",
        validation_definitions=[validation],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="docs")],
        result_format={"result_format": "COMPLETE"},
    )
    outcome = next(iter(checkpoint.run(batch_parameters={"dataframe": table}).run_results.values()))
    found: dict[int, list[tuple[Expectation, str]]] = {}
    for expectation, result in zip(suite, outcome.results, strict=True):
        for row in result.result.get("unexpected_index_list") or []:
            cell = table.at[row, expectation.settings["column"]]
            found.setdefault(int(row), []).append((expectation, expectation.reason.format(cell=cell)))
    return found


def _shown(expectation: Expectation) -> dict[str, Any]:
    """What Data Docs show of an expectation."""
    return {"notes": expectation.meaning, "severity": SEVERITY, "meta": {"sets_aside": expectation.sets_aside}}


def losses(found: Mapping[int, list[tuple[Expectation, str]]]) -> Iterator[Loss]:
    """What the rows lose that failed something: an input or a label each, or all of the row with all the reasons."""
    for row in sorted(found):
        if not any(expectation.sets_aside for expectation, _ in found[row]):
            yield from (Loss(row, expectation.about, reason) for expectation, reason in found[row])
            continue
        named = {expectation.about for expectation, _ in found[row]}
        reasons = [
            f"{expectation.about}: {reason}" if expectation.about else reason
            for expectation, reason in found[row]
            if not named & {*expectation.sums_up}
        ]
        yield Loss(row, None, "; ".join(reasons))
