"""summary: prints the results of the last run, and what to type next."""

import json
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from sensorium import params, paths
from sensorium.errors import BadInput, UserError
from sensorium.evaluation.gates import with_its_time
from sensorium.files import existing, read_json, replacing
from sensorium.media import Media
from sensorium.modalities.request_fields import request_fields
from sensorium.registry.champion import Champion, past_champion, read_champion
from sensorium.registry.own_data import dvc_add, unversioned
from sensorium.renamed import VALIDATED, with_new_keys
from sensorium.report.words import (
    are_mixed,
    baseline_figure,
    bounds,
    compression,
    findings,
    headings,
    main_figure,
    megabytes,
    second_figure,
)
from sensorium.runtime.settings import FILE, digest, why_not_learnt_from
from sensorium.terminal import Console

SUBSETS = ("only", "without")
PROMOTE = ".venv/bin/sensorium promote"
LONGEST = 1000  # letters of a value that a command shows
PREPARED = paths.PREPARED / "rows.parquet"
EXAMPLE = paths.REPORTS / "example"  # files of a request


def run() -> None:
    """Prints data, metrics, verdict, size and latency."""
    console = Console()
    console.rule("Sensorium")
    validated = with_new_keys(read_json(paths.METRICS / "validate.json", made_by="validate"), VALIDATED)
    console.print(
        f"data     {validated['rows']:,} rows, {validated['quarantined']:,} of them quarantined"
        f"{_partly_quarantined(validated)} ({paths.VALID / 'quarantine.parquet'} says why)",
        highlight=False,
        soft_wrap=True,
    )
    for words in validated.get("warnings", []):
        console.print(f"         {escape(words)}", highlight=False, soft_wrap=True)
    evaluated = read_json(paths.METRICS / "evaluate.json", made_by="evaluate")
    console.print(_metrics(evaluated))
    for sentence in findings(evaluated):
        console.print(f"but      {sentence}", highlight=False, soft_wrap=True)
    if "only" in next(iter(evaluated.values())):
        console.print(_inputs(evaluated))
    verdict = read_json(paths.VERDICT, made_by="gate")
    console.print(_rules(verdict))
    passed = "[bold green]passed[/]" if verdict["passed"] else "[bold red]did not pass[/]"
    console.print(f"gate     {passed}")
    if verdict["passed"]:
        _packaged(console)
    console.print(
        f"report   {paths.REPORTS / 'index.html'} (all of it on one page), {paths.REPORTS / 'model-card.md'}",
        highlight=False,
        soft_wrap=True,
    )


def _partly_quarantined(validated: dict[str, Any]) -> str:
    number = validated.get("partly_quarantined", 0)
    return f", {number:,} used without an input or a label" if number else ""


def _metrics(evaluated: dict[str, Any]) -> Table:
    main, second, simplest = headings(evaluated)
    table = _table("test rows", ["target"], [main, "interval", second, simplest])
    named = are_mixed(evaluated)
    for target, found in evaluated.items():
        main, second, simplest = (
            main_figure(found, None, named),
            second_figure(found, named),
            baseline_figure(found, named),
        )
        table.add_row(target, main, bounds(found), second, simplest)
    return table


def _inputs(evaluated: dict[str, Any]) -> Table:
    main, *_ = headings(evaluated)
    table = _table(f"{main} by input", ["input"], [f"{target} {subset}" for target in evaluated for subset in SUBSETS])
    for name in next(iter(evaluated.values())).get("only", {}):
        cells = [(found, found[subset].get(name)) for found in evaluated.values() for subset in SUBSETS]
        table.add_row(name, *(main_figure(found, cell) if cell else "" for found, cell in cells))
    return table


