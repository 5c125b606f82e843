"""prepare: cleaned values of every input, and rows with their split."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from sensorium import params, paths
from sensorium.dataset.items import digest, write_shard
from sensorium.dataset.split import SPLITS, assign, groups, strata, with_every_class
from sensorium.errors import UserError
from sensorium.evaluation.enough import unjudged
from sensorium.files import existing, replacing
from sensorium.modalities import Modality
from sensorium.modalities.modality import Descriptors
from sensorium.shards import map_shards, shards

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
        rows = pd.read_parquet(source)
        for name in settings.inputs:
            rows[name] = pd.Series([row[name] for row in cleaned], index=rows.index, dtype="str")
        _divide(rows, settings)
        rows.to_parquet(beside / "rows.parquet", index=False)
    for sentence in _warnings(rows, list(settings.targets)):
        print(f"prepare: {sentence}")
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


def _divide(rows: pd.DataFrame, settings: params.Params) -> None:
    """Gives the rows their ``group`` and ``split``; an input's column holds digests, so equal content is one group."""
    split = settings.split
    rows["group"] = groups(rows, split.groups)
    labels = rows[list(settings.targets)]
    group = rows["group"].to_numpy()
    stratum = rows[split.stratify].to_numpy() if split.stratify else strata(labels, group)
    shares = {name: getattr(split, name) for name in SPLITS}
    named_by = rows[split.groups[0]].astype(object) if split.groups else rows["id"]
    names = named_by.where(named_by.notna(), rows["id"])
    rows["split"] = with_every_class(assign(group, stratum, names.to_numpy(), shares, split.seed), group, labels)
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


def _warnings(rows: pd.DataFrame, targets: list[str]) -> Iterator[str]:
    """Of which targets the test rows will carry no verdict, before any work was done for it."""
    for target in targets:
        known = rows[rows[target].notna()]
        test = known[known["split"] == "test"]
        if why := unjudged(test["group"].to_numpy(), pd.factorize(test[target])[0]):
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
