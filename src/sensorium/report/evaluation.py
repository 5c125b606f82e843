"""The page about evaluation, with pictures and tables for DVC's plots."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from sensorium.evaluation.examples import Example
from sensorium.evaluation.measure import Measured, Tree
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from sensorium.report import calibration, confusion
from sensorium.report.page import RUN, Page, shortened
from sensorium.report.plots import BLUE, CYCLE, GREEN, GREY, ORANGE, RED, curves
from sensorium.report.strips import LONGEST, bars, whiskers
from sensorium.report.words import bounds

MOST_BARS = 16
MANY_INPUTS = 4
MOST_SLICES = 14
MOST_PANELS = 6  # of inputs that are damaged
LEAST_WEIGHT = 0.02  # of a part that is coloured, relative to the largest


def write_report(
    found: Mapping[str, Tree],
    measured: Mapping[str, Measured],
    examples: Mapping[str, Sequence[Example]],
    classes: Mapping[str, list[str]],
    inputs: Mapping[str, Modality],
    folder: Path,
) -> None:
    """Writes ``index.html`` and, for every target, its confusion as ``TARGET.png`` and ``confusion/TARGET.csv``.

    Args:
        found: what metrics/evaluate.json holds.
        measured: the predictions behind it.
        examples: rows to look at.
        classes: names of the classes by target.
        inputs: as declared.
        folder: where to write.
    """
    lead = "; ".join(
        f"{target} is right in {tree['accuracy']:.1%} of test rows (always the commonest class: "
        f"{tree['majority']['accuracy']:.1%})"
        for target, tree in found.items()
    )
    page = Page("Evaluation", lead[:1].upper() + lead[1:] + ".", trail=[RUN])
    _all_figures(page, found)
    for target, tree in found.items():
        page.picture(
            f"{target}: against simpler methods, and what each input is worth",
            _comparison_chart(tree),
            f"{_better_without(target, tree)}Accuracy on the same test rows.",
        )
        _slices(page, target, tree["slices"], tree["accuracy"])
        _robustness(page, target, tree)
        if len(tree["attribution"]) > 1:
            page.picture(
                f"{target}: which input decides",
                bars({name: entry["share"] for name, entry in tree["attribution"].items()}, CYCLE, "{:.0%}"),
                "Each input's part in the probability of the predicted class: exact Shapley values over all subsets of "
                "inputs, their absolute values averaged over the test rows.",
            )
        page.examples(
            f"{target}: rows to look at",
            [_card(example, inputs) for example in examples[target]],
            "Right predictions with a confidence near 0.8, then the surest wrong ones. The number beside an input is "
            "its Shapley value: what it added to the probability. Colour shows what mattered within an input: hiding a "
            "green part lowers the probability of what was predicted, hiding a red one raises it.",
        )
        calibration.write(page, target, measured[target], tree, _named_subsets(tree)[:MOST_BARS])
        page.picture(
            f"{target}: confusion",
            confusion.draw(measured[target].predictions, classes[target]),
            confusion.note(classes[target]),
        )
        if worst := confusion.pairs(measured[target].predictions, classes[target]):
            page.table(
                f"{target}: the commonest mistakes",
                ["class", "predicted as", "test rows", "of the class"],
                [[label, predicted, f"{count:,}", f"{share:.0%}"] for label, predicted, count, share in worst],
                "All answers are in predictions/test.parquet.",
                texts=2,
            )
        confusion.write(measured[target].predictions, classes[target], folder, target)
    page.write(folder)


def _all_figures(page: Page, found: Mapping[str, Tree]) -> None:
    targets = list(found)
    names = list(found[targets[0]]["intervals"])
    page.table(
        "All figures",
        ["figure", *targets],
        [[_title(name), *(_with_interval(found[target], name) for target in targets)] for name in names]
        + [["test rows", *(f"{found[target]['rows']:,}" for target in targets)]],
        "Brackets are intervals by bootstrap over groups of rows that share a value. Macro figures are means over "
        "classes, ROC-AUC and PR-AUC too (one class against the rest); calibration error and log loss are better low.",
    )


def _title(name: str) -> str:
    """A figure's name as people write it."""
    return {"roc_auc": "ROC-AUC", "pr_auc": "PR-AUC"}.get(name, name.replace("_", " ").replace("f1", "F1"))


def _with_interval(tree: Tree, name: str) -> str:
    if tree[name] is None:
        return "not defined"
    return f"{tree[name]:.3f} [{bounds(tree, '{:.3f}, {:.3f}', name)}]"


def _comparison_chart(tree: Tree) -> Markup:
    """Subsets of the inputs with intervals, largest first, then the baselines."""
    whole, *fewer = _by_size(tree["subsets"])
    rows = [("all inputs", whole[1]["accuracy"], whole[1]["interval"])]
    few = fewer[: MOST_BARS - 1]
    rows += [(_subset_name(name, whole[0]), entry["accuracy"], entry["interval"]) for name, entry in few]
    simpler = {"logistic regression": "logistic_regression", "commonest class": "majority"}
    key = {"all inputs": GREEN, "several": BLUE, "one": ORANGE, "no network": GREY}
    meanings = ["all inputs", *("several" if "+" in name else "one" for name, _ in few)]
    meanings += ["no network"] * len(simpler)
    rows += [(name, tree[field]["accuracy"], None) for name, field in simpler.items()]
    shown = {meaning: colour for meaning, colour in key.items() if meaning in meanings}
    return whiskers(rows, [key[one] for one in meanings], shown, line=("all inputs", tree["accuracy"]))


