"""The model's card: markdown as the Hugging Face hub reads it (Mitchell et al. 2019, arXiv:1810.03993)."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from huggingface_hub import EvalResult, ModelCardData
from jinja2 import StrictUndefined
from markupsafe import Markup

from sensorium.files import replacing
from sensorium.plots import LONGEST_NAME, shortened
from sensorium.report import words
from sensorium.report.page import environment
from sensorium.report.run import Run
from sensorium.targets import kind_of

NAME = "sensorium"
MOST_SLICES = 10  # that are named


def write_card(run: Run, data: Mapping[str, Any], groups: Sequence[str], path: Path) -> None:
    """Writes the card: figures as the hub's metadata, then what a person should know before using the model.

    Args:
        run: the run.
        data: where rows came from, as params.yaml says.
        groups: columns by which rows stay together.
        path: a markdown file.
    """
    results = [
        EvalResult(
            task_type=kind_of(found).words.task,
            task_name=f"{target} from {', '.join(run.inputs)}",
            dataset_type=data["source"],
            dataset_name=str(data.get("path") or data["source"]),
            dataset_config=target,  # results of one task on one data set are taken for one
            dataset_split="test",
            metric_type=name,
            metric_name=name.replace("_", " "),
            metric_value=found[name],
        )
        for target, found in run.evaluated.items()
        for name in kind_of(found).words.listed
        if found[name] is not None
    ]
    about = ModelCardData(
        library_name="sensorium", tags=["multimodal", *(kind.kind for kind in run.inputs.values())], model_name=NAME,
        eval_results=results,
    )  # fmt: skip
    # A name that nobody has is an error here, where it would leave a table without its columns.
    strict = environment().overlay(undefined=StrictUndefined, finalize=_quoted)
    template = strict.get_template("model-card.md")
    text = template.render(
        about=Markup(about.to_yaml()), run=run, data=data, groups=groups, weak=_weak(run), words=words
    )
    with replacing(path) as beside:
        beside.write_text(text, encoding="utf-8")


def _quoted(value: Any) -> str:
    """Text from the data, escaped for markdown and HTML."""
    if isinstance(value, Markup):
        return value
    words = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return re.sub(r"[\[\]|`*\\]", r"\\\g<0>", escape(words, quote=False))


def _weak(run: Run) -> list[str]:
    """Sentences about where the model is known to fail; of many slices the first few."""
    found = []
    for target, tree in run.evaluated.items():
        kind = kind_of(tree)
        parts = [(one, f"{column} {value}") for column, of in tree["slices"].items() for value, one in of.items()]
        if parts:
            worst, where = min(parts, key=lambda part: kind.figure_of(part[0][kind.main]))
            interval = " ({} to {})".format(*map(kind.words.form.format, worst["interval"]))
            shown = kind.words.shown_slice.format(kind.words.form.format(worst[kind.main]), interval, worst["rows"])
            found.append(f"The lowest slice for {target} is {shortened(where, LONGEST_NAME)}: {shown}.")
        worse = [
            (column, value, one) for column, of in tree["slices"].items() for value, one in of.items() if one["worse"]
        ]
        for column, value, entry in worse[:MOST_SLICES]:
            found.append(
                f"{target} is significantly worse where {column} is {shortened(value, LONGEST_NAME)}: "
                f"{kind.words.shown_slice.format(kind.words.form.format(entry[kind.main]), '', entry['rows'])}."
            )
        if len(worse) > MOST_SLICES:
            found.append(f"So it is in {len(worse) - MOST_SLICES} more slices, which metrics/slices.json has.")
        drops = [
            (entry["drop"], f"{strength} {corruption} of {name}")
            for name, corruptions in tree["robustness"].items()
            for corruption, strengths in corruptions.items()
            for strength, entry in strengths.items()
        ]
        if drops:
            drop, what = max(drops)
            found.append(f"{what.capitalize()} {kind.words.harm_of.format(kind.words.form.format(drop), target)}.")
    return found
