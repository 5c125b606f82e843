"""What a check, a retrain and a question to a person say, as markdown."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

Json = Mapping[str, Any]
ALWAYS_SHOWN = ("margin", "reason")  # keys of rules against the champion, and of rules that could not be judged


def quoted(words: str) -> str:
    """Words in which strangers' labels may stand: shown as they are, whatever they would mean in markdown or HTML."""
    line = "".join(letter if letter.isprintable() else " " for letter in words)
    return "".join(f"\\{letter}" if letter in "[]|`*\\" else letter for letter in escape(line, quote=False))


def of_check(check: Json) -> str:
    """A check: its words first, then what they rest on."""
    lines = [
        f"# {quoted(check['words'])}",
        "",
        f"{_counted(check['predictions'], 'prediction')} of model {check['model_version']}.",
        "",
    ]
    lines += [f"- {quoted(note)}" for note in check["notes"]]
    if check["tests"]:
        lines += ["", "| about | what | p | drift below | effect | in words |", "|---|---|--:|--:|--:|---|"]
        lines += map(_test, sorted(check["tests"], key=lambda test: test["p_value"]))
    if check["performance"]:
        lines += [
            "",
            "| target | figure | labels given | by feedback | on the reference | estimated |",
            "|---|---|--:|--:|--:|--:|",
        ]
        lines += [_performance(target, found) for target, found in check["performance"].items()]
    lines += ["", _feedback(check["feedback"]), "", f"Retrain: {quoted(check['why'])}"]
    return "\n".join(lines)


def of_retrain(begun: Json, ended: Json, gate: Json | None) -> str:
    """A retrain from its reason to its outcome."""
    version = f" {ended['version']}" if ended.get("version") else ""
    check = f", check {begun['check']}" if begun.get("check") else ""
    lines = [f"# {ended['outcome'].capitalize()}{version}", "", quoted(ended["why"]), ""]
    lines += [f"- Why it began: {begun['reason']}{check}. {quoted(begun['why'])}"]
    data = f"; data version {ended['data']}" if ended.get("data") else ""
    lines += [f"- Feedback: {begun['rows']:,} rows, {begun['new']:,} of them new{data}"]
    lines += [f"- Commit: {ended['commit']}"] if ended.get("commit") else []
    return "\n".join([*lines, "", *(_verdict(gate) if gate else [])])


def of_question(begun: Json, gate: Json, report: str) -> str:
    """What a person is shown who is asked for approval."""
    lines = [f"Retrained because of {begun['reason']}: {quoted(begun['why'])}", ""]
    lines += [f"{begun['rows']:,} rows of feedback, {begun['new']:,} of them new.", ""]
    return "\n".join([*lines, *_verdict(gate), "", f"[The whole run on one page]({report})"])


def _test(test: Json) -> str:
    words = f"**{quoted(test['words'])}**" if test["drifted"] else quoted(test["words"])
    figures = " | ".join(f"{test[name]:.2g}" for name in ("p_value", "bound", "effect"))
    return f"| {test['about']} | {quoted(test['what'])} | {figures} | {words} |"


def _performance(target: str, found: Json) -> str:
    values = (found[found["figure"]], found["reference"], found["estimated"])
    told, *known = [f"{value:.3f}" if value is not None else "unknown" for value in values]
    if found["low"] is not None:
        told += f" ({found['low']:.3f} to {found['high']:.3f})"
    return f"| {target} | {found['figure']} | {found['labelled']:,} | {told} | {known[0]} | {known[1]} |"


def _feedback(found: Json) -> str:
    """Predictions that a retrain can learn from, and labels that it cannot: a prediction may have several labels."""
    usable, rejected = _counted(found["usable"], "prediction"), _counted(found["rejected"], "label")
    return f"Feedback: {usable} can be learnt from, {found['new']:,} of them new; {rejected} rejected."


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def _verdict(gate: Json) -> Iterator[str]:
    """The gate's verdict, the rules that failed, and those that passed beside the champion or without being judged."""
    yield f"**The gate {'passed' if gate['passed'] else 'did not pass'}.**"
    yield ""
    for rule in gate["rules"]:
        if not rule["passed"]:
            yield f"- **FAIL**: {quoted(rule['words'])}"
        elif not rule.keys().isdisjoint(ALWAYS_SHOWN):
            yield f"- pass: {quoted(rule['words'])}"
