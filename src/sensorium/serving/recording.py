"""Records a prediction: a line in the log, figures for Prometheus, and its labels for later feedback."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.modalities.request_fields import with_column_names
from sensorium.runtime.profile import rounded
from sensorium.serving.journal import PREDICTIONS, Journal
from sensorium.serving.live import CHAMPION, Accepted, Live, Outputs
from sensorium.serving.metrics import ABSTAINED, CONFIDENCE, MISSING, PREDICTIONS_MADE, SHADOW
from sensorium.targets import Learnt

MOST_REMEMBERED = 20_000


@dataclass(frozen=True)
class Origin:
    """The request behind a prediction.

    Attributes:
        id: of the request, or of a sample in one.
        key: the API key's name.
        hashes: of its values, by the names that they were given under.
        content: under which names they are kept, likewise, if they are.
    """

    id: str
    key: str
    hashes: Mapping[str, str]
    content: Mapping[str, str]


class Memory:
    """The latest predictions, by API key and request id: nobody tells of the predictions of others."""

    def __init__(self) -> None:
        self._labels: OrderedDict[tuple[str, str], tuple[str, dict[str, Any]]] = OrderedDict()

    def remember(self, key: str, request_id: str, version: str, labels: Mapping[str, Any]) -> None:
        """Keeps what is remembered of every target, such as the likeliest label; the oldest go."""
        self._labels[key, request_id] = (version, dict(labels))
        self._labels.move_to_end((key, request_id))
        if len(self._labels) > MOST_REMEMBERED:
            self._labels.popitem(last=False)

    def recall(self, key: str, request_id: str) -> tuple[str | None, dict[str, Any]]:
        """The model's version and what it predicted; none and nothing, if they are not known any more."""
        return self._labels.get((key, request_id), (None, {}))

    def forget(self, key: str, request_id: str, target: str) -> None:
        """Drops a label, once it was compared with the truth."""
        if known := self._labels.get((key, request_id)):
            known[1].pop(target, None)


def record(journal: Journal, origin: Origin, live: Live, accepted: Accepted, outputs: Outputs) -> dict[str, Any]:
    """Writes down what a model saw of a sample and said of it; returns what is to be remembered of every target."""
    targets, threshold = live.predictor.targets, live.serve.threshold
    last = {name: predictions[-1] for name, predictions in outputs.predictions.items()}
    inputs, hashes = list(accepted.prepared), with_column_names(origin.hashes, live.predictor.fields)
    recorded: dict[str, dict[str, Any]] = {"labels": {}, "probabilities": {}}
    for name, target in targets.items():
        for key, written in target.recorded(last[name]).items():
            recorded.setdefault(key, {})[name] = written
    journal.write(
        PREDICTIONS,
        {
            "request_id": origin.id,
            "key": origin.key,
            "role": live.role,
            "model_version": live.version,
            "inputs": inputs,
            "hashes": {name: hashes[live.predictor.inputs[name].asked_as(name)] for name in inputs},
            "descriptors": accepted.descriptors,
            "axes": {
                name: [rounded(float(number)) for number in outputs.axes[name]]
                for name in inputs
                if not live.predictor.inputs[name].describes_content  # whose columns could be reckoned back from them
            },
            "abstained": [name for name, one in targets.items() if one.abstains(last[name], threshold(name))],
            **recorded,
            **({"content": origin.content} if origin.content else {}),
        },
    )
    if live.role == CHAMPION:
        _count(live, inputs, last)
    return {name: target.remembered(last[name]) for name, target in targets.items()}


def compare(targets: Mapping[str, Learnt], champion: Mapping[str, Any], challenger: Mapping[str, Any]) -> None:
    """Counts where a challenger agrees with what was answered; ``targets`` are the challenger's."""
    for name in champion.keys() & challenger.keys():
        agrees = targets[name].agrees(challenger[name], champion[name])
        SHADOW.labels(name, "agrees" if agrees else "differs").inc()


def _count(live: Live, inputs: list[str], predictions: Mapping[str, np.ndarray]) -> None:
    for name in live.predictor.inputs.keys() - set(inputs):
        MISSING.labels(name).inc()
    for name, target in live.predictor.targets.items():
        prediction = predictions[name]
        PREDICTIONS_MADE.labels(live.version, name, target.counted_as(prediction)).inc()
        if (confidence := target.confidence(prediction)) is not None:
            CONFIDENCE.labels(name).observe(confidence)
        if target.abstains(prediction, live.serve.threshold(name)):
            ABSTAINED.labels(live.version, name).inc()
