"""What an encoder that is trained here learns from: `prepare` writes it beside the values of its input."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sensorium.dataset.columns import GROUP, SPLIT, TRAIN, VAL
from sensorium.dataset.learnt_targets import learn
from sensorium.files import existing, read_json, write_json
from sensorium.targets import Learnt, Target, learnt

LABELS, TARGETS = "labels.parquet", "targets.json"
DIGEST, TARGET = "digest", "target."
ELSEWHERE = "elsewhere"  # whether a row that is not one to train with holds the same value


def write_labels(folder: Path, name: str, rows: pd.DataFrame, targets: Mapping[str, Target]) -> None:
    """Writes the labels of the training and validation rows that have an input.

    Args:
        folder: of the input's values.
        name: of the input.
        rows: all prepared rows.
        targets: as declared.
    """
    held = rows[rows[SPLIT].isin([TRAIN, VAL]) & rows[name].notna()]
    elsewhere = held[name].isin(set(rows[name][rows[SPLIT] != TRAIN]))
    columns = {DIGEST: held[name], SPLIT: held[SPLIT], GROUP: held[GROUP], ELSEWHERE: elsewhere}
    labels = {f"{TARGET}{target}": held[target] for target in targets}
    pd.DataFrame(columns | labels).to_parquet(folder / LABELS, index=False)
    write_json(folder / TARGETS, {target: one.state for target, one in learn(rows, targets).items()})


def read_labels(folder: Path) -> tuple[pd.DataFrame, dict[str, Learnt]]:
    """The rows that `write_labels` wrote, and what was learnt of each target."""
    targets = {name: learnt(state) for name, state in read_json(folder / TARGETS, made_by="prepare").items()}
    table = pd.read_parquet(existing(folder / LABELS, made_by="prepare"))
    return table, targets
