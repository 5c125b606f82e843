"""Why rows lose something: a sentence for all rows with one cause, the commonest first."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sensorium.dataset.columns import ID
from sensorium.dataset.validation import EARLIER
from sensorium.errors import BadInput, Cause
from sensorium.targets import Target

MOST_EXAMPLES, LONGEST = 3, 40  # of a sentence, and letters of one
DETAIL = re.compile(r"\d+|'[^']*'")  # what differs among sentences about one cause


@dataclass(frozen=True)
class Problem:
    """What is wrong with an input of a row.

    Attributes:
        sentence: why it cannot be used.
        cause: what it has in common with other rows.
    """

    sentence: str
    cause: Cause

    @classmethod
    def of(cls, bad: BadInput, cell: object) -> "Problem":
        """What was raised about a cell."""
        return cls(bad.advised, bad.cause or Cause("", str(bad), str(cell)))

    @property
    def key(self) -> tuple[str, str]:
        """The same for problems of one cause."""
        return self.cause.subject, DETAIL.sub("", self.cause.what)


InputChecks = Mapping[str, Problem | bool]  # of every input of a row: what is wrong with it, else whether it is there


@dataclass(frozen=True)
class Reason:
    """One cause of many losses.

    Attributes:
        rows: how many rows it is true of.
        words: a sentence that says so, without a full stop.
        about: the input or target, where it is one's.
    """

    rows: int
    words: str
    about: str | None = None


def reasons(
    checks: pd.DataFrame, inputs: Sequence[InputChecks], targets: Mapping[str, Target], enough: int
) -> list[Reason]:
    """Why rows lose something, the commonest cause first; what only follows from other causes is left out.

    Args:
        checks: a row each, with the columns that the suite is about.
        inputs: what was found in the inputs of every row.
        targets: as declared; their cells are columns of ``checks``.
        enough: rows that a class must have.
    """
    rows = len(checks)
    found = []
    if unnamed := int(checks[ID].isna().sum()):
        found.append(Reason(unnamed, f"the id is missing {counted(unnamed, rows)}"))
    if twice := checks[ID][checks[EARLIER].notna()].tolist():
        found.append(
            Reason(len(twice), f"the id is that of an earlier row {counted(len(twice), rows)}{examples(twice)}")
        )
    for name in inputs[0] if inputs else ():
        given = [one[name] for one in inputs if one[name] is not False]
        problems = [one for one in given if isinstance(one, Problem)]
        found += of_cells("input", name, problems, rows, len(given))
    if empty := sum(not any(one.values()) for one in inputs):
        found.append(Reason(empty, f"every input is missing {counted(empty, rows)}"))
    if unlabelled := int(checks[[*targets]].isna().all(axis=1).sum()):
        found.append(Reason(unlabelled, f"no target has a label {counted(unlabelled, rows)}"))
    for name, target in targets.items():
        found += of_target(name, target, checks[name], enough)
    return sorted(found, key=lambda reason: -reason.rows)


def nothing_to_learn(name: str, target: Target, cells: pd.Series, first: Reason | None, enough: int) -> str:
    """Why a target has fewer than two values among the rows that are left: the first cause, not what follows from it.

    Args:
        name: of the target.
        target: as declared.
        cells: of all rows that came in.
        first: the commonest reason why rows lose something else.
        enough: rows that a class must have.
    """
    if first and cells.nunique() > 1 and (target.learnable(cells, enough) > 1 or 2 * first.rows > len(cells)):
        return f"{first.words}. Nothing can be learnt from the rows that are left"
    of_cells_alone = [] if target.sums(name, cells, enough) is not None else of_target(name, target, cells, enough)
    worst = max(of_cells_alone, key=lambda one: one.rows, default=None)
    if worst and 2 * worst.rows > cells.notna().sum():
        return f"{worst.words}. Nothing can be learnt from the rows that are left"
    return f"targets.{name}: {target.nothing_to_learn(cells, enough)}"


def of_target(name: str, target: Target, cells: pd.Series, enough: int) -> list[Reason]:
    """The causes for which rows lose a target's label, the commonest first.

    Args:
        name: of the target.
        target: as declared.
        cells: of all rows.
        enough: rows that a class must have.
    """
    rows = len(cells)
    if (sums := target.sums(name, cells, enough)) is not None:
        return [
            Reason(one.cells, f"{one.words} {counted(one.cells, rows)}{examples(one.examples)}", name) for one in sums
        ]
    bad = zip(target.problems(cells, cells.notna().to_numpy(), enough), cells, strict=True)
    problems = [Problem.of(problem, cell) for problem, cell in bad if problem]
    return of_cells("target", name, problems, rows, int(cells.notna().sum()))


def of_cells(part: str, name: str, problems: Sequence[Problem], rows: int, given: int) -> list[Reason]:
    """The causes for which rows lose a cell, the commonest first.

    Args:
        part: what the cell is of: an ``input`` or a ``target``.
        name: of that.
        problems: of its rows.
        rows: of the table.
        given: rows that have the cell at all; what most of them share may have an advice of its own.
    """
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault(problem.key, []).append(problem)
    found = []
    for group in alike.values():
        cause = group[0].cause
        subject = f"{cause.subject} of {part} {name} {cause.what}" if cause.subject else f"{part} {name}: {cause.what}"
        advice = (cause.most if 2 * len(group) > given else "") or cause.mend
        words = f"{subject} {counted(len(group), rows)}{examples(problem.cause.example for problem in group)}"
        words += f": {advice}" if advice else ""
        found.append(Reason(len(group), words, name))
    return found


def counted(some: int, rows: int) -> str:
    """``in 3 of 60 rows``."""
    return f"in {some:,} of {rows:,} rows"


def examples(cells: Iterable[str]) -> str:
    """``, e.g. 'a', 'b', 'c'``: the first that differ, cut."""
    shown = dict.fromkeys(repr(cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}...") for cell in cells if cell)
    return f", e.g. {', '.join([*shown][:MOST_EXAMPLES])}" if shown else ""
