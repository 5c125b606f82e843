import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sensorium.evaluation.addresses import figures, why_not
from sensorium.modalities import Image, Text
from sensorium.targets import Class, Number

TREE = figures({"text": Text(kind="text"), "photo": Image(kind="image")}, {"colour": Class()}, damaged=True)


@pytest.mark.parametrize(
    "address",
    [
        "evaluate.colour.accuracy",
        "evaluate.*.accuracy",
        "evaluate.colour.majority.macro_f1",
        "evaluate.colour.logistic_regression.calibration_error",
        "evaluate.colour.calibration.before.log_loss",
        "evaluate.colour.without.photo.accuracy",
        "evaluate.colour.simpler.only.text.gain",
        "subsets.colour.text+photo.macro_f1",
        "slices.colour.seconds.0.5 to 1.5.accuracy",
        "slices.*.*.*.accuracy",
        "robustness.colour.photo.*.mild.drop",
        "validate.classes.colour.dark blue",
        "compress.accuracy.colour",
        "compress.candidates.text.int8.megabytes",
        "timings.compress.p95_ms",
    ],
)
def test_what_runs_measure_may_be_asked_for(address: str) -> None:
    assert why_not(address, TREE) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (
            "evaluate.colour.majority.macro_f2",
            "there is no 'macro_f2' (did you mean 'macro_f1'?); there is accuracy, balanced_accuracy, macro_precision, "
            "macro_recall, macro_f1, micro_precision, micro_recall, micro_f1, weighted_precision, weighted_recall, "
            "weighted_f1, roc_auc and 3 more",
        ),
        ("evaluate.colour.without.sound.accuracy", "there is no 'sound'; there is text, photo"),
        ("evaluate.*.without.sound.accuracy", "there is no 'sound'; there is text, photo"),
        (
            "evaluate.colour.majority.accuracy.low",
            "evaluate.colour.majority.accuracy is a number, with nothing below it",
        ),
        ("evaluate.colour.calibration", "it is no number: it holds temperature, before, after"),
        (
            "subsets.colour.photo+text.accuracy",
            "there is no 'photo+text' (did you mean 'photo'?); there is text, photo, text+photo",
        ),
        ("robustness.colour.text.blur.mild.accuracy", "there is no 'blur'; there is typos, truncation"),
        ("slices.colour.city.Ulm.f1", "there is no 'f1'; there is accuracy, rows, p_value"),
        (
            "compress.megabites",
            "there is no 'megabites' (did you mean 'megabytes'?); there is megabytes, smaller, rows, drop, "
            "uncompressed_megabytes, proof, accuracy, difference, candidates, parity",
        ),
        ("timings.compres.p95_ms", "there is no 'compres' (did you mean 'compress'?); there is compress"),
    ],
)
def test_a_figure_that_no_run_measures_is_known_before_one(address: str, why: str) -> None:
    assert why_not(address, TREE) == why


PRICES = figures(
    {"text": Text(kind="text"), "facts": Text(kind="text")}, {"price": Number(), "c": Class()}, damaged=True
)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("slices.price.*.*.accuracy", "there is no 'accuracy'; there is mae, rows, p_value"),
        ("slices.price.*.a.b.accuracy", "there is no 'accuracy'; there is mae, rows, p_value"),
        ("robustness.price.text.*.mild.accuracy", "there is no 'accuracy'; there is mae, drop, rows"),
        ("evaluate.price.without.text.accuracy", "there is no 'accuracy'; there is mae, r2, spearman, coverage, rows"),
        ("evaluate.price.median.R2", "there is no 'R2' (did you mean 'r2'?); there is mae, rmse, r2, spearman, cover"),
        ("evaluate.c.median.mae", "there is no 'median'; there is accuracy, balanced_accuracy, macro_precision, macr"),
        ("compress.accuracy.price", "there is no 'price'; there is c"),
        ("compress.mae.c", "there is no 'c'; there is price"),
        ("compress.mae.price", ""),
        ("slices.*.*.*.mae", ""),
    ],
)
def test_a_figure_that_the_kind_of_a_target_does_not_have(address: str, why: str) -> None:
    assert why_not(address, PRICES).startswith(why) and bool(why_not(address, PRICES)) == bool(why)


def test_of_many_inputs_only_some_subsets_are_measured() -> None:
    many = figures({f"i{number}": Text(kind="text") for number in range(40)}, {"colour": Class()}, damaged=False)
    assert why_not("subsets.colour.i3.accuracy", many) == ""
    assert why_not("subsets.colour.i3+i4.accuracy", many).startswith("there is no 'i3+i4'")
    assert why_not("evaluate.colour.attribution.i3.share", many) == "evaluate.colour.attribution holds nothing"
    assert why_not("robustness.colour.i3.typos.mild.drop", many) == "robustness.colour holds nothing"


def leaves(tree: Any, above: str) -> Iterator[str]:
    for key, below in tree.items():
        if isinstance(below, dict):
            yield from leaves(below, f"{above}.{key}")
        elif isinstance(below, int | float) and not isinstance(below, bool):
            yield f"{above}.{key}"


def every_figure(metrics: Path) -> list[str]:
    """The addresses of all numbers that a run left."""
    files = {"timings.compress": "timings/compress"} | {
        name: name for name in ("validate", "evaluate", "slices", "robustness", "subsets", "compress")
    }
    return [
        address
        for name, file in files.items()
        for address in leaves(json.loads((metrics / f"{file}.json").read_text()), name)
    ]
