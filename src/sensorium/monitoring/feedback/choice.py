"""Which labels are learnt from: believed, trusted, of samples that were kept and not learnt from before."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.monitoring import retrains
from sensorium.monitoring.feedback.judged import NOBODY, Feedback, Told
from sensorium.serving import content
from sensorium.sources.feedback import TARGET
from sensorium.spelling import spelled

NOT_TRUSTED = "the key {!r} is not in retrain.trusted, so it tells how well the model does and is not learnt from"
NOT_KEPT = "its inputs were not kept; set monitor.keep_content in params.yaml"
GONE = "its inputs are not among the kept ones any more; see monitor.content_megabytes"
TWICE = "the same sample is labelled already"


@dataclass(frozen=True)
class Sample:
    """A prediction that can be learnt from.

    Attributes:
        labels: that were told of it.
        files: kept inputs, by name.
        sample: the same for the same inputs.
    """

    labels: Sequence[Told]
    files: Mapping[str, Path]
    sample: str


@dataclass(frozen=True)
class Choice:
    """What feedback gives to learn from.

    Attributes:
        earlier: rows of collections before whose keys are trusted still.
        dropped: how many there were of other keys.
        pending: those of them that no retrain has come to an end with, by sample.
        new: samples that no earlier collection has, by request id.
        corrected: labels of samples that an earlier collection has with others, by sample.
        rejected: labels that are not learnt from: ``request_id``, ``key``, ``time``, ``target``, ``label``, ``reason``.
    """

    earlier: pd.DataFrame
    dropped: int
    pending: Sequence[str]
    new: Mapping[str, Sample]
    corrected: Mapping[str, Sequence[Told]]
    rejected: pd.DataFrame

    @property
    def fresh(self) -> int:
        """How many samples there are that no retrain has learnt from."""
        return len(self.pending) + len(self.new)

    @property
    def changes(self) -> bool:
        """Whether there is anything that the last retrain did not learn from so."""
        return bool(self.fresh or self.corrected or self.dropped)


def choose(
    feedback: Feedback, log: Path, earlier: pd.DataFrame, trusted: Sequence[str], targets: Sequence[str]
) -> Choice:
    """Finds out which believed labels are trusted and have their inputs kept.

    Args:
        feedback: judged.
        log: the service's folder.
        earlier: rows of collections before.
        trusted: keys whose labels are learnt from; a service without keys answers its own machine, which is.
        targets: that are learnt; labels of others are not used.
    """
    keys = {*trusted, NOBODY}
    collected, earlier = earlier, earlier[earlier["key"].isin(keys)].reset_index(drop=True)
    rejected = [(one.told, one.reason) for one in feedback.judged if one.reason]
    by_request: dict[str, list[Told]] = {}
    for told in feedback.believed:
        if told.key not in keys:
            rejected.append((told, NOT_TRUSTED.format(told.key)))
        elif told.target in targets:
            by_request.setdefault(told.request_id, []).append(told)
    known, samples = set(zip(earlier["request_id"], earlier["sample"], strict=True)), set(earlier["sample"])
    new: dict[str, Sample] = {}
    corrected: dict[str, list[Told]] = {}
    for request_id, labels in by_request.items():
        sample, why = _sample(labels, feedback.predictions[request_id], log)
        if (request_id, sample.sample) in known:  # clients choose their ids, and may use one again for something else
            row = earlier.loc[earlier["sample"] == sample.sample].iloc[0]
            if any(spelled(row.get(f"{TARGET}{told.target}")) != told.label for told in labels):
                corrected[sample.sample] = labels
            continue
        if why := why or (TWICE if sample.sample in samples else ""):
            rejected += [(told, why) for told in labels]
        else:
            samples.add(sample.sample)
            new[request_id] = sample
    pending = earlier.loc[~earlier["retrain"].isin(list(retrains.with_a_verdict())), "sample"]
    dropped = len(collected) - len(earlier)
    return Choice(earlier, dropped, list(pending), new, corrected, _table(rejected))


def _sample(labels: Sequence[Told], prediction: Mapping[str, Any], log: Path) -> tuple[Sample, str]:
    """What a prediction gives to learn from, and why it cannot be learnt from, if so."""
    names = prediction.get("content", {})
    if set(names) != set(prediction["inputs"]):
        return Sample(labels, {}, ""), NOT_KEPT
    files = {name: path for name, kept in names.items() if (path := content.find(log, kept))}
    why = "" if len(files) == len(names) else GONE
    return Sample(labels, files, hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()), why


def _table(rejected: Sequence[tuple[Told, str]]) -> pd.DataFrame:
    columns = ["request_id", "key", "time", "target", "label", "reason"]
    cells = [
        (told.request_id, told.key, told.time.isoformat(), told.target, told.label, reason) for told, reason in rejected
    ]
    return pd.DataFrame(cells, columns=columns, dtype=str)
