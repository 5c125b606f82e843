"""Labels that were told of predictions, and which of them may be believed."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sensorium.monitoring.log.lines import Reading, counted, read_records
from sensorium.serving.journal import FEEDBACK, PREDICTIONS
from sensorium.serving.live import CHAMPION
from sensorium.spelling import spelled

EVER = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = ""  # the key of a service without keys, which answers its own machine only
MOST = 200_000  # labels in memory of keys that are trusted, and as many of others
FLOOD = 20  # labels alike by one key from which on they are looked at
ALIKE, AGAINST = 0.8, 0.5  # shares of a flood: of the key's labels that are this one, of those the model denies


@dataclass(frozen=True)
class Told:
    """A label that was told.

    Attributes:
        request_id: of the prediction.
        key: the API key's name.
        time: when.
        target: of which.
        label: the truth, as they say.
    """

    request_id: str
    key: str
    time: datetime
    target: str
    label: str


@dataclass(frozen=True)
class Judged:
    """A label and what is thought of it.

    Attributes:
        told: the label.
        reason: why it is not believed; empty if it is.
    """

    told: Told
    reason: str


@dataclass(frozen=True)
class Feedback:
    """All that was told.

    Attributes:
        judged: every label, with its verdict.
        predictions: what is in the log of the predictions that were told of, by request id.
        notes: a sentence for each thing that was not as it should be.
    """

    judged: Sequence[Judged]
    predictions: Mapping[str, Mapping[str, Any]]
    notes: Sequence[str]

    @property
    def believed(self) -> list[Told]:
        """The labels that are, each once."""
        return list(
            {(one.told.request_id, one.told.target): one.told for one in self.judged if not one.reason}.values()
        )

    def about(self, version: str, since: datetime) -> list[tuple[Told, Mapping[str, Any]]]:
        """The believed labels of a model's predictions from this time on, each with its prediction."""
        pairs = [(told, self.predictions[told.request_id]) for told in self.believed]
        return [pair for pair in pairs if pair[1]["model_version"] == version and pair[1]["time"] >= since]


def read_feedback(folder: Path, trusted: Sequence[str], now: datetime) -> Feedback:
    """Reads and judges the whole log of feedback.

    Args:
        folder: of the logs.
        trusted: keys that may tell of others' predictions, and many labels alike.
        now: what tells the future.
    """
    reading = Reading()
    heeded = {*trusted, NOBODY}
    # Apart, so that strangers' labels push out none of those that are learnt from.
    latest: dict[bool, dict[tuple[str, str, str], Told]] = {True: {}, False: {}}
    corrected = forgotten = 0
    for time, record in read_records(folder, FEEDBACK, ("request_id", "labels"), EVER, now, reading):
        for target, label in record["labels"].items():
            told = Told(record["request_id"], record.get("key", NOBODY), time, target, spelled(label))
            place, alike = (told.request_id, told.target, told.key), latest[told.key in heeded]
            if (before := alike.pop(place, told)).label != told.label:
                corrected += 1
            alike[place] = max(told, before, key=lambda one: one.time)  # goes to the end
            if len(alike) > MOST:
                alike.pop(next(iter(alike)))
                forgotten += 1
    notes = reading.notes(FEEDBACK)
    if corrected:
        notes.append(f"{counted(corrected, 'label')} of feedback {'was' if corrected == 1 else 'were'} corrected by "
                     "the key that told it; the last word counts.")  # fmt: skip
    if forgotten:
        notes.append(f"Left out: {counted(forgotten, 'label')} of feedback, the oldest; {MOST:,} of keys that are "
                     "trusted are read at most, and as many of others.")  # fmt: skip
    everything = sorted((told for alike in latest.values() for told in alike.values()), key=lambda told: told.time)
    predictions, several = _find(folder, {told.request_id for told in everything}, now)
    context = _Context(predictions, several, heeded, {}, _floods(everything, predictions))
    heard = [told for told in everything if not any(rule(told, context) for rule in ADMITTING)]
    context = replace(context, labels=_labels_of(heard))
    judged = [Judged(told, _reason(told, context)) for told in everything]
    return Feedback(judged, predictions, notes)


