"""models: lists the registered versions of the model, or shows the lineage of one."""

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from sensorium.errors import UserError
from sensorium.registry.lineage import Lineage, trace
from sensorium.registry.versions import CHAMPION, Version, find, versions
from sensorium.report.words import bounds, main_figure, second_figure
from sensorium.targets import kind_of
from sensorium.terminal import Console


def run(name: str | None = None) -> None:
    """Prints a line for every version, the newest first; or the lineage of one version."""
    console = Console(highlight=False, soft_wrap=True)
    if name:
        _show(console, find(name))
        return
    known = versions()
    if not known:
        console.print(
            "no model version is registered yet; after a run that passed the gate, commit it (`git add --all && git "
            "commit`) and `sensorium promote` makes it v1.0.0 and the champion"
        )
        return
    table = Table(box=SIMPLE_HEAD)
    for heading in ("version", "stage", "registered", "commit", "model", "figures", "served"):
        table.add_column(heading, overflow="fold")
    rows = []
    before: dict[str, Lineage] = {}  # by model, the version of it before
    for version in known:
        stage = f"[bold green]{version.stage}[/]" if version.stage == CHAMPION else version.stage
        when = f"{version.created:%Y-%m-%d}"
        try:
            made = trace(version)
            facts = [made.model_version, _accuracies(made), _other_settings(before.get(made.model_version), made)]
            before[made.model_version] = made
        except UserError:
            facts = ["", "not in DVC's cache here: `dvc fetch --all-tags`"]
        rows.append([version.name, stage, when, version.commit[:8], *facts])
    for row in reversed(rows):
        table.add_row(*row)
    console.print(table)
    console.print("all about one: sensorium models VERSION")


def _accuracies(made: Lineage) -> str:
    return "\n".join(f"{target} {main_figure(found)}" for target, found in made.evaluated.items())


def _other_settings(before: Lineage | None, made: Lineage) -> str:
    """The settings in which this version differs from the previous version of the same model."""
    if before is None:
        return ""
    keys = [key for key in made.served if made.served[key] != before.served.get(key)]
    return escape("\n".join(f"{key} {before.served.get(key)} -> {made.served[key]}" for key in keys))


def _listed(settings: dict[str, Any]) -> str:
    return escape(", ".join(f"{key} {value}" for key, value in settings.items()))


def _show(console: Console, version: Version) -> None:
    made = trace(version)
    console.print(f"[bold]{version.name}[/] {version.stage}, registered {version.created:%Y-%m-%d %H:%M}")
    console.print(f"commit   {version.commit}")
    console.print(f"data     {made.data} (DVC's md5 of data/raw), from {_listed(made.params['data'])}")
    for input_name, settings in made.params["inputs"].items():
        console.print(f"input    {input_name}: {_listed(settings)}")
    console.print(f"targets  {', '.join(made.params['targets'])}")
    console.print(f"params   git show {version.commit[:8]}:./params.yaml")
    for target, found in made.evaluated.items():
        form = kind_of(found).words.form
        figures = f"{main_figure(found, named=True)} [{bounds(found, f'{form}, {form}')}]"
        console.print(f"metrics  {target}: {figures}, {second_figure(found, named=True)}")
    rules = made.verdict["rules"]
    held, unjudged = (sum("reason" not in rule for rule in rules), sum("reason" in rule for rule in rules))
    console.print(f"gate     passed: {held} rules held, {unjudged} had nothing to judge")
    console.print(f"model    {made.model_version}")
    console.print(f"Bento    {made.bento}")
    console.print(f"served   {_listed(made.served)}")
    console.print(f"again    git checkout {version.commit[:8]} && dvc pull && bentoml serve")
