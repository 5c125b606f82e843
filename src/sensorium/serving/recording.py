"""What is kept of a prediction: a line in the log, figures for Prometheus, and for a while its labels for feedback."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sensorium.runtime.profile import rounded
from sensorium.serving.journal import PREDICTIONS, Journal
from sensorium.serving.live import CHAMPION, Accepted, Live, Seen
from sensorium.serving.metrics import ABSTAINED, CONFIDENCE, MISSING, PREDICTIONS_MADE, SHADOW
from sensorium.spelling import spelled

MOST_REMEMBERED = 20_000
SHARE_DIGITS = 4  # of a probability in the log


@dataclass(frozen=True)
class Origin:
    """Whose request a prediction was, and of what.

    Attributes:
        id: of the request, or of a sample in one.
        key: the API key's name.
        marks: of its values, by input.
        content: under which names they are kept, by input, if they are.
    """

    id: str
    key: str
    marks: Mapping[str, str]
    content: Mapping[str, str]


class Memory:
    """The labels of the latest predictions, by API key and request id: nobody tells of the predictions of others."""

    def __init__(self) -> None:
        self._labels: OrderedDict[tuple[str, str], tuple[str, dict[str, str]]] = OrderedDict()

    def remember(self, key: str, request_id: str, version: str, labels: dict[str, str]) -> None:
        """Keeps the likeliest label of every target; the oldest go."""
        self._labels[key, request_id] = (version, dict(labels))
        self._labels.move_to_end((key, request_id))
        if len(self._labels) > MOST_REMEMBERED:
            self._labels.popitem(last=False)

    def recall(self, key: str, request_id: str) -> tuple[str | None, dict[str, str]]:
        """The model's version and its labels; none and nothing, if they are not known any more."""
        return self._labels.get((key, request_id), (None, {}))

    def forget(self, key: str, request_id: str, target: str) -> None:
        """Drops a label, once it was compared with the truth."""
        if known := self._labels.get((key, request_id)):
            known[1].pop(target, None)


def likeliest(live: Live, shares: Mapping[str, np.ndarray]) -> dict[str, str]:
    """The likeliest class of every target; ``shares`` are probabilities ``[masks, classes]``, the last one counts."""
    return {target: classes[int(shares[target][-1].argmax())] for target, classes in live.predictor.targets.items()}


def record(journal: Journal, origin: Origin, live: Live, accepted: Accepted, seen: Seen) -> dict[str, str]:
    """Writes down what a model saw of a sample and said of it; returns the likeliest labels."""
    labels = likeliest(live, seen.shares)
    last = {target: seen.shares[target][-1] for target in labels}
    inputs = list(accepted.prepared)
    journal.write(
        PREDICTIONS,
        {
            "request_id": origin.id,
            "key": origin.key,
            "role": live.role,
            "model_version": live.version,
            "inputs": inputs,
            "marks": {name: origin.marks[name] for name in inputs},
            "said": accepted.said,
            "axes": {
                name: [rounded(float(number)) for number in seen.axes[name]]
                for name in inputs
                if not live.predictor.inputs[name].describes_content  # whose columns could be reckoned back from them
            },
            "labels": labels,
            "abstained": [target for target in labels if live.serve.abstains(target, last[target])],
            "probabilities": {
                target: {
                    name: round(float(share), SHARE_DIGITS)
                    for name, share in zip(live.predictor.targets[target], last[target], strict=True)
                }
                for target in labels
            },
            **({"content": origin.content} if origin.content else {}),
        },
    )
    if live.role == CHAMPION:
        _count(live, inputs, labels, last)
    return labels


def compare(champion: Mapping[str, str], challenger: Mapping[str, str]) -> None:
    """Counts where a challenger agrees with what was answered."""
    for target in champion.keys() & challenger.keys():
        SHADOW.labels(target, "agrees" if spelled(champion[target]) == spelled(challenger[target]) else "differs").inc()


def _count(live: Live, inputs: list[str], labels: dict[str, str], shares: dict[str, Any]) -> None:
    for name in live.predictor.inputs.keys() - set(inputs):
        MISSING.labels(name).inc()
    for target, label in labels.items():
        PREDICTIONS_MADE.labels(live.version, target, label).inc()
        CONFIDENCE.labels(target).observe(float(shares[target].max()))
        if live.serve.abstains(target, shares[target]):
            ABSTAINED.labels(live.version, target).inc()
