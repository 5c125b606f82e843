"""predict: sends one sample to the running service and prints its answer."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from sensorium.client import Client, Value
from sensorium.errors import UserError
from sensorium.terminal import Console

WIDTH = 16  # of a bar


def run(arguments: Sequence[str], url: str | None = None) -> None:
    """Prints the likeliest classes of every target, and what each input contributed.

    Args:
        arguments: ``--INPUT VALUE`` pairs: a text, a path, or a JSON object of columns.
        url: of the service.

    Raises:
        UserError: if an input is unknown, a file cannot be read, or no service answers.
    """
    with Client(url) as client:
        schema = client.schema()
        inputs = _inputs(arguments, schema["inputs"])
        began = time.perf_counter()
        ask = client.explain if len(inputs) <= schema["limits"]["explained"] else client.predict
        answer = ask(**inputs)
        taken = 1000 * (time.perf_counter() - began)
    console = Console(highlight=False, soft_wrap=True)
    for target, of_target in answer["targets"].items():
        console.print(_number(target, of_target) if "value" in of_target else _table(target, of_target))
    missing = [name for name in schema["inputs"] if name not in answer["inputs"]]
    if any("base" in of_target for of_target in answer["targets"].values()):
        console.print("base is what is said without any input; what each input contributed is added to it")
    given = f"given    {', '.join(answer['inputs'])}{'; missing ' + ', '.join(missing) if missing else ''}"
    for line in (given, f"model    {answer['model_version']}, {taken:.0f} ms", f"request  {answer['request_id']}"):
        console.print(escape(line))


def _inputs(arguments: Sequence[str], known: Mapping[str, Any]) -> dict[str, Value]:
    names = ", ".join(f"--{name}" for name in known)
    given: dict[str, Value] = {}
    words = list(arguments)
    while words:
        flag, equals, value = words.pop(0).partition("=")
        if not equals:
            if not words:
                raise UserError(f"{flag} has no value; give one or more of {names}, each with a value.")
            value = words.pop(0)
        name = flag.removeprefix("--")
        if not flag.startswith("--") or name not in known:
            raise UserError(f"{flag!r} is no input of this model; give one or more of {names}.")
        if name in given:
            raise UserError(f"{flag} is given twice.")
        given[name] = Path(value).expanduser() if known[name]["is_file"] else value
    if not given:
        raise UserError(f"nothing is given; give one or more of {names}, each with a value.")
    return given


def _number(target: str, found: Mapping[str, Any]) -> str:
    """A predicted number with its interval, and what it is made of."""
    low, high = found["interval"]
    parts = [f"base {found['base']:.4g}"] if "base" in found else []
    parts += [f"{escape(name)} {part:+.4g}" for name, part in found.get("attribution", {}).items()]
    made_of = f" = {', '.join(parts)}" if parts else ""
    return f"{escape(target)}: [bold]{found['value']:.4g}[/] ({low:.4g} to {high:.4g}){made_of}"


def _table(target: str, found: Mapping[str, Any]) -> Table:
    attribution = found.get("attribution", {})
    label = "too unsure to say" if found["abstained"] else found["label"]
    title = f"{escape(target)}: [bold]{escape(label)}[/]"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="none")
    table.add_column("class")
    table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("", width=WIDTH)
    for name in ["base", *attribution] if attribution else []:
        table.add_column(escape(name), justify="right")
    for one in found["top"]:
        name, probability = one["label"], one["probability"]
        parts = (
            [f"{found['base'][name]:.3f}", *(f"{of[name]:+.3f}" for of in attribution.values())] if attribution else []
        )
        table.add_row(escape(name), f"{probability:.3f}", "█" * round(WIDTH * probability), *parts)
    return table
