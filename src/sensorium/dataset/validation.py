"""What every row is asked, as a Great Expectations suite over the table and what was found in its media."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

PROBLEM = "{}: problem"  # column that holds what is wrong with an input's value, or null
INPUTS_PRESENT = "inputs present"
LABELS_KNOWN = "labels known"
EARLIER = "earlier row of this id"
SEVERITY = "warning"  # a row that fails is set aside, and the run goes on


@dataclass(frozen=True)
class Question:
    """One expectation and the reason given for rows that fail it.

    Attributes:
        type: the expectation's class name in Great Expectations.
        settings: its arguments.
        reason: a sentence with ``{cell}`` for the failing row's value in the expectation's column.
        meaning: what Data Docs show.
    """

    type: str
    settings: dict[str, Any]
    reason: str
    meaning: str


def questions(inputs: list[str], classes: Mapping[str, list[str]], min_class_rows: int) -> list[Question]:
    """The suite: ids, something to read, something to learn, and readable values.

    Args:
        inputs: names of the inputs.
        classes: of every target, the classes with enough rows.
        min_class_rows: what enough means.
    """
    return [
        Question("ExpectColumnValuesToNotBeNull", {"column": "id"}, "the id is missing", "every row has an id"),
        Question(
            "ExpectColumnValuesToBeNull", {"column": EARLIER}, "the id is already that of row {cell:.0f}", "ids differ"
        ),
        *(
            Question(
                "ExpectColumnValuesToBeNull",
                {"column": PROBLEM.format(name)},
                f"{name}: {{cell}}",
                f"{name} can be read where it is present",
            )
            for name in inputs
        ),
        Question(
            "ExpectColumnValuesToBeBetween",
            {"column": INPUTS_PRESENT, "min_value": 1},
            "every input is missing",
            "a row has at least one input",
        ),
        Question(
            "ExpectColumnValuesToBeBetween",
            {"column": LABELS_KNOWN, "min_value": 1},
            "no target has a label",
            "a row has at least one label",
        ),
        *(
            Question(
                "ExpectColumnValuesToBeInSet",
                {"column": target, "value_set": known},
                f"{target}: fewer than {min_class_rows} rows are of class {{cell!r}}",
                f"classes of {target} have at least {min_class_rows} rows",
            )
            for target, known in classes.items()
        ),
    ]


def ask(table: pd.DataFrame, suite: list[Question], site: Mapping[str, Any]) -> dict[int, list[str]]:
    """Runs the suite and builds Data Docs.

    Args:
        table: with a fresh range index; every column a question names is there.
        suite: what to ask.
        site: the Data Docs to build, as Great Expectations is told of them.

    Returns:
        For every row number that failed something, the reasons.
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
    expectations = [
        getattr(gx.expectations, question.type)(**question.settings, notes=question.meaning, severity=SEVERITY)
        for question in suite
    ]
    checked = context.suites.add(gx.ExpectationSuite("rows", expectations=expectations))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name="rows", data=batch, suite=checked))
    checkpoint = gx.Checkpoint(
        name="validate",
        validation_definitions=[validation],
        actions=[gx.checkpoint.UpdateDataDocsAction(name="docs")],
        result_format={"result_format": "COMPLETE"},
    )
    outcome = next(iter(checkpoint.run(batch_parameters={"dataframe": table}).run_results.values()))
    found: dict[int, list[str]] = {}
    for question, result in zip(suite, outcome.results, strict=True):
        for row in result.result.get("unexpected_index_list") or []:
            cell = table.at[row, question.settings["column"]]
            found.setdefault(int(row), []).append(question.reason.format(cell=cell))
    return found
