"""prepare: cleaned values of every input, and rows with their split."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset import learnt
from sensorium.dataset.columns import GROUP, ID, ORIGIN, SPLIT, apart
from sensorium.dataset.items import digest, write_owners, write_shard
from sensorium.dataset.split import SPLITS, assign, groups, strata, with_every_class
from sensorium.errors import BadInput, UserError
from sensorium.files import existing, replacing
from sensorium.modalities import Modality
from sensorium.modalities.modality import Descriptors
from sensorium.shards import map_shards, shards
from sensorium.sources.feedback import FOLDER as FEEDBACK
from sensorium.sources.feedback import ids_of_feedback
from sensorium.spelling import is_missing, spelled
from sensorium.stats.enough import unjudged
from sensorium.targets import Target

MOST_NAMED = 6  # classes in a sentence


def run() -> None:
    """Writes data/prepared: rows.parquet, and a folder of cleaned values for every input."""
    settings = params.load()
    source = existing(paths.VALID / "manifest.parquet", made_by="validate")
    pieces = list(enumerate(shards(pq.read_table(source).to_pylist())))
    with replacing(paths.PREPARED) as beside:
        for name in settings.inputs:
            (beside / name).mkdir(parents=True)
        clean = partial(_clean_shard, settings.inputs, beside)
        cleaned = [row for piece in map_shards(clean, pieces, "cleaning inputs") for row in piece]
        table = pd.read_parquet(source)
        rows = _rows(table, cleaned, settings)
        for name in settings.inputs:
            write_owners(beside / name, rows[ID], rows[name])
        _divide(rows, table, settings)
        left_out = list(_learn(rows[rows[SPLIT] == "train"], settings.inputs, beside))
        written = pd.concat([rows, apart(table, [ID, *settings.stood_for])], axis=1)
        written.to_parquet(beside / "rows.parquet", index=False)
    for sentence in [*left_out, *_warnings(rows, settings.targets)]:
        print(f"prepare: {sentence}")
    sizes = ", ".join(f"{count:,} {name}" for name, count in rows[SPLIT].value_counts()[list(SPLITS)].items())
    shared = f"rows in {rows[GROUP].nunique():,} groups that share no {' or '.join(map(repr, settings.split.groups))}"
    print(f"prepare: {sizes} {shared if settings.split.groups else 'rows, each apart, since split.group is empty'}")


def _rows(table: pd.DataFrame, cleaned: list[dict[str, str | None]], settings: params.Params) -> pd.DataFrame:
    """The columns of our own: id, origin, the label of every target, and the digest of every input's value."""
    told = ids_of_feedback(paths.RAW)
    return pd.DataFrame(
        {ID: table[ID], ORIGIN: [FEEDBACK if name in told else settings.data.source for name in table[ID]]}
        | {name: kind.column_of(table[settings.labels[name]]) for name, kind in settings.targets.items()}
        | {name: pd.Series([row[name] for row in cleaned], table.index, "str") for name in settings.inputs}
    )


def _clean_shard(
    inputs: Mapping[str, Modality], folder: Path, piece: tuple[int, list[dict[str, Any]]]
) -> list[dict[str, str | None]]:
    """Writes one shard of every input's values; returns the digests of every row."""
    number, rows = piece
    found: list[dict[str, str | None]] = [{} for _ in rows]
    for name, kind in inputs.items():
        packed: dict[str, bytes] = {}
        said: dict[str, Descriptors] = {}
        seen: dict[str, str | None] = {}
        for row, digests in zip(rows, found, strict=True):
            cells = repr([row.get(column) for column in kind.columns(name)])
            if cells not in seen:
                seen[cells] = None
                if (value := _accepted(kind, row, name)) is not None:
                    item = kind.pack(value)
                    seen[cells] = digest(item)
                    packed[digest(item)], said[digest(item)] = item, kind.describe(value)
            digests[name] = seen[cells]
        write_shard(folder / name, number, packed, said)
    return found


def _names(cells: pd.Series) -> pd.Series:
    """Equal values in one spelling: pandas takes texts for one that differ behind a NUL, and 1 and "1" for two."""
    return cells.map(lambda cell: None if is_missing(cell) else spelled(cell) or None).astype(object)


