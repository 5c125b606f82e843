"""Dividing rows into training, validation and test without a leak."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from sensorium import paths
from sensorium.dataset.columns import GROUP, SPLIT, SPLITS, TRAIN
from sensorium.errors import UserError
from sensorium.spelling import is_missing, spelled

FEWEST_GROUPS = 7  # of a stratum that reaches every split
BETWEEN = "\x1f"  # the classes of a row; pandas would cut them short at a NUL


def groups(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A number for every row; rows that share a value in any of the columns, also by way of others, share it.

    A missing value joins nothing.
    """
    rows = np.arange(len(table))
    links = [(rows, rows)]
    for column in columns:
        values = table[column]
        first = pd.Series(rows, index=table.index).groupby(values, dropna=True).transform("first")
        joined = values.notna().to_numpy()
        links.append((rows[joined], first.to_numpy()[joined].astype(int)))
    one, other = (np.concatenate(ends) for ends in zip(*links, strict=True))
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(table), len(table)))
    return connected_components(graph, directed=False)[1]


def divide(
    keys: pd.DataFrame,
    ids: pd.Series,
    labels: pd.DataFrame,
    grouped_by: Sequence[str],
    stratify: str | None,
    fractions: Mapping[str, float],
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The group and the split of every row.

    Args:
        keys: values of the columns that rows are grouped and stratified by.
        ids: of the rows.
        labels: a column a target, or null.
        grouped_by: columns of ``keys``; rows that share a value of one are one group.
        stratify: the column of ``keys`` to be spread evenly; where there is none, the labels are.
        fractions: split -> its part of the rows, from 0 to 1, the largest first.
        seed: of the hash that orders groups.
    """
    group = groups(keys, grouped_by)
    stratum = keys[stratify].to_numpy() if stratify else strata(labels, group)
    named_by = keys[grouped_by[0]] if grouped_by else ids
    names = named_by.where(named_by.notna(), ids)
    return group, with_every_class(assign(group, stratum, names.to_numpy(), fractions, seed), group, labels)


def require_rows(rows: pd.DataFrame, inputs: Iterable[str], targets: Iterable[str], grouped_by: Sequence[str]) -> None:
    """Stops where a split has no rows, or training rows have no value of an input or fewer than two of a target.

    Args:
        rows: with their split and group, and a column an input and a target.
        inputs: by name.
        targets: by name.
        grouped_by: as in params.yaml.

    Raises:
        UserError: saying what to change.
    """
    if empty := [name for name in SPLITS if not (rows[SPLIT] == name).any()]:
        raise UserError(
            f"{paths.PARAMS}: split: nothing is left for {' and '.join(empty)}: {len(rows)} rows are in "
            f"{rows[GROUP].nunique()} groups of {grouped_by or 'single rows'}; "
            "use more rows or another split.group."
        )
    train = rows[rows[SPLIT] == TRAIN]
    for name in inputs:
        if train[name].isna().all():
            raise UserError(f"inputs.{name}: no training row has it; leave it out of {paths.PARAMS}, or add rows.")
    for name in targets:
        known = train[name].dropna()
        if known.nunique() < 2:  # numbers are divided by parts of their range, not one by one
            alike = f"all training rows that have it say {spelled(known.iloc[0])}" if len(known) else "no row has it"
            count = f"{len(known):,} of {len(train):,} do"
            raise UserError(
                f"targets.{name}: {alike}, so there is nothing to learn ({count}); add rows "
                f"that say something else, or leave it out of {paths.PARAMS}."
            )


def assign(
    group: np.ndarray, stratum: np.ndarray, name: np.ndarray, fractions: Mapping[str, float], seed: int
) -> np.ndarray:
    """The split of every row: whole groups go, in every stratum by a hash of their name, to splits in turn.

    A hash rather than a shuffle, so that as rows are added nearly all groups stay in the split they were in: what an
    earlier model was not fitted to stays what it can be tested on.

    Args:
        group: a number for every row.
        stratum: a value for every row, to be spread evenly; a group counts where most of its rows do.
        name: for every row something that does not change as rows are added; a group goes by one of its rows' names.
        fractions: split -> its part of the rows, from 0 to 1, the largest first.
        seed: of the hash.
    """
    frame = pd.DataFrame({"group": group, "stratum": pd.Series(stratum).astype(str)})
    names = pd.Series(name).astype(str)
    place = {value: place_of(f"{seed} {value}") for value in names.unique()}
    frame["place"] = names.map(place)
    found = frame.groupby("group").agg(place=("place", "min"), rows=("place", "size"))
    found["stratum"] = _commonest(frame)
    split_of: dict[int, str] = {}
    for value, members in found.sort_values("place").groupby("stratum", sort=True):
        # Of strata with two or three groups half have none for the second split and half none for the third.
        first, *others = fractions
        order = [first, *(others if place_of(f"{seed} {value}") < 0.5 else reversed(others))]
        ends = np.cumsum([fractions[split] for split in order])
        middle = (members["rows"].cumsum() - members["rows"] / 2) / members["rows"].sum()
        reached = np.minimum(np.searchsorted(ends, middle, side="right"), len(order) - 1)
        split_of |= {int(number): order[at] for number, at in zip(members.index, reached, strict=True)}
    return np.array([split_of[number] for number in group])


def strata(labels: pd.DataFrame, group: np.ndarray) -> np.ndarray:
    """The stratum of every row: its classes of all targets, as far as enough groups share them.

    Where they do not, the classes of fewer targets, the first ones: of strata with a group or two most groups would go
    to training.

    Args:
        labels: a column a target, or null.
        group: a number for every row.
    """
    words = labels.astype(object).where(labels.notna(), "").astype(str)
    joined = words.iloc[:, 0]
    found = joined.to_numpy(dtype=object)
    for count in range(2, labels.shape[1] + 1):
        joined = joined + BETWEEN + words.iloc[:, count - 1]
        enough = pd.Series(group).groupby(joined.to_numpy()).transform("nunique") >= FEWEST_GROUPS
        found = np.where(enough, joined.to_numpy(dtype=object), found)
    return found


def with_every_class(split: np.ndarray, group: np.ndarray, labels: pd.DataFrame) -> np.ndarray:
    """The same splits, but that a class that a split has none of gives it its smallest group.

    A class that somebody was the first to tell, of a row or two, must not end a retrain, so training comes first; the
    others get one of a class with three groups or more.

    Args:
        split: of every row.
        group: a number for every row.
        labels: a column a target with a class for every row, or null.
    """
    split, of_group = split.copy(), _places(group)
    for_targets = [_places(labels[target]) for target in labels]
    for name in reversed(SPLITS):  # training last, which so lacks nothing in the end
        for of_class in for_targets:
            for value in sorted(value for value, rows in of_class.items() if not (split[rows] == name).any()):
                free = _spare(split, group, of_class[value], name)
                if len(free):
                    smallest = min(group[free], key=lambda number: len(of_group[number]))
                    split[of_group[smallest]] = name
    return split


def _places(values: Iterable[Any]) -> dict[Any, np.ndarray]:
    """By value the rows that have it; not by pandas, which takes texts for one that differ behind a NUL."""
    found: dict[Any, list[int]] = {}
    for row, value in enumerate(values):
        if not is_missing(value):
            found.setdefault(value, []).append(row)
    return {value: np.array(rows) for value, rows in found.items()}


def _spare(split: np.ndarray, group: np.ndarray, rows: np.ndarray, name: str) -> np.ndarray:
    """Those rows of a class whose groups a split may take: for training any, else training's if it has more groups."""
    if name == TRAIN:
        return rows
    training = rows[split[rows] == TRAIN]
    enough = len(np.unique(group[rows])) >= len(SPLITS) and len(np.unique(group[training])) > 1
    return training if enough else training[:0]


def place_of(text: str) -> float:
    """A number from 0 to 1 that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def _commonest(frame: pd.DataFrame) -> pd.Series:
    """By group the stratum that most of its rows have; of several the first in the alphabet."""
    counts = frame.groupby(["group", "stratum"]).size().reset_index(name="rows")
    first = counts.sort_values(["group", "rows", "stratum"], ascending=[True, False, True])
    return first.drop_duplicates("group").set_index("group")["stratum"]
