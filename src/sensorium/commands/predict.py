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
from sensorium.targets import FIRST, KINDS, Printed
from sensorium.terminal import Console

WIDTH = 16  # of a bar


def run(arguments: Sequence[str], url: str | None = None) -> None:
    """Prints what is predicted of every target, and what each input contributed.

    Args:
        arguments: ``--COLUMN VALUE`` pairs: a text, a path, or a JSON object of a tabular input's columns.
        url: of the service.

    Raises:
        UserError: if a column is unknown, a file cannot be read, or no service answers.
    """
    with Client(url) as client:
        schema = client.schema()
        given = _given(arguments, schema)
        began = time.perf_counter()
        ask = client.explain if len(_asked(given, schema)) <= schema["limits"]["explained"] else client.predict
        answer = ask(**given)
        taken = 1000 * (time.perf_counter() - began)
    console = Console(highlight=False, soft_wrap=True)
    for target, of_target in answer["targets"].items():
        kind = KINDS[schema["targets"][target].get("kind", FIRST)]
        console.print(_shown(target, kind.learnt.printed(of_target)))
    missing = [name for name in schema["inputs"] if name not in answer["inputs"]]
    if any("base" in of_target for of_target in answer["targets"].values()):
        console.print("base is what is said without any input; what each input contributed is added to it")
    used = f"given    {', '.join(answer['inputs'])}{'; missing ' + ', '.join(missing) if missing else ''}"
    unread = [f"unread   {name}: {why}" for name, why in answer.get("unread", {}).items()]
    for line in (
        used,
        *unread,
        f"model    {answer['model_version']}, {taken:.0f} ms",
        f"request  {answer['request_id']}",
    ):
        console.print(escape(line))


def _given(arguments: Sequence[str], schema: Mapping[str, Any]) -> dict[str, Value]:
    columns = schema.get("columns", schema["inputs"])  # an earlier version's service names inputs
    known = schema["inputs"] | columns  # and the service reads their names for one version more
    names = ", ".join(f"--{name}" for name in columns)
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


def _asked(given: Mapping[str, Value], schema: Mapping[str, Any]) -> list[str]:
    """The inputs that may read what is given."""
    return [name for name, kind in schema["inputs"].items() if {name, kind.get("column")} & set(given)]


def _shown(target: str, found: Printed) -> str | Table:
    """A line where that is all there is to say, else a table below it."""
    more = f" {escape(found.more)}" if found.more else ""
    title = f"{escape(target)}: [bold]{escape(found.predicted)}[/]{more}"
    if not found.rows:
        return title
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="none")
    table.add_column(found.column)
    table.add_column("probability", justify="right", no_wrap=True)
    table.add_column("", width=WIDTH)
    for heading in found.made_of:
        table.add_column(escape(heading), justify="right")
    for name, probability, parts in found.rows:
        table.add_row(escape(name), f"{probability:.3f}", "█" * round(WIDTH * probability), *parts)
    return table