def _table(title: str, words: list[str], numbers: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    for heading in words:
        table.add_column(heading)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _rules(verdict: dict[str, Any]) -> Table:
    times = read_json(paths.METRICS / "timings" / "compress.json", made_by="compress")
    table = _table("gate", ["rule"], ["value", "", "bound", ""])
    for rule in (with_its_time(rule, times) for rule in verdict["rules"]):
        name = escape(rule["name"]) + (f"\n[dim]{escape(rule['note'])}[/]" if rule["note"] else "")
        value, bound = ("" if rule[key] is None else f"{rule[key]:g}" for key in ("value", "bound"))
        table.add_row(name, value, rule["sense"] if bound else "", bound, _mark(rule))
    return table


def _mark(rule: dict[str, Any]) -> str:
    if not rule["passed"]:
        return "[bold red]FAIL[/]"
    return "[dim]not judged[/]" if "reason" in rule else "[green]pass[/]"


def _packaged(console: Console) -> None:
    bento = read_json(paths.BENTO, made_by="package")
    compressed = read_json(paths.METRICS / "compress.json", made_by="compress")
    times = read_json(paths.METRICS / "timings" / "compress.json", made_by="compress")
    console.print(
        f"packaged {bento['tag']}: {compressed['name']}, {megabytes(1e6 * compressed['megabytes'])}, "
        f"{times['p50_ms']:.1f} ms a prediction (95% within {times['p95_ms']:.1f} ms); "
        f"{compression(compressed)}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        "next     [bold]make serve[/], then http://localhost:3000/ui/ in a browser, or in another terminal\n"
        f"{escape(_example())}",
        highlight=False,
        soft_wrap=True,
    )
    settings = params.load()
    if why := why_not_learnt_from(settings.monitor, settings.retrain.trusted):
        console.print(f"learning {why}", highlight=False, soft_wrap=True)
    for line in _champion(bento["model_version"], settings):
        console.print(line, highlight=False, soft_wrap=True)


def _champion(model_version: str, settings: params.Params) -> Iterator[str]:
    """What is served of the champion and this model, and how this one is kept."""
    champion, path = read_champion(), paths.PACKAGED / FILE
    served = digest(path.read_text(encoding="utf-8") if path.is_file() else "")

    def is_this(named: Champion) -> bool:
        return (named.model_version, named.settings) == (model_version, served)

    if champion and is_this(champion):
        yield f"champion this model is the champion, {champion.version}: there is nothing to promote"
        return
    if champion:
        what = "with other settings " if champion.model_version == model_version else ""
        yield f"serving  the champion {champion.version} goes on being served {what}until this one is promoted"
    before = None
    with suppress(UserError):  # there is no git here, or no commit yet
        before = past_champion(is_this)
    if before:
        yield f"keep     [bold]{PROMOTE} {before.version}[/]: this model was that champion before"
    else:
        yield f"keep     [bold]{escape(keep_command(settings))} && {PROMOTE}[/]: the champion to beat"


def keep_command(settings: params.Params) -> str:
    """The command that makes a version of what the run made, after `dvc add` of data that DVC does not track yet."""
    raw = pd.read_parquet(existing(paths.MANIFEST, made_by="ingest"))
    files = settings.data.own_files(settings.inputs, raw)
    found = unversioned(files) if files else []
    first = f"{dvc_add(found, '.venv/bin/dvc')} && " if found else ""
    return f"{first}git add --all && git commit -m run"


def _example() -> str:
    """A request for one of the test rows, to paste into a shell; its files are written for it."""
    settings = params.load()
    test_ids = pd.read_parquet(existing(paths.PREDICTIONS / "test.parquet", made_by="evaluate"))["id"]
    row, prepared = (
        next(row for row in pq.read_table(existing(path, made_by)).to_pylist() if row["id"] == test_ids[0])
        for path, made_by in ((paths.VALID / "manifest.parquet", "validate"), (PREPARED, "prepare"))
    )
    fields, media = [], Media.of_folder(paths.RAW)
    with replacing(EXAMPLE) as beside:
        beside.mkdir()
        for name, field in request_fields(settings.inputs).items():
            first, kind = next(iter(field.inputs)), field.widest
            if all(prepared[one] is None for one in field.inputs):  # missing, or not to be used
                continue
            if kind.is_file:
                cell = row[name]
                suffix = PurePath(cell).suffix
                file = f"{first}{suffix if suffix[1:].isalnum() else ''}"  # others mean something to curl
                try:
                    (beside / file).write_bytes(media.read(cell, kind.max_bytes))
                except BadInput as problem:  # what is there is of an earlier version, or somebody changed it
                    raise UserError(f"{paths.RAW}: {problem}; run `dvc repro`.") from problem
                fields += ["-F", f"{name}=@{EXAMPLE / file}"]
            else:
                value = kind.in_json(kind.accept(kind.raw(row, name, media)))  # a table may hold a date, JSON cannot
                text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                if len(text) > LONGEST:
                    (beside / first).write_text(text, encoding="utf-8")
                    fields += ["-F", f"{name}=<{EXAMPLE / first}"]
                else:
                    fields += ["--form-string", f"{name}={text}"]
    return shlex.join(["curl", *fields, "localhost:3000/predict"])
