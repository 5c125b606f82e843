"""Why rows lose something, said of all rows with one cause in one sentence, the commonest first."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from sensorium.dataset.columns import ID
from sensorium.dataset.validation import EARLIER
from sensorium.errors import BadInput, Cause
from sensorium.numerals import numbers_in

MOST_EXAMPLES, LONGEST = 3, 40  # of a sentence, and letters of one
DETAIL = re.compile(r"\d+|'[^']*'")  # what differs among sentences about one matter


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
        sentence = str(bad)
        return cls(sentence, bad.cause or Cause("", sentence, str(cell)))

    @property
    def matter(self) -> tuple[str, str]:
        """The same for problems of one cause."""
        return self.cause.subject, DETAIL.sub("", self.cause.what)


Looked = Mapping[str, Problem | bool]  # of every input of a row: what is wrong with it, else whether it is there


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


def reasons(asked: pd.DataFrame, looked: Sequence[Looked], targets: Sequence[str], enough: int) -> list[Reason]:
    """Why rows lose something, the commonest cause first; what only follows from other causes is left out.

    Args:
        asked: a row each, with the columns that the suite asks about.
        looked: what was found in the inputs of every row.
        targets: by name.
        enough: rows that a class must have.
    """
    rows = len(asked)
    found = []
    if unnamed := int(asked[ID].isna().sum()):
        found.append(Reason(unnamed, f"the id is missing {counted(unnamed, rows)}"))
    if twice := asked[ID][asked[EARLIER].notna()].tolist():
        found.append(
            Reason(len(twice), f"the id is that of an earlier row {counted(len(twice), rows)}{examples(twice)}")
        )
    for name in looked[0] if looked else ():
        given = [one[name] for one in looked if one[name] is not False]
        found += of_input(name, [one for one in given if isinstance(one, Problem)], rows, len(given))
    if empty := sum(not any(one.values()) for one in looked):
        found.append(Reason(empty, f"every input is missing {counted(empty, rows)}"))
    if unlabelled := int(asked[[*targets]].isna().all(axis=1).sum()):
        found.append(Reason(unlabelled, f"no target has a label {counted(unlabelled, rows)}"))
    for target in targets:
        found += of_labels(target, Counter(asked[target].dropna()), enough, rows)
    return sorted(found, key=lambda reason: -reason.rows)


def nothing_to_learn(target: str, labels: pd.Series, first: Reason | None, enough: int) -> str:
    """Why a target has fewer than two classes among the rows that are left: the first cause, not what follows from it.

    Args:
        target: its name.
        labels: of all rows that came in.
        first: the commonest reason why rows lose something, beside rare classes.
        enough: rows that a class must have.
    """
    counts = labels.value_counts()
    frequent = int((counts >= enough).sum())
    if first and len(counts) > 1 and (frequent > 1 or 2 * first.rows > len(labels)):
        return f"{first.words}. Nothing can be learnt from the rows that are left"
    if len(counts) < 2:
        of_one = f"all rows are of class {counts.index[0]!r}" if len(counts) else "no row has a label"
        of_one += ", so there is nothing to learn"
    else:
        of_one = f"{len(counts):,} classes in {counts.sum():,} rows, {frequent or 'none'} of them in {enough} or more"
        if 2 * len(counts) > counts.sum() == len(numbers_in(labels)):
            of_one += ", and they are numbers: amounts are not predicted yet, a column of a few ranges can be"
    return f"targets.{target}: {of_one}; at least two classes of {enough} rows are needed"


def of_input(name: str, problems: Sequence[Problem], rows: int, given: int) -> list[Reason]:
    """The causes for which rows lose an input, the commonest first.

    Args:
        name: of the input.
        problems: of its rows.
        rows: of the table.
        given: rows that have the input at all; what most of them share is worth an advice.
    """
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault(problem.matter, []).append(problem)
    found = []
    for group in alike.values():
        cause = group[0].cause
        said = f"{cause.subject} of input {name} {cause.what}" if cause.subject else f"input {name}: {cause.what}"
        advice = f": {cause.mend}" if cause.mend and 2 * len(group) > given else ""
        words = f"{said} {counted(len(group), rows)}{examples(problem.cause.example for problem in group)}{advice}"
        found.append(Reason(len(group), words, name))
    return found


def of_labels(target: str, counts: Counter[str], enough: int, rows: int) -> list[Reason]:
    """The classes that are too rare.

    Args:
        target: its name.
        counts: rows of every class in the table as it came.
        enough: rows that a class must have.
        rows: of the table.
    """
    rare = {label: count for label, count in counts.items() if count < enough}
    if not rare:
        return []
    number = "1 class has" if len(rare) == 1 else f"{len(rare):,} classes have"
    words = f"{number} fewer than {enough} rows of target {target}, {counted(sum(rare.values()), rows)}{examples(rare)}"
    return [Reason(sum(rare.values()), words, target)]


def counted(some: int, rows: int) -> str:
    """``in 3 of 60 rows``."""
    return f"in {some:,} of {rows:,} rows"


def examples(cells: Iterable[str]) -> str:
    """``, e.g. 'a', 'b', 'c'``: the first that differ, cut."""
    shown = dict.fromkeys(repr(cell if len(cell) <= LONGEST else f"{cell[:LONGEST]}...") for cell in cells if cell)
    return f", e.g. {', '.join([*shown][:MOST_EXAMPLES])}" if shown else ""
