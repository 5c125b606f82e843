"""Rows that were made of feedback: samples that the service kept, with the labels that were told of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sensorium import paths
from sensorium.files import replacing
from sensorium.monitoring.feedback import Feedback, Told
from sensorium.serving import content
from sensorium.sources.feedback import INPUT, TARGET

ROWS, QUARANTINE = "rows.parquet", "quarantine.parquet"
NOT_KEPT = "its inputs were not kept; set monitor.keep_content in params.yaml"
GONE = "its inputs are not among the kept ones any more; see monitor.content_megabytes"


@dataclass(frozen=True)
class Sample:
    """A prediction that can be learnt from.

    Attributes:
        labels: that were told of it.
        files: kept inputs, by name.
    """

    labels: Sequence[Told]
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Choice:
    """What feedback gives to learn from.

    Attributes:
        new: samples that no earlier collection has, by request id.
        corrected: labels of samples that an earlier collection has, by request id.
        rejected: labels that are not used: ``request_id``, ``key``, ``time``, ``target``, ``label``, ``reason``.
    """

    new: Mapping[str, Sample]
    corrected: Mapping[str, Sequence[Told]]
    rejected: pd.DataFrame


def choose(feedback: Feedback, log: Path, earlier: pd.DataFrame, targets: Sequence[str]) -> Choice:
    """Finds out which believed labels have their inputs kept.

    Args:
        feedback: judged.
        log: the service's folder.
        earlier: rows of collections before.
        targets: that are learnt; labels of others are not used.
    """
    rejected = [(one.told, one.reason) for one in feedback.judged if one.reason]
    by_request: dict[str, list[Told]] = {}
    for told in feedback.believed:
        if told.target in targets:
            by_request.setdefault(told.request_id, []).append(told)
    known = set(earlier["request_id"])
    new: dict[str, Sample] = {}
    for request_id, labels in by_request.items():
        if request_id in known:
            continue
        names = feedback.predictions[request_id].get("content", {})
        files = {name: content.file(log / content.FOLDER, kept) for name, kept in names.items()}
        if files and all(path.is_file() for path in files.values()):
            new[request_id] = Sample(labels, files)
        else:
            rejected += [(told, GONE if names else NOT_KEPT) for told in labels]
    corrected = {request_id: labels for request_id, labels in by_request.items() if request_id in known}
    return Choice(new, corrected, _table(rejected))


def collect(choice: Choice, earlier: pd.DataFrame, retrain: str) -> pd.DataFrame:
    """The rows: ``request_id``, ``time``, ``key``, ``retrain``, ``input.NAME`` (bytes as they came), ``target.NAME``.

    Args:
        choice: what to learn from.
        earlier: rows of collections before; a label that was told since replaces the one they have.
        retrain: for which the new rows are collected.
    """
    rows = earlier.copy()
    for request_id, labels in choice.corrected.items():
        for told in labels:
            rows.loc[rows["request_id"] == request_id, f"{TARGET}{told.target}"] = told.label
    new = [
        {
            "request_id": name,
            "time": sample.labels[-1].time.isoformat(),
            "key": sample.labels[-1].key,
            "retrain": retrain,
        }
        | {f"{INPUT}{name}": path.read_bytes() for name, path in sample.files.items()}
        | {f"{TARGET}{told.target}": told.label for told in sample.labels}
        for name, sample in choice.new.items()
    ]
    return pd.concat([rows, pd.DataFrame(new)], ignore_index=True)


def read_rows(folder: Path = paths.FEEDBACK) -> pd.DataFrame:
    """The rows of the last collection; none if there was none."""
    path = folder / ROWS
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame({"request_id": pd.Series(dtype=str)})


def write(rows: pd.DataFrame, rejected: pd.DataFrame, folder: Path = paths.FEEDBACK) -> None:
    """Writes rows and quarantine, each beside the old one first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in ((ROWS, rows), (QUARANTINE, rejected)):
        with replacing(folder / name) as beside:
            table.to_parquet(beside, index=False)


def _table(rejected: Sequence[tuple[Told, str]]) -> pd.DataFrame:
    columns = ["request_id", "key", "time", "target", "label", "reason"]
    cells = [
        (told.request_id, told.key, told.time.isoformat(), told.target, told.label, reason) for told, reason in rejected
    ]
    return pd.DataFrame(cells, columns=columns, dtype=str)
