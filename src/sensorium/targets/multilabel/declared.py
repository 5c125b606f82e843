"""Any number of tags."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator

from sensorium.spelling import plain
from sensorium.targets.learnt import Learnt
from sensorium.targets.multilabel.cells import LONGEST_TAG, as_text, tags_in
from sensorium.targets.multilabel.learnt import LearntMultilabel
from sensorium.targets.multilabel.strata import rarest
from sensorium.targets.target import Target

if TYPE_CHECKING:
    import pandas as pd

NONE = "no tags"  # the stratum of rows without any that is frequent
UNTUNED = 0.5  # a threshold before calibration


class Multilabel(Target):
    """What is predicted: any number of tags; an empty list says that there are none, a missing cell says nothing."""

    kind: Literal["multilabel"] = "multilabel"
    separator: str = Field(
        ";", min_length=1, description="what stands between tags where a cell is a text; lists need none"
    )
    min_rows: int = Field(5, ge=1, description="a tag of fewer training rows is not learnt; its rows are, without it")

    tally: ClassVar[str] = "tags"
    counts_rows: ClassVar[bool] = True
    learnt: ClassVar[type[Learnt]] = LearntMultilabel

    @field_validator("separator")
    @classmethod
    def _is_seen(cls, separator: str) -> str:
        if plain(f"a{separator}b") != f"a{separator}b":
            raise ValueError("tags are read with single blanks for white space; write a mark such as ';' between them")
        return separator

    def parse(self, cell: Any) -> list[str]:
        """Its tags; one of more letters than a name has is left out, which `doubts` says."""
        return [tag for tag in tags_in(cell, self.separator) if len(tag) <= LONGEST_TAG]

    def _counts(self, cells: Sequence[Any]) -> Counter[str]:
        counts: Counter[str] = Counter()
        for cell in cells:
            if self._problem(cell) is None:
                counts.update(self.parse(cell))
        return counts

    def doubts(self, cells: Sequence[Any], missing: int = 0) -> Iterator[str]:
        """Tags that are not learnt, texts that seem to have another separator, and cells that may mean no tags."""
        counts = self._counts(cells)
        rare = [tag for tag, rows in counts.items() if rows < self.min_rows]
        if rare:
            yield (
                f"{len(rare):,} of {len(counts):,} tags are in fewer than {self.min_rows} rows and are not learnt, "
                f"such as {rare[0][:40]!r}; their rows are, with their other tags"
            )
        sound = [tags_in(cell, self.separator) for cell in cells if self._problem(cell) is None]
        if missing and all(sound):
            yield (
                f"{missing:,} of {missing + len(cells):,} rows have an empty cell, which says that their tags are not "
                "known: write [] where a row has none"
            )
        if long := [tag for tags in sound for tag in tags if len(tag) > LONGEST_TAG]:
            yield (
                f"tags of more than {LONGEST_TAG} letters are left out, {len(long):,} of them, such as "
                f"{long[0][:40] + '...'!r}"
            )
        if counts and max(map(len, sound)) == 1:
            others = [mark for mark in ",;|" if mark != self.separator]
            mark = next((mark for mark in others if sum(mark in tag for tag in counts) > len(counts) / 2), None)
            more = f"; most hold {mark!r}, which `separator: {mark!r}` would divide" if mark else ""
            yield f"no row has more than one tag: `kind: class` predicts one of several classes{more}"

    def learnable(self, cells: "pd.Series", enough: int) -> int:
        """How many different answers there are, of tags that are learnt."""
        known = list(cells.dropna())
        learnt = {tag for tag, rows in self._counts(known).items() if rows >= self.min_rows}
        return len({frozenset(self.parse(cell)) & learnt for cell in known if self._problem(cell) is None})

    def nothing_to_learn(self, cells: "pd.Series", enough: int) -> str:
        values = self.column_of(cells).dropna()
        if values.empty:
            return "no row has a list of tags, so there is nothing to learn; at least two different ones are needed"
        if values.nunique() > 1:
            return f"no tag that differs is in {self.min_rows} rows, so there is nothing to learn; lower its min_rows"
        return f"all rows have the tags {values.iloc[0]}, so there is nothing to learn; at least two must differ"

    def column_of(self, cells: "pd.Series") -> "pd.Series":
        """The tags as a JSON list, sorted: equal sets are equal texts."""
        return cells.map(lambda cell: as_text(self.parse(cell)), na_action="ignore").astype(object)

    def count(self, cells: "pd.Series") -> dict[str, int | float]:
        return dict(sorted(self._counts(list(cells.dropna())).items()))

    def strata(self, values: "pd.Series") -> "pd.Series":
        """The rarest tag of each row that enough others have, see `rarest`."""
        known = values.dropna()
        names = sorted({tag for value in known.unique() for tag in tags_in(value)})
        place = {name: number for number, name in enumerate(names)}
        has = np.zeros((len(known), len(names)), bool)
        for row, value in enumerate(known):
            has[row, [place[tag] for tag in tags_in(value)]] = True
        found = np.array([*names, NONE], object)[rarest(has)]
        return known.astype(object).mask(np.ones(len(known), bool), found).reindex(values.index)

    def learn(self, values: "pd.Series", training: np.ndarray) -> LearntMultilabel:
        """The tags of enough training rows, in alphabetical order; the commonest where none has so many."""
        known = list(values[training].dropna())
        counts = Counter(tag for value in known for tag in tags_in(value))
        tags = sorted(tag for tag, rows in counts.items() if rows >= self.min_rows) or sorted(
            tag for tag, _ in counts.most_common(1)
        )
        frequencies = tuple(counts[tag] / len(known) for tag in tags)
        return LearntMultilabel(tuple(tags), frequencies, (UNTUNED,) * len(tags), self.weight)

    def unlearnt(self, values: "pd.Series", training: np.ndarray) -> list[str]:
        """Tags of too few training rows."""
        learnt = set(self.learn(values, training).tags)
        counts = Counter(tag for value in values.dropna() for tag in tags_in(value))
        return [tag for tag, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])) if tag not in learnt]