def _accepted(kind: Modality, row: Mapping[str, Any], name: str) -> Any | None:
    """The cleaned value of an input; ``None`` where it is missing, or cannot be used, which validation has told."""
    try:
        raw = kind.raw(row, name, paths.RAW)
        return None if raw is None else kind.accept(raw)
    except BadInput:
        return None


def _divide(rows: pd.DataFrame, table: pd.DataFrame, settings: params.Params) -> None:
    """Gives the rows their group and split, by what inputs hold (equal content is one group), labels and columns."""
    split = settings.split

    labels = pd.DataFrame({name: target.strata(rows[name]) for name, target in settings.targets.items()})

    def named(name: str) -> pd.Series:
        ours = settings.called(name)
        if ours in labels and name == split.stratify:
            return labels[ours]
        return table[name] if ours is None else rows[ours]

    keys = {name: _names(named(name)) for name in dict.fromkeys([*split.groups, *filter(None, [split.stratify])])}
    rows[GROUP] = groups(pd.DataFrame(keys, index=rows.index), split.groups)
    group = rows[GROUP].to_numpy()
    stratum = keys[split.stratify].to_numpy() if split.stratify else strata(labels, group)
    shares = {name: getattr(split, name) for name in SPLITS}
    named_by = keys[split.groups[0]] if split.groups else rows[ID]
    names = named_by.where(named_by.notna(), rows[ID])
    rows[SPLIT] = with_every_class(assign(group, stratum, names.to_numpy(), shares, split.seed), group, labels)
    if empty := [name for name in SPLITS if not (rows[SPLIT] == name).any()]:
        raise UserError(
            f"{paths.PARAMS}: split: nothing is left for {' and '.join(empty)}: {len(rows)} rows are in "
            f"{rows[GROUP].nunique()} groups of {split.groups or 'single rows'}; "
            "use more rows or another split.group."
        )
    train = rows[rows[SPLIT] == "train"]
    for name in settings.inputs:
        if train[name].isna().all():
            raise UserError(f"inputs.{name}: no training row has it; leave it out of {paths.PARAMS}, or add rows.")
    for name in settings.targets:
        known = train[name].dropna()
        if known.nunique() < 2:  # numbers are divided by parts of their range, not one by one
            raise UserError(
                f"targets.{name}: all training rows that have it say {spelled(known.iloc[0])}, so there is nothing to "
                f"learn ({len(known):,} of {len(train):,} do); add rows that say something else, or leave it out of "
                f"{paths.PARAMS}."
            )


def _learn(train: pd.DataFrame, inputs: Mapping[str, Modality], folder: Path) -> Iterator[str]:
    """Has every input learn from the training rows; gives a sentence for each with columns that say nothing in them."""
    for name, kind in inputs.items():
        left_out = learnt.learn(kind, folder / name, train[name].dropna().tolist()).left_out()
        if len(left_out) == len(kind.columns(name)):
            raise UserError(
                f"inputs.{name}: no column of it varies over the training rows; leave it out of {paths.PARAMS}."
            )
        if left_out:
            columns = ", ".join(map(repr, left_out))
            yield f"inputs.{name}: the same in all training rows, and so not read: {columns}."


def _warnings(rows: pd.DataFrame, targets: Mapping[str, Target]) -> Iterator[str]:
    """Of which targets the test rows will carry no verdict, before any work was done for it."""
    strata = pd.DataFrame({name: kind.strata(rows[name]) for name, kind in targets.items()})
    for target in targets:
        known = rows[[SPLIT, GROUP]].join(strata[target]).dropna()
        test = known[known[SPLIT] == "test"]
        if why := unjudged(test[GROUP].to_numpy(), pd.factorize(test[target])[0]):
            yield (
                f"{target} cannot be judged by its test rows ({why}): its figures will have no intervals, and rules of "
                "the gate on them do what their if_missing says; more rows, or another split.group, would change that."
            )
        elif absent := sorted(set(known[target]) - set(test[target])):
            more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
            yield (
                f"no test row is of the {target} {', '.join(map(repr, absent[:MOST_NAMED]))}{more}: nothing will be "
                "known of how well they are told; more groups of them would change that."
            )
