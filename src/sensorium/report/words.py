"""Findings as sentences, the same in reports, commands and the model's card."""

from collections.abc import Mapping, Sequence
from typing import Any

from sensorium.models.shares import mean_of
from sensorium.targets import KINDS, Learnt, kind_of, scored_by

POINTS = 100
SMALLEST_GAIN = 0.01  # of what is much in the target's unit; less, and not for certain, is useless
TITLES = {name: title for kind in KINDS.values() for name, title in kind.learnt.words.titles.items()}
MOST_NAMES = 6  # of inputs in a sentence
UNCHANGED = "unchanged"
ANYTHING = (-1, 1)  # interval of a change about which the test rows say nothing


def compressed_kinds(compressed: Mapping[str, Any]) -> list[type[Learnt]]:
    """The kinds of the targets that metrics/compress.json has figures of."""
    return [kind.learnt for kind in KINDS.values() if kind.learnt.main in compressed]


def changes(difference: Mapping[str, Any]) -> str:
    """The change of scores by compression: ``category +1.0 points [+0.2, +2.1], size unchanged``.

    Args:
        difference: as in metrics/compress.json, of every target its ``value`` and ``interval``.
    """
    by_target = {target: _change(**one) for target, one in difference.items()}
    if set(by_target.values()) <= {UNCHANGED}:
        return UNCHANGED
    return ", ".join(f"{target} {words}" for target, words in by_target.items())


def compression(compressed: Mapping[str, Any]) -> str:
    """``compression left accuracy unchanged``, or how it changed, from metrics/compress.json."""
    words, scores = changes(compressed["difference"]), scored_by(compressed_kinds(compressed))
    return f"compression left {scores} {words}" if words == UNCHANGED else f"compression changed {scores}: {words}"


def _change(value: float, interval: tuple[float, float]) -> str:
    """The change in points with its interval; one of no width belongs to a model that computes the same."""
    low, high = interval
    if (low, high) == ANYTHING:
        return "cannot be judged"
    return UNCHANGED if value == low == high == 0 else f"{points(value)} points [{points(low)}, {points(high)}]"


def megabytes(count: float) -> str:
    """``104.6 MB`` of so many bytes; ``21 kB`` where it is less than a tenth of one."""
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.0f} kB"


def points(share: float) -> str:
    """``+1.0`` for a hundredth."""
    return f"{round(POINTS * share, 1) + 0.0:+.1f}"


def times_smaller(smaller: float) -> str:
    """``4.4 times smaller``; ``1.2 times larger`` where it is not."""
    return _times(smaller, "smaller", "larger")


def times_faster(faster: float) -> str:
    """``10.2 times faster``; ``1.1 times slower`` where it is not."""
    return _times(faster, "faster", "slower")


def _times(ratio: float, more: str, less: str) -> str:
    """A ratio that rounds to one makes no difference."""
    if f"{ratio:.1f}" == "1.0":
        return f"no {more}"
    return f"{ratio:.1f} times {more}" if ratio > 1 else f"{1 / ratio:.1f} times {less}"


def bounds(tree: Mapping[str, Any], form: str = "", name: str = "") -> str:
    """The interval of a target's figure, ``0.812 to 0.914``; or why it has none.

    Args:
        tree: of the target in metrics/evaluate.json.
        form: of an interval; that of the main figure if not given.
        name: of the figure; the main one if not given.
    """
    kind = kind_of(tree["intervals"])
    found = tree["intervals"][name or kind.main]
    return (form or f"{kind.words.form} to {kind.words.form}").format(*found) if found else cannot(tree)


def main_figure(tree: Mapping[str, Any], of: Mapping[str, Any] | None = None, named: bool = False) -> str:
    """The main figure of a target, ``0.874`` of classes and ``MAE 2.31`` of numbers.

    Args:
        tree: of the target in metrics/evaluate.json.
        of: figures of the same target, such as a baseline's, whose main one is meant.
        named: whether an accuracy is called so, too.
    """
    kind = kind_of(tree)
    name = kind.words.prefix or (f"{kind.words.title.lower()} " if named else "")
    return name + kind.words.form.format((of or tree)[kind.main])


def short_figure(tree: Mapping[str, Any]) -> str:
    """The same where there is little room, ``87.4%``."""
    kind = kind_of(tree)
    return kind.words.prefix + kind.words.short_form.format(tree[kind.main])


def title(name: str) -> str:
    """A figure's name as people write it."""
    return TITLES.get(name, name.replace("_", " ").replace("f1", "F1"))


def listed(tree: Mapping[str, Any], name: str) -> str:
    """A figure in a list of them, the main one with its interval."""
    kind = kind_of(tree)
    if tree[name] is None:
        return "not defined"
    shown = (kind.words.form if name in kind.unbounded else "{:.3f}").format(tree[name])
    return f"{shown} ({bounds(tree)})" if name == kind.main else shown


def second_figure(tree: Mapping[str, Any], named: bool = False) -> str:
    """The figure that is shown beside the main one: macro F1 of classes and tags, R2 of numbers; `named` as above."""
    kind = kind_of(tree)
    value = tree[kind.words.second]
    name = f"{title(kind.words.second)} " if kind.words.prefix or named else ""
    return name + (f"{value:.3f}" if value is not None else "not defined")


