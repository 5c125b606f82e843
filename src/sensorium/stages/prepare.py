"""prepare: cleaned values of every input, and rows with their split."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sensorium import params, paths
from sensorium.dataset.columns import GROUP, ID, ORIGIN, SPLIT, SPLITS, TRAIN, apart
from sensorium.dataset.digests import read_digests
from sensorium.dataset.encoder_labels import write_labels
from sensorium.dataset.items import copy_shards, write_owners
from sensorium.dataset.learnt import learn_all
from sensorium.dataset.split import divide, require_rows
from sensorium.dataset.split_warnings import split_warnings
from sensorium.files import existing, replacing
from sensorium.sources.feedback import FOLDER as FEEDBACK
from sensorium.sources.feedback import ids_of_feedback
from sensorium.spelling import is_missing, spelled


def run() -> None:
    """Writes data/prepared: rows.parquet, and a folder of cleaned values for every input."""
    settings = params.load()
    source = existing(paths.VALID / "manifest.parquet", made_by="validate")
    with replacing(paths.PREPARED) as beside:
        table = pd.read_parquet(source)
        rows = _rows(table, read_digests(settings.inputs), settings)
        for name in settings.inputs:
            (beside / name).mkdir(parents=True)
            copy_shards(paths.VALUES / name, beside / name, set(rows[name].dropna()))
            write_owners(beside / name, rows[ID], rows[name])
        rows[GROUP], rows[SPLIT] = _divided(rows, table, settings)
        require_rows(rows, settings.inputs, settings.targets, settings.split.groups)
        for name in (name for name, kind in settings.inputs.items() if kind.training is not None):
            write_labels(beside / name, name, rows, settings.targets)
        left_out = list(learn_all(settings.inputs, rows[rows[SPLIT] == TRAIN], beside))
        written = pd.concat([rows, apart(table, [ID, *settings.stood_for])], axis=1)
        written.to_parquet(beside / "rows.parquet", index=False)
    for sentence in [*left_out, *split_warnings(rows, settings.targets)]:
        print(f"prepare: {sentence}")
    sizes = ", ".join(f"{count:,} {name}" for name, count in rows[SPLIT].value_counts()[list(SPLITS)].items())
    shared = f"rows in {rows[GROUP].nunique():,} groups that share no {' or '.join(map(repr, settings.split.groups))}"
    print(f"prepare: {sizes} {shared if settings.split.groups else 'rows, each apart, since split.group is empty'}")


def _rows(table: pd.DataFrame, digests: Mapping[str, list[str | None]], settings: params.Params) -> pd.DataFrame:
    """The columns of our own: id, origin, the label of every target, and the digest of every input's value."""
    from_feedback = ids_of_feedback(paths.RAW)
    return pd.DataFrame(
        {ID: table[ID], ORIGIN: [FEEDBACK if name in from_feedback else settings.data.source for name in table[ID]]}
        | {name: kind.column_of(table[settings.labels[name]]) for name, kind in settings.targets.items()}
        | {name: pd.Series(digests[name], table.index, "str") for name in settings.inputs}
    )


def _divided(rows: pd.DataFrame, table: pd.DataFrame, settings: params.Params) -> tuple[np.ndarray, np.ndarray]:
    """Group and split of the rows, by what inputs hold (equal content is one group), labels and columns."""
    split = settings.split
    names = dict.fromkeys([*split.groups, *filter(None, [split.stratify])])
    labels = pd.DataFrame({name: target.strata(rows[name]) for name, target in settings.targets.items()})

    def cells(name: str) -> pd.Series:
        ours = settings.called(name)
        if name == split.stratify and ours in labels:  # a number or some tags are seldom equal
            return labels[ours]
        return table[name] if ours is None else rows[ours]

    keys = {name: _names(cells(name)) for name in names}
    fractions = {name: getattr(split, name) for name in SPLITS}
    keyed = pd.DataFrame(keys, index=rows.index)
    return divide(keyed, rows[ID], labels, split.groups, split.stratify, fractions, split.seed)


def _names(cells: pd.Series) -> pd.Series:
    """Equal values in one spelling: pandas takes texts for one that differ behind a NUL, and 1 and "1" for two."""
    return cells.map(lambda cell: None if is_missing(cell) else spelled(cell) or None).astype(object)
