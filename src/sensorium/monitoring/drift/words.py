"""What a check found, in sentences a person can check."""

from collections.abc import Mapping, Sequence

from sensorium.modalities.modality import EMBEDDING
from sensorium.monitoring.drift.check import FEWEST, Finding
from sensorium.monitoring.feedback.performance import Performance
from sensorium.monitoring.log.lines import counted

MOST_CLAUSES = 3
MOST_CLASSES = 3
DRIFT, NO_DRIFT, TOO_FEW = "drift", "no drift", "too few"


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


def drifted(tests: Sequence[Finding], inputs: Sequence[str]) -> list[str]:
    """The inputs that drifted."""
    return [name for name in inputs if any(test.drifted for test in tests if test.about == name)]


def answer(tests: Sequence[Finding], inputs: Sequence[str], performance: Mapping[str, Performance]) -> list[str]:
    """Sentences: what drifted and how, and what did not; then what became of the answers."""
    moved = drifted(tests, inputs)
    still = [name for name in inputs if name not in moved]
    said = [f"{name} drifted: {_how([test for test in tests if test.about == name])}" for name in moved]
    if moved and still:
        said.append(f"{listed(still)} did not")
    sentences = ["; ".join(said) if moved else f"nothing drifted: {listed(still)} {_are(still)} as in the reference"]
    sentences += _answers(tests, inputs)
    sentences += [sentence for target, one in performance.items() if (sentence := _performance(target, one))]
    return [f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences]


def too_few(hours: float, version: str, predictions: int, independent: int, grouped_by: Sequence[str]) -> str:
    """Why nothing can be told.

    Args:
        hours: that were looked at.
        version: of the model.
        predictions: how many there were.
        independent: how many of them are.
        grouped_by: inputs whose equal values make predictions one.
    """
    last = f"in the last {hours:g} hours"
    if not predictions:
        return f"The model {version} predicted nothing {last}; nothing can be told of drift."
    said = f"{counted(predictions, 'prediction')} {last}"
    if predictions >= FEWEST:
        said += f", but only {independent} that differ in {listed(grouped_by) or 'their inputs'}"
    return f"{said}; {FEWEST} are needed to tell drift from chance."


def set_aside(labels: Mapping[str, int]) -> list[str]:
    """A sentence for each reason why so many labels are not used."""
    return [f"{counted(number, 'label')} of feedback set aside: {reason}." for reason, number in labels.items()]


def _how(tests: Sequence[Finding]) -> str:
    """What a person would notice first; the embedding only where nothing else says it."""
    found = sorted((test for test in tests if test.drifted), key=lambda test: -test.effect)
    plain = [test.words for test in found if test.what != EMBEDDING]
    if not plain:
        return "unlike the reference in ways that its descriptors do not tell"
    return ", ".join(plain[:MOST_CLAUSES])


def _answers(tests: Sequence[Finding], inputs: Sequence[str]) -> list[str]:
    """How the model's answers changed."""
    said: dict[str, list[str]] = {}
    for test in tests:
        if test.about not in inputs and test.drifted:
            said.setdefault(test.about, []).append(test.words)
    return [f"the answers for {target} changed: {', '.join(how)}" for target, how in said.items()]


def _performance(target: str, found: Performance) -> str:
    """What the labels that were told say."""
    if found.accuracy is None or found.interval is None:
        return ""
    low, high = found.interval
    beside = f"; on the reference in {found.reference:.0%}" if found.reference is not None else ""
    said = (
        f"by feedback, {target} is right in {found.accuracy:.0%} of {counted(found.told, 'answer')} "
        f"(interval {low:.0%} to {high:.0%}{beside})"
    )
    if found.unknown:
        names = [repr(name) for name in list(found.unknown)[:MOST_CLASSES]]
        if others := len(found.unknown) - len(names):
            names.append(counted(others, "other"))
        said += f", and {sum(found.unknown.values()):.0%} are {listed(names)}, which the model has no class for"
    return said


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
