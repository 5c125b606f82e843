"""The findings of a check as sentences."""

from collections.abc import Mapping, Sequence

from sensorium.modalities.descriptors import EMBEDDING, SECONDS
from sensorium.monitoring.drift.detection import FEWEST, Finding
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
    """Sentences about what drifted and how, what did not, how predictions changed, and how the model performs."""
    moved = drifted(tests, inputs)
    still = [name for name in inputs if name not in moved]
    alike: dict[str, list[str]] = {}  # inputs that read one column tend to drift alike
    for name in moved:
        alike.setdefault(_how([test for test in tests if test.about == name]), []).append(name)
    clauses = [f"{listed(names)} drifted: {how}" for how, names in alike.items()]
    if moved and still:
        clauses.append(f"{listed(still)} did not")
    sentences = ["; ".join(clauses) if moved else f"nothing drifted: {listed(still)} {_are(still)} as in the reference"]
    sentences += _answers(tests, inputs)
    sentences += [sentence for target, one in performance.items() if (sentence := _performance(target, one))]
    return [f"{sentence[0].upper()}{sentence[1:]}." for sentence in sentences]


def too_few(hours: float, version: str, predictions: int, independent: int, grouped_by: Sequence[str]) -> str:
    """The sentence for a check with too few predictions.

    Args:
        hours: that it looked back.
        version: of the model.
        predictions: how many there were.
        independent: how many of them may count as independent.
        grouped_by: inputs by whose values predictions are grouped into units.
    """
    last = f"in the last {hours:g} hours"
    if not predictions:
        return f"The model {version} predicted nothing {last}; nothing can be told of drift."
    sentence = f"{counted(predictions, 'prediction')} {last}"
    if predictions >= FEWEST:
        sentence += f", but only {independent} that differ in {listed(grouped_by) or 'their inputs'}"
    return f"{sentence}; {FEWEST} are needed to tell drift from chance."


def rejected(labels: Mapping[str, int]) -> list[str]:
    """A sentence for each reason why labels are rejected, with their number."""
    return [f"{counted(number, 'label')} of feedback rejected: {reason}." for reason, number in labels.items()]


def _how(tests: Sequence[Finding]) -> str:
    """The largest changes of an input in words, among them how much longer or shorter it is, wherever that drifted; the
    embedding counts only if no descriptor did."""
    found = sorted((test for test in tests if test.drifted), key=lambda test: -test.effect)
    plain = [test for test in found if test.what != EMBEDDING]
    if not plain:
        return "its embeddings differ from the reference, its descriptors do not"
    told = sorted(plain, key=lambda test: test.what != SECONDS)[:MOST_CLAUSES]
    return ", ".join(test.words for test in plain if test in told)


def _answers(tests: Sequence[Finding], inputs: Sequence[str]) -> list[str]:
    """How the model's predictions changed."""
    clauses: dict[str, list[str]] = {}
    for test in tests:
        if test.about not in inputs and test.drifted:
            clauses.setdefault(test.about, []).append(test.words)
    return [f"the answers for {target} changed: {', '.join(how)}" for target, how in clauses.items()]


def _performance(target: str, found: Performance) -> str:
    """The main figure by feedback; empty without labels."""
    if found.figure is None:
        return ""
    write, word = found.kind.words.amount.format, found.kind.words.amount_word

    def shown(figure: float) -> str:
        return f"{word} {write(figure)}".strip()

    beside = [f"interval {' to '.join(map(write, found.interval))}"] if found.interval else []
    held_against = {"on the reference": found.reference, "always the same answer": found.baseline}
    beside += [f"{name} {shown(figure)}" for name, figure in held_against.items() if figure is not None]
    how = found.kind.words.by_feedback.format(shown(found.figure), counted(found.labelled, "answer"))
    sentence = f"by feedback, {target} {how}" + (f" ({'; '.join(beside)})" if beside else "")
    if found.unknown:
        names = [repr(name) for name in list(found.unknown)[:MOST_CLASSES]]
        if others := len(found.unknown) - len(names):
            names.append(counted(others, "other"))
        words = found.kind.words
        sentence += (
            f", and {found.unknown_labels:.0%} {words.hold} {listed(names)}, which the model has no {words.part} for"
        )
    return sentence


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
