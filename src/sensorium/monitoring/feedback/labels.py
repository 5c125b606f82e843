"""Labels that people sent about predictions, and which of them are accepted as true."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from sensorium.errors import BadInput
from sensorium.monitoring.log.lines import Problems, counted, read_records
from sensorium.serving.journal import FEEDBACK, PREDICTIONS
from sensorium.serving.live import CHAMPION
from sensorium.spelling import spelled
from sensorium.targets import Learnt, logged_in

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_KEY = ""  # the key of a service without keys, which answers its own machine only
MOST_LABELS = 200_000  # in memory, of trusted keys, and as many of others
FLOOD = 20  # equal labels by one key; fewer are never taken for a flood
ALIKE_SHARE = 0.8  # of a key's labels, that are equal in a flood
AGAINST_SHARE = 0.5  # of these, that differ from what the model predicted


@dataclass(frozen=True)
class FeedbackLabel:
    """A label that somebody sent.

    Attributes:
        request_id: of the prediction that it is about.
        key: name of the API key that sent it.
        time: when it was sent.
        target: that it is a label of.
        value: what is true according to the sender, as tables have it.
    """

    request_id: str
    key: str
    time: datetime
    target: str
    value: str


class Predicted(NamedTuple):
    """What was predicted of a target.

    Attributes:
        kind: of the target.
        remembered: see `Learnt.remembered`.
    """

    kind: type[Learnt]
    remembered: Any


@dataclass(frozen=True)
class CheckedLabel:
    """A label, and whether it is accepted.

    Attributes:
        label: as it was sent.
        reason: why it is not accepted; empty if it is.
    """

    label: FeedbackLabel
    reason: str


@dataclass(frozen=True)
class Feedback:
    """All feedback in the log.

    Attributes:
        labels: every label, accepted or not.
        predictions: the logged predictions that labels are about, by request id; each has as ``predicted`` a
            `Predicted` of every target.
        notes: a sentence for each problem with the log.
    """

    labels: Sequence[CheckedLabel]
    predictions: Mapping[str, Mapping[str, Any]]
    notes: Sequence[str]

    @property
    def accepted(self) -> list[FeedbackLabel]:
        """The accepted labels, one for each prediction and target."""
        return list(
            {(one.label.request_id, one.label.target): one.label for one in self.labels if not one.reason}.values()
        )

    def about(self, version: str, since: datetime) -> list[tuple[FeedbackLabel, Mapping[str, Any]]]:
        """The accepted labels about predictions of a model since a time, each with its prediction."""
        pairs = [(label, self.predictions[label.request_id]) for label in self.accepted]
        return [pair for pair in pairs if pair[1]["model_version"] == version and pair[1]["time"] >= since]


def read_feedback(folder: Path, trusted: Sequence[str], now: datetime) -> Feedback:
    """Reads the whole log of feedback, and finds out which labels are accepted.

    Args:
        folder: of the logs.
        trusted: API keys that may label the predictions of other keys, and may send many equal labels.
        now: records with a later time are left out.
    """
    problems = Problems()
    trusted_keys = {*trusted, NO_KEY}
    # By whether the key is trusted, so that labels of others displace none that are learnt from.
    latest: dict[bool, dict[tuple[str, str, str], FeedbackLabel]] = {True: {}, False: {}}
    corrected = forgotten = 0
    for time, record in read_records(folder, FEEDBACK, ("request_id", "labels"), EPOCH, now, problems):
        for target, value in record["labels"].items():
            label = FeedbackLabel(record["request_id"], record.get("key", NO_KEY), time, target, spelled(value))
            place, kept = (label.request_id, label.target, label.key), latest[label.key in trusted_keys]
            if (before := kept.pop(place, label)).value != label.value:
                corrected += 1
            kept[place] = max(label, before, key=lambda one: one.time)  # goes to the end
            if len(kept) > MOST_LABELS:
                kept.pop(next(iter(kept)))
                forgotten += 1
    notes = problems.notes(FEEDBACK)
    if corrected:
        notes.append(f"{counted(corrected, 'label')} of feedback {'was' if corrected == 1 else 'were'} corrected by "
                     "the key that sent it; the last label counts.")  # fmt: skip
    if forgotten:
        notes.append(f"Left out: {counted(forgotten, 'label')} of feedback, the oldest; at most {MOST_LABELS:,} by "
                     "trusted keys are read, and as many by others.")  # fmt: skip
    all_labels = sorted((label for kept in latest.values() for label in kept.values()), key=lambda label: label.time)
    predictions, ambiguous = _find(folder, {label.request_id for label in all_labels}, now)
    context = _Context(predictions, ambiguous, trusted_keys, {}, _floods(all_labels, predictions))
    admitted = [label for label in all_labels if not any(rule(label, context) for rule in ADMISSION_RULES)]
    context = replace(context, labels=_labels_of(admitted))
    labels = [CheckedLabel(label, _reason(label, context)) for label in all_labels]
    return Feedback(labels, predictions, notes)


@dataclass(frozen=True)
class _Context:
    """What the rules below are applied to."""

    predictions: Mapping[str, Mapping[str, Any]]
    ambiguous: set[str]
    trusted: set[str]
    labels: Mapping[tuple[str, str], Mapping[str, str]]
    floods: Mapping[tuple[str, str, str], str]


def _unknown(label: FeedbackLabel, context: _Context) -> str:
    return "" if label.request_id in context.predictions else "no prediction with this request id is in the log"


def _ambiguous(label: FeedbackLabel, context: _Context) -> str:
    return "several predictions have this request id" if label.request_id in context.ambiguous else ""


def _foreign(label: FeedbackLabel, context: _Context) -> str:
    asked_by = context.predictions[label.request_id].get("key", NO_KEY)
    if label.key in context.trusted or label.key == asked_by:
        return ""
    return f"the key {label.key!r} labels a prediction that another key asked for, and is not in retrain.trusted"


def _of_another_kind(label: FeedbackLabel, context: _Context) -> str:
    found: Predicted | None = context.predictions[label.request_id]["predicted"].get(label.target)
    return why_none_of(found.kind.read_label, label) if found else ""


def why_none_of(read: Callable[[Any], Any], label: FeedbackLabel) -> str:
    """Why a label cannot be read by a kind of target, as one that was told of another kind; empty if it can."""
    try:
        read(label.value)
    except BadInput as problem:
        return f"{label.target} cannot be so: {problem.advised}"
    return ""


def _contradicted(label: FeedbackLabel, context: _Context) -> str:
    by_key = context.labels[label.request_id, label.target]
    trusted = {key: value for key, value in by_key.items() if key in context.trusted}
    accepted = trusted or by_key
    if len(set(accepted.values())) == 1 and label.value in accepted.values():
        return ""
    return "keys contradict each other about this prediction"


def _flooding(label: FeedbackLabel, context: _Context) -> str:
    return "" if label.key in context.trusted else context.floods.get((label.key, label.target, label.value), "")


Rule = Callable[[FeedbackLabel, _Context], str]
ADMISSION_RULES: tuple[Rule, ...] = (
    _unknown,
    _ambiguous,
    _foreign,
    _of_another_kind,
)  # labels that break these do not count as contradictions
ACCEPTANCE_RULES: tuple[Rule, ...] = (*ADMISSION_RULES, _contradicted, _flooding)


def _reason(label: FeedbackLabel, context: _Context) -> str:
    """Why a label is not accepted, by the first rule that it breaks; empty if it breaks none."""
    return next((reason for rule in ACCEPTANCE_RULES if (reason := rule(label, context))), "")


def _labels_of(all_labels: Sequence[FeedbackLabel]) -> dict[tuple[str, str], dict[str, str]]:
    """The label by each key, by request id and target."""
    by_key: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for label in all_labels:
        by_key[label.request_id, label.target][label.key] = label.value
    return by_key


def _floods(
    all_labels: Sequence[FeedbackLabel], predictions: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str, str], str]:
    """Keys that send one label nearly always, mostly against the model: the reason by key, target and label."""
    known = [label for label in all_labels if label.request_id in predictions]
    all_of = Counter((label.key, label.target) for label in known)
    alike = Counter((label.key, label.target, label.value) for label in known)
    against = Counter(
        (label.key, label.target, label.value)
        for label in known
        if not _agrees(label, predictions[label.request_id]["predicted"].get(label.target))
    )
    return {
        (
            key,
            target,
            label,
        ): f"the key {key!r} sent {target} {label!r} {number} times of {all_of[key, target]}, mostly "
        "against the model, which looks like a flood; name the key in retrain.trusted if it is right"
        for (key, target, label), number in alike.items()
        if number >= FLOOD
        and number >= ALIKE_SHARE * all_of[key, target]
        and against[key, target, label] >= AGAINST_SHARE * number
    }


def _agrees(label: FeedbackLabel, found: Predicted | None) -> bool:
    if found is None or why_none_of(found.kind.read_label, label):
        return False
    return found.kind.agrees(found.remembered, label.value)


def _find(folder: Path, wanted: set[str], now: datetime) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """The champions' predictions with these request ids, and the ids that several predictions have."""
    found: dict[str, dict[str, Any]] = {}
    ambiguous: set[str] = set()
    if not wanted:
        return found, ambiguous
    fields = ("request_id", "role", "model_version", "inputs", "labels")
    for time, record in read_records(folder, PREDICTIONS, fields, EPOCH, now, Problems()):
        name = record["request_id"]
        if record["role"] != CHAMPION or name not in wanted:
            continue
        if name in found:
            if found[name]["time"] != time:  # else the same line was copied twice
                ambiguous.add(name)
            continue
        kept = ("key", "model_version", "inputs", "content")
        predicted = {target: Predicted(kind, kind.recalled(record, target)) for target, kind in logged_in(record)}
        found[name] = {
            "time": time, "predicted": predicted, **{field: record[field] for field in kept if field in record}
        }  # fmt: skip
    return found, ambiguous