def are_mixed(evaluated: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether targets are of several kinds, as `headings` has them."""
    return len({kind_of(tree) for tree in evaluated.values()}) > 1


def headings(evaluated: Mapping[str, Mapping[str, Any]]) -> tuple[str, str, str]:
    """What columns of `main_figure`, `second_figure` and `baseline_figure` are called, as far as targets agree.

    Args:
        evaluated: as in metrics/evaluate.json.
    """
    if are_mixed(evaluated):
        return "main figure", "second figure", "simplest method"
    kind = kind_of(next(iter(evaluated.values())))
    return kind.words.title.lower(), title(kind.words.second), next(iter(kind.baselines.values())).title


def baseline_figure(tree: Mapping[str, Any], named: bool = False) -> str:
    """The main figure of the simplest method."""
    return main_figure(tree, tree[next(iter(kind_of(tree).baselines))], named)


def cannot(tree: Mapping[str, Any]) -> str:
    """``cannot be judged: one group of 45 rows``; of any figures that have no interval."""
    return f"cannot be judged: {tree['unjudged']}" if "unjudged" in tree else "not defined"


def findings(evaluated: Mapping[str, Any]) -> list[str]:
    """Warnings that a reader must see before the figures, a sentence each.

    A target cannot be judged at all; simpler methods are as good as the network, as far as the test rows can tell, or
    better; inputs add nothing.

    Args:
        evaluated: as in metrics/evaluate.json; one of an earlier version, without these figures, gives no warnings.
    """
    warnings = (_unjudged, _simpler_is_as_good, _useless_inputs)
    return [sentence for warning in warnings for of in evaluated.items() if (sentence := warning(*of))]


def _unjudged(target: str, tree: Mapping[str, Any]) -> str:
    if "unjudged" not in tree:
        return ""
    return f"{target} {cannot(tree)}; its figures say nothing of other rows."


def _simpler_is_as_good(target: str, tree: Mapping[str, Any]) -> str:
    if "simpler" not in tree or "unjudged" in tree:
        return ""
    beside, kind = tree["simpler"], kind_of(tree)
    methods = [(method.sentence, beside[name]) for name, method in kind.baselines.items()]
    not_worse = [(name, one) for name, one in methods if one["interval"][0] <= 0]
    alone = [(f"{name} alone", one) for name, one in beside.get("only", {}).items() if one["interval"][0] <= 0]
    not_worse += sorted(alone, key=_gain)[:1]
    better = [(name, one) for name, one in not_worse if one["interval"][1] < 0]
    if not not_worse:
        return ""
    (first, best), *others = sorted(better or not_worse, key=_gain)
    sentence = f"{first} reaches {_main(kind, best)}" + "".join(f", {name} {_main(kind, one)}" for name, one in others)
    if better:
        conclusion = "the difference is more than chance. Use the simpler model, or more rows."
    else:
        conclusion = f"{tree['rows']:,} test rows cannot tell them apart; only more rows could."
    return f"{target}: {sentence}, the network {_main(kind, tree)}; {conclusion}"


def _useless_inputs(target: str, tree: Mapping[str, Any]) -> str:
    """Inputs without which the score is the same, as far as the test rows can tell, or even better."""
    without = tree.get("simpler", {}).get("without", {})
    known = {name: one for name, one in without.items() if one["interval"]}
    kind = kind_of(tree)
    unit = kind.gain_unit(tree) if known else 1.0
    harmful = [name for name, one in known.items() if one["interval"][1] < 0]
    useless = [name for name, one in known.items() if one["interval"][0] <= 0 and one["gain"] < SMALLEST_GAIN * unit]
    useless = [name for name in useless if name not in harmful]
    sentences = []
    if useless:
        sentences.append(f"{_listed(useless)} {'each add' if len(useless) > 1 else 'adds'} nothing that "
                    f"{tree['rows']:,} test rows could show (without: {_figures(kind, useless, known)})")  # fmt: skip
    if harmful:
        sentences.append(f"{_listed(harmful)} {'do' if len(harmful) > 1 else 'does'} harm, by more than chance "
                    f"(without: {_figures(kind, harmful, known)})")  # fmt: skip
    return f"{target}: {'; '.join(sentences)}; with all inputs {_main(kind, tree)}." if sentences else ""


def _listed(names: Sequence[str]) -> str:
    """``text, image and speech``; of many the first few."""
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} other inputs"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _figures(kind: type[Learnt], names: Sequence[str], known: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(_main(kind, known[name]) for name in names[:MOST_NAMES])


def _main(kind: type[Learnt], figures: Mapping[str, Any]) -> str:
    return kind.words.form.format(figures[kind.main])


def _gain(named: tuple[str, Mapping[str, Any]]) -> float:
    return named[1]["gain"]


def origin(target: str, tree: Mapping[str, Any]) -> list[str]:
    """By which fusions a target is answered; an earlier run did not say."""
    if not (members := tree.get("members")):
        return []
    return [f"{target} is answered by {mean_of(members)}."]
