"""prepare: cleaned values of every input, and rows with their split."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset.items import digest, write_owners, write_shard
from sensorium.dataset.split import SPLITS, assign, groups, with_every_class
from sensorium.errors import UserError
from sensorium.files import existing, replacing
from sensorium.modalities import Modality
from sensorium.modalities.modality import Descriptors
from sensorium.shards import map_shards, shards
from sensorium.spelling import is_missing, spelled


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
        rows = pd.read_parquet(source)
        for name in settings.inputs:
            rows[name] = pd.Series([row[name] for row in cleaned], index=rows.index, dtype="str")
            write_owners(beside / name, rows["id"], rows[name])
        _divide(rows, settings)
        rows.to_parquet(beside / "rows.parquet", index=False)
    sizes = ", ".join(f"{count:,} {name}" for name, count in rows["split"].value_counts()[list(SPLITS)].items())
    print(f"prepare: {sizes} rows in {rows['group'].nunique():,} groups that share nothing")


def _clean_shard(
    inputs: Mapping[str, Modality], folder: Path, piece: tuple[int, list[dict[str, Any]]]
) -> list[dict[str, str | None]]:
    """Writes one shard of every input's values; returns the digests of every row."""
    number, rows = piece
    found: list[dict[str, str | None]] = [{} for _ in rows]
    for name, kind in inputs.items():
        packed: dict[str, bytes] = {}
        said: dict[str, Descriptors] = {}
        seen: dict[str, str] = {}
        for row, digests in zip(rows, found, strict=True):
            cells = repr([row.get(column) for column in kind.columns(name)])
            if cells not in seen and (raw := kind.raw(row, name, paths.RAW)) is not None:
                value = kind.accept(raw)
                item = kind.pack(value)
                seen[cells] = digest(item)
                packed[seen[cells]], said[seen[cells]] = item, kind.describe(value)
            digests[name] = seen.get(cells)
        write_shard(folder / name, number, packed, said)
    return found


def _names(cells: pd.Series) -> pd.Series:
    """Equal values in one spelling: pandas takes texts for one that differ behind a NUL, and 1 and "1" for two."""
    return cells.map(lambda cell: None if is_missing(cell) else spelled(cell) or None).astype(object)


def _divide(rows: pd.DataFrame, settings: params.Params) -> None:
    """Gives the rows their ``group`` and ``split``; an input's column holds digests, so equal content is one group."""
    split = settings.split
    keys = {name: _names(rows[name]) for name in dict.fromkeys([*split.groups, *filter(None, [split.stratify])])}
    rows["group"] = groups(pd.DataFrame(keys, index=rows.index), split.groups)
    stratum = keys[split.stratify] if split.stratify else pd.Series("", index=rows.index)
    shares = {name: getattr(split, name) for name in SPLITS}
    named_by = keys[split.groups[0]] if split.groups else rows["id"]
    names = named_by.where(named_by.notna(), rows["id"])
    group = rows["group"].to_numpy()
    rows["split"] = assign(group, stratum.to_numpy(), names.to_numpy(), shares, split.seed)
    for target in settings.targets:
        rows["split"] = with_every_class(rows["split"].to_numpy(), group, rows[target])
    if empty := [name for name in SPLITS if not (rows["split"] == name).any()]:
        raise UserError(
            f"{paths.PARAMS}: split: nothing is left for {' and '.join(empty)}: {len(rows)} rows are in "
            f"{rows['group'].nunique()} groups of {split.groups or 'single rows'}; "
            "use more rows or another split.group."
        )
    train = rows[rows["split"] == "train"]
    for name in settings.inputs:
        if train[name].isna().all():
            raise UserError(f"inputs.{name}: no training row has it; leave it out of {paths.PARAMS}, or add rows.")
