"""The page about evaluation, with pictures and tables for DVC's plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sensorium.evaluation.examples import Example
from sensorium.evaluation.measure import Measured, Tree
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from sensorium.plots import BLUE, CYCLE, GREEN, GREY, LONGEST_NAME, ORANGE, RED, curves, shortened
from sensorium.report.page import RUN, Page
from sensorium.report.shown import shown
from sensorium.report.strips import bars, whiskers
from sensorium.report.subsets import MOST_BARS, by_size, named, named_subsets
from sensorium.report.words import bounds, cannot, title
from sensorium.targets import Learnt, TestRows, kind_of

MOST_SLICES = 14
MOST_PANELS = 6  # of inputs that are damaged
LEAST_WEIGHT = 0.02  # of a part that is coloured, relative to the largest


def write_report(
    found: Mapping[str, Tree],
    measured: Mapping[str, Measured],
    examples: Mapping[str, Sequence[Example]],
    inputs: Mapping[str, Modality],
    folder: Path,
) -> None:
    """Writes ``index.html`` and, for every target, its confusion as ``TARGET.png`` and ``confusion/TARGET.csv``.

    Args:
        found: what metrics/evaluate.json holds.
        measured: the predictions behind it.
        examples: rows to look at.
        inputs: as declared.
        folder: where to write.
    """
    lead = "; ".join(f"{target} {measured[target].target.lead(tree)}" for target, tree in found.items())
    page = Page("Evaluation", lead[:1].upper() + lead[1:] + ".", trail=[RUN])
    _all_figures(page, found)
    for target, tree in found.items():
        page.picture(
            f"{target}: against simpler methods, and what each input is worth",
            _comparison_chart(tree),
            f"{_better_without(target, tree)}{kind_of(tree).words.title} on the same test rows.",
        )
        _slices(page, target, tree)
        _robustness(page, target, tree)
        if len(tree["attribution"]) > 1:
            page.picture(
                f"{target}: which input decides",
                bars({name: entry["share"] for name, entry in tree["attribution"].items()}, CYCLE, "{:.0%}"),
                f"Each input's part in {kind_of(tree).words.worth_of}: exact Shapley values over all subsets of "
                "inputs, their absolute values averaged over the test rows.",
            )
        page.examples(
            f"{target}: rows to look at",
            [_card(example, inputs) for example in examples[target]],
            f"{kind_of(tree).words.examples_note} Colour shows what mattered within an input: hiding a green part "
            f"lowers {kind_of(tree).words.worth_within}, hiding a red one raises it.",
        )
        one = measured[target]
        one.target.pictures(page, target, _test_rows(one), folder)
    page.write(folder)


def _test_rows(one: Measured) -> TestRows:
    subsets = named_subsets(one.figures)[:MOST_BARS]
    return TestRows(one.figures, subsets, one.judged, one.predictions, one.uncalibrated, one.truth)


def _all_figures(page: Page, found: Mapping[str, Tree]) -> None:
    targets = list(found)
    names = dict.fromkeys(name for tree in found.values() for name in tree["intervals"])
    page.table(
        "All figures",
        ["figure", *targets],
        [[title(name), *(_with_interval(found[target], name) for target in targets)] for name in names]
        + [["test rows", *(f"{found[target]['rows']:,}" for target in targets)]],
        "Brackets are intervals by bootstrap over groups of rows that share a value. "
        + "".join(f"{target} has none: it {cannot(tree)}. " for target, tree in found.items() if "unjudged" in tree)
        + " ".join(dict.fromkeys(kind_of(tree).words.note for tree in found.values())),
    )


def _with_interval(tree: Tree, name: str) -> str:
    if name not in tree:
        return ""
    if tree[name] is None:
        return "not defined"
    kind = kind_of(tree)
    form = kind.words.form if name in kind.unbounded else "{:.3f}"
    if "unjudged" in tree and not tree["intervals"][name]:
        return form.format(tree[name])
    return f"{form.format(tree[name])} [{bounds(tree, f'{form}, {form}', name)}]"


def _comparison_chart(tree: Tree) -> Markup:
    """Subsets of the inputs with intervals, largest first, then the baselines."""
    kind = kind_of(tree)
    whole, *fewer = by_size(tree["subsets"])
    rows = [("all inputs", whole[1][kind.main], whole[1]["interval"])]
    few = fewer[: MOST_BARS - 1]
    rows += [(named(name, whole[0]), entry[kind.main], entry["interval"]) for name, entry in few]
    key = {"all inputs": GREEN, "several": BLUE, "one": ORANGE, "no network": GREY}
    meanings = ["all inputs", *("several" if "+" in name else "one" for name, _ in few)]
    meanings += ["no network"] * len(kind.baselines)
    rows += [(kind.baselines[how].title, tree[how][kind.main], None) for how in reversed(kind.baselines)]
    shown = {meaning: colour for meaning, colour in key.items() if meaning in meanings}
    return whiskers(rows, [key[one] for one in meanings], shown, line=("all inputs", tree[kind.main]))


def _better_without(target: str, tree: Tree) -> str:
    """A sentence about inputs without which these rows have a better score; empty if there are none."""
    kind = kind_of(tree)
    whole = kind.figure_of(tree[kind.main])
    better = [name for name, fewer in tree.get("without", {}).items() if kind.figure_of(fewer[kind.main]) > whole]
    return f"Without {' or '.join(better)}, {target} is {kind.words.better} than with all inputs. " if better else ""


def _slices(page: Page, target: str, tree: Tree) -> None:
    kind, columns = kind_of(tree), tree["slices"]
    entries = [(f"{column}: {value}", entry) for column, values in columns.items() for value, entry in values.items()]
    if not entries:
        return
    lowest = sorted(entries, key=lambda one: kind.figure_of(one[1][kind.main]))[:MOST_SLICES]
    worse = [name for name, entry in entries if entry["worse"]]
    named = ", ".join(shortened(name, LONGEST_NAME) for name in worse[:MOST_SLICES])
    more = f" and {len(worse) - MOST_SLICES} more (metrics/slices.json)" if len(worse) > MOST_SLICES else ""
    sentence = f"Significantly worse than the rest: {named}{more}." if worse else "None is significantly worse."
    page.picture(
        f"{target}: slices of the test rows",
        whiskers(
            [(f"{name} ({entry['rows']})", entry[kind.main], entry["interval"]) for name, entry in lowest],
            [RED if entry["worse"] else BLUE for _, entry in lowest],
            {"significantly worse than the rest": RED, "not": BLUE} if worse else {"a slice": BLUE},
            line=("all test rows", tree[kind.main]),
        ),
        f"{sentence} {len(entries)} slices by what the table carries along, by class, and by quartiles of length, "
        "brightness, loudness and the like were looked at, and the test is corrected for so many looks (Holm). "
        "Shown are the worst, with their number of rows.",
    )


def _robustness(page: Page, target: str, tree: Tree) -> None:
    if not tree["robustness"]:
        return
    kind, panels = kind_of(tree), {}
    for name, corruptions in _worst_damaged(tree["robustness"]):
        panels[name] = {
            corruption: [_clean(kind, entries[STRENGTHS[0]])] + [entries[strength][kind.main] for strength in STRENGTHS]
            for corruption, entries in corruptions.items()
        }
    rows = max(e["rows"] for of in tree["robustness"].values() for c in of.values() for e in c.values())
    worst = max(
        (entry["drop"], f"{corruption} of {name}, {strength}")
        for name, corruptions in tree["robustness"].items()
        for corruption, entries in corruptions.items()
        for strength, entry in entries.items()
    )
    page.picture(
        f"{target}: when an input is damaged",
        curves(panels, ["clean", *STRENGTHS], kind.words.title.lower()),
        f"One input is damaged in {rows} test rows drawn at random, the others stay; clean is the "
        f"{kind.words.title.lower()} of the same rows. The worst, {worst[1]}, {kind.words.harm.format(worst[0])}",
    )


def _clean(kind: type[Learnt], mildest: Tree) -> float:
    """The main figure of the rows of a corruption before it."""
    return kind.figure_of(kind.figure_of(mildest[kind.main]) + mildest["drop"])


def _worst_damaged(tree: Tree) -> list[tuple[str, Tree]]:
    """The inputs that the page has room for, in their order: those whose damage costs most accuracy."""

    def harm(name: str) -> float:
        return max(entry["drop"] for strengths in tree[name].values() for entry in strengths.values())

    kept = sorted(tree, key=harm, reverse=True)[:MOST_PANELS]
    return [(name, tree[name]) for name in tree if name in kept]


def _card(example: Example, inputs: Mapping[str, Modality]) -> dict[str, Any]:
    """An example as the page's template reads it."""
    largest = max((abs(weight) for parts in example.weights.values() for _, weight in parts), default=0.0)
    weights = {name: _visible(parts, largest) for name, parts in example.weights.items()}
    looks = shown(inputs, example.values, weights)
    return {
        "id": example.id,
        "right": example.is_right,
        "predicted": shortened(example.answer, LONGEST_NAME),
        "label": shortened(example.label, LONGEST_NAME),
        "chances": [(shortened(name, LONGEST_NAME), chance) for name, chance in example.chances],
        "inputs": [
            {
                "name": name,
                "shapley": example.shapley.get(name),
                "html": html,
            }
            for name, html in looks.items()
        ],
    }


def _visible(parts: Sequence[tuple[Any, float]], largest: float) -> list[tuple[Any, float]]:
    """The parts that mattered, relative to the one that mattered most; tiny weights get no colour."""
    scale = max(largest, LEAST_WEIGHT)
    return [(part, weight / scale) for part, weight in parts if abs(weight) >= LEAST_WEIGHT * scale]
