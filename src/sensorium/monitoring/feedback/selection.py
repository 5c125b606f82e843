"""Selects the feedback that a retrain learns from: accepted labels by trusted keys about samples that were kept."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.monitoring import retrains
from sensorium.monitoring.feedback.labels import NO_KEY, Feedback, FeedbackLabel, why_none_of
from sensorium.serving import content
from sensorium.sources.feedback import TARGET
from sensorium.spelling import spelled
from sensorium.targets import Target

UNTRUSTED = "the key {!r} is not in retrain.trusted, so it tells how well the model does and is not learnt from"
NOT_KEPT = "its inputs were not kept; set monitor.keep_content in params.yaml"
NO_LONGER_KEPT = "its inputs are not among the kept ones any more; see monitor.content_megabytes"
ALREADY_LABELLED = "the same sample is labelled already"


@dataclass(frozen=True)
class Sample:
    """A prediction that can be learnt from.

    Attributes:
        labels: accepted ones about it.
        files: what it was given, as the service kept it, by the name that requests give it under.
        digest: of what it was given; equal samples have the same.
    """

    labels: Sequence[FeedbackLabel]
    files: Mapping[str, Path]
    digest: str


@dataclass(frozen=True)
class Selection:
    """The feedback that a retrain can learn from.

    Attributes:
        earlier: rows of earlier collections whose keys are still trusted.
        dropped: how many rows of earlier collections are no longer trusted.
        pending: digests of those earlier rows that no finished retrain has learnt from.
        new: samples that no earlier collection has, by request id.
        corrected: labels that replace those of earlier rows, by digest.
        rejected: labels that are not learnt from: ``request_id``, ``key``, ``time``, ``target``, ``label``, ``reason``.
    """

    earlier: pd.DataFrame
    dropped: int
    pending: Sequence[str]
    new: Mapping[str, Sample]
    corrected: Mapping[str, Sequence[FeedbackLabel]]
    rejected: pd.DataFrame

    @property
    def untrained(self) -> int:
        """How many samples no finished retrain has learnt from."""
        return len(self.pending) + len(self.new)

    @property
    def has_changes(self) -> bool:
        """Whether the next training set would differ from that of the last retrain."""
        return bool(self.untrained or self.corrected or self.dropped)


def select(
    feedback: Feedback, log: Path, earlier: pd.DataFrame, trusted: Sequence[str], targets: Mapping[str, Target]
) -> Selection:
    """Selects the accepted labels by trusted keys whose inputs were kept.

    Args:
        feedback: all labels.
        log: the service's folder, where inputs are kept.
        earlier: rows of earlier collections.
        trusted: API keys whose labels are learnt from. A service without keys answers its own machine only, which is
            trusted.
        targets: as declared; labels of others are not used.
    """
    keys = {*trusted, NO_KEY}
    collected, earlier = earlier, earlier[earlier["key"].isin(keys)].reset_index(drop=True)
    rejected = [(one.label, one.reason) for one in feedback.labels if one.reason]
    by_request: dict[str, list[FeedbackLabel]] = {}
    for label in feedback.accepted:
        if label.key not in keys:
            rejected.append((label, UNTRUSTED.format(label.key)))
        elif label.target not in targets:
            continue
        elif why := why_none_of(targets[label.target].parse, label):
            rejected.append((label, why))
        else:
            by_request.setdefault(label.request_id, []).append(label)
    known, samples = set(zip(earlier["request_id"], earlier["sample"], strict=True)), set(earlier["sample"])
    new: dict[str, Sample] = {}
    corrected: dict[str, list[FeedbackLabel]] = {}
    for request_id, labels in by_request.items():
        sample, why = _sample(labels, feedback.predictions[request_id], log)
        if (request_id, sample.digest) in known:  # clients choose their ids, and may use one again for something else
            row = earlier.loc[earlier["sample"] == sample.digest].iloc[0]
            if any(spelled(row.get(f"{TARGET}{label.target}")) != label.value for label in labels):
                corrected[sample.digest] = labels
            continue
        if why := why or (ALREADY_LABELLED if sample.digest in samples else ""):
            rejected += [(label, why) for label in labels]
        else:
            samples.add(sample.digest)
            new[request_id] = sample
    pending = earlier.loc[~earlier["retrain"].isin(list(retrains.finished_ids())), "sample"]
    dropped = len(collected) - len(earlier)
    return Selection(earlier, dropped, list(pending), new, corrected, _table(rejected))


def _sample(labels: Sequence[FeedbackLabel], prediction: Mapping[str, Any], log: Path) -> tuple[Sample, str]:
    """The sample of a prediction, and why it cannot be learnt from; empty if it can."""
    names = prediction.get("content", {})
    if not names:  # all that a sample was given is kept, or nothing
        return Sample(labels, {}, ""), NOT_KEPT
    files = {name: path for name, kept in names.items() if (path := content.find(log, kept))}
    why = "" if len(files) == len(names) else NO_LONGER_KEPT
    return Sample(labels, files, hashlib.sha256(json.dumps(names, sort_keys=True).encode()).hexdigest()), why


def _table(rejected: Sequence[tuple[FeedbackLabel, str]]) -> pd.DataFrame:
    columns = ["request_id", "key", "time", "target", "label", "reason"]
    cells = [
        (label.request_id, label.key, label.time.isoformat(), label.target, label.value, reason)
        for label, reason in rejected
    ]
    return pd.DataFrame(cells, columns=columns, dtype=str)