def _by_size(tree: Tree) -> list[tuple[str, Tree]]:
    """The subsets, the largest first."""
    return sorted(tree.items(), key=lambda entry: -entry[0].count("+"))


def _named_subsets(tree: Tree) -> list[tuple[str, Tree]]:
    found = _by_size(tree["subsets"])
    return [(_subset_name(name, found[0][0]), entry) for name, entry in found]


def _subset_name(kept: str, whole: str) -> str:
    """The name of a subset: ``all but X`` if one of many inputs is missing, else the inputs that are in it."""
    missing = [name for name in whole.split("+") if name not in kept.split("+")]
    return f"all but {missing[0]}" if len(missing) == 1 and whole.count("+") >= MANY_INPUTS else kept


def _better_without(target: str, tree: Tree) -> str:
    """A sentence about inputs without which accuracy is higher on these rows; empty if there are none."""
    better = [name for name, fewer in tree.get("without", {}).items() if fewer["accuracy"] > tree["accuracy"]]
    return f"Without {' or '.join(better)}, {target} is right more often than with all inputs. " if better else ""


def _slices(page: Page, target: str, tree: Tree, accuracy: float) -> None:
    entries = [(f"{column}: {value}", entry) for column, values in tree.items() for value, entry in values.items()]
    if not entries:
        return
    lowest = sorted(entries, key=lambda one: one[1]["accuracy"])[:MOST_SLICES]
    worse = [name for name, entry in entries if entry["worse"]]
    named = ", ".join(shortened(name, LONGEST) for name in worse[:MOST_SLICES])
    more = f" and {len(worse) - MOST_SLICES} more (metrics/slices.json)" if len(worse) > MOST_SLICES else ""
    sentence = f"Significantly worse than the rest: {named}{more}." if worse else "None is significantly worse."
    page.picture(
        f"{target}: slices of the test rows",
        whiskers(
            [(f"{name} ({entry['rows']})", entry["accuracy"], entry["interval"]) for name, entry in lowest],
            [RED if entry["worse"] else BLUE for _, entry in lowest],
            {"significantly worse than the rest": RED, "not": BLUE} if worse else {"a slice": BLUE},
            line=("all test rows", accuracy),
        ),
        f"{sentence} {len(entries)} slices by what the table carries along, by class, and by quartiles of length, "
        "brightness, loudness and the like were looked at, and the test is corrected for so many looks (Holm). "
        "Shown are the lowest, with their number of rows.",
    )


def _robustness(page: Page, target: str, tree: Tree) -> None:
    if not tree["robustness"]:
        return
    panels = {}
    for name, corruptions in _worst_damaged(tree["robustness"]):
        panels[name] = {
            corruption: [entries[STRENGTHS[0]]["accuracy"] + entries[STRENGTHS[0]]["drop"]]
            + [entries[strength]["accuracy"] for strength in STRENGTHS]
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
        curves(panels, ["clean", *STRENGTHS], "accuracy"),
        f"One input is damaged in {rows} test rows drawn at random, the others stay; clean is the accuracy of the same "
        f"rows. The worst, {worst[1]}, takes {worst[0]:.3f} of accuracy. Differences of a point or two are chance.",
    )


def _worst_damaged(tree: Tree) -> list[tuple[str, Tree]]:
    """The inputs that the page has room for, in their order: those whose damage costs most accuracy."""

    def harm(name: str) -> float:
        return max(entry["drop"] for strengths in tree[name].values() for entry in strengths.values())

    kept = sorted(tree, key=harm, reverse=True)[:MOST_PANELS]
    return [(name, tree[name]) for name in tree if name in kept]


def _card(example: Example, inputs: Mapping[str, Modality]) -> dict[str, Any]:
    """An example as the page's template reads it."""
    largest = max((abs(weight) for parts in example.weights.values() for _, weight in parts), default=0.0)
    return {
        "id": example.id,
        "right": example.is_right,
        "predicted": shortened(example.chances[0][0], LONGEST),
        "label": shortened(example.label, LONGEST),
        "chances": [(shortened(name, LONGEST), chance) for name, chance in example.chances],
        "inputs": [
            {
                "name": name,
                "shapley": example.shapley.get(name),
                "html": inputs[name].show(value, _visible(example.weights.get(name, []), largest)),
            }
            for name, value in example.values.items()
        ],
    }


def _visible(parts: Sequence[tuple[Any, float]], largest: float) -> list[tuple[Any, float]]:
    """The parts that mattered, relative to the one that mattered most; tiny weights get no colour."""
    scale = max(largest, LEAST_WEIGHT)
    return [(part, weight / scale) for part, weight in parts if abs(weight) >= LEAST_WEIGHT * scale]