@dataclass(frozen=True)
class _Context:
    """What the rules look at."""

    predictions: Mapping[str, Mapping[str, Any]]
    several: set[str]
    trusted: set[str]
    labels: Mapping[tuple[str, str], Mapping[str, str]]
    floods: Mapping[tuple[str, str, str], str]


def _unknown(told: Told, context: _Context) -> str:
    return "" if told.request_id in context.predictions else "no prediction with this request id is in the log"


def _ambiguous(told: Told, context: _Context) -> str:
    return "several predictions have this request id" if told.request_id in context.several else ""


def _foreign(told: Told, context: _Context) -> str:
    asked_by = context.predictions[told.request_id].get("key", NOBODY)
    if told.key in context.trusted or told.key == asked_by:
        return ""
    return f"the key {told.key!r} tells of a prediction that another key asked for, and is not in retrain.trusted"


def _contradicted(told: Told, context: _Context) -> str:
    said = context.labels[told.request_id, told.target]
    trusted = {key: label for key, label in said.items() if key in context.trusted}
    believed = trusted or said
    if len(set(believed.values())) == 1 and told.label in believed.values():
        return ""
    return "keys contradict each other about this prediction"


def _flooding(told: Told, context: _Context) -> str:
    return "" if told.key in context.trusted else context.floods.get((told.key, told.target, told.label), "")


Rule = Callable[[Told, _Context], str]
ADMITTING: tuple[Rule, ...] = (_unknown, _ambiguous, _foreign)  # those whose word counts at all
RULES: tuple[Rule, ...] = (*ADMITTING, _contradicted, _flooding)


def _reason(told: Told, context: _Context) -> str:
    """Why a label is not believed, by the first rule that says so."""
    return next((reason for rule in RULES if (reason := rule(told, context))), "")


def _labels_of(everything: Sequence[Told]) -> dict[tuple[str, str], dict[str, str]]:
    """What each key said of a prediction's target."""
    said: defaultdict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for told in everything:
        said[told.request_id, told.target][told.key] = told.label
    return said


def _floods(
    everything: Sequence[Told], predictions: Mapping[str, Mapping[str, Any]]
) -> dict[tuple[str, str, str], str]:
    """Keys that tell nearly one label only, mostly against the model: by key, target and label, the reason."""
    known = [told for told in everything if told.request_id in predictions]
    all_of = Counter((told.key, told.target) for told in known)
    alike = Counter((told.key, told.target, told.label) for told in known)
    against = Counter(
        (told.key, told.target, told.label)
        for told in known
        if predictions[told.request_id]["labels"].get(told.target) != told.label
    )
    return {
        (
            key,
            target,
            label,
        ): f"the key {key!r} told {target} {label!r} {number} times of {all_of[key, target]}, mostly "
        "against the model, which looks like a flood; name the key in retrain.trusted if it is right"
        for (key, target, label), number in alike.items()
        if number >= FLOOD and number >= ALIKE * all_of[key, target] and against[key, target, label] >= AGAINST * number
    }


def _find(folder: Path, wanted: set[str], now: datetime) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """The champions' predictions with these request ids, and the ids that several have."""
    found: dict[str, dict[str, Any]] = {}
    several: set[str] = set()
    if not wanted:
        return found, several
    fields = ("request_id", "role", "model_version", "inputs", "labels")
    for time, record in read_records(folder, PREDICTIONS, fields, EVER, now, Reading()):
        name = record["request_id"]
        if record["role"] != CHAMPION or name not in wanted:
            continue
        if name in found:
            if found[name]["time"] != time:  # else the same line was copied twice
                several.add(name)
            continue
        kept = ("key", "model_version", "inputs", "content")
        labels = {target: spelled(label) for target, label in record["labels"].items()}
        found[name] = {"time": time, "labels": labels, **{field: record[field] for field in kept if field in record}}
    return found, several
