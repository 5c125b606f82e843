"""ingest: the source's rows and media into data/raw."""

from pathlib import Path

import pandas as pd

from sensorium import params, paths
from sensorium.dataset import frozen
from sensorium.dataset.columns import OF_ROWS, slice_name
from sensorium.dataset.normalise import merged_spellings, normalise
from sensorium.dataset.required import listed, require_columns
from sensorium.errors import UserError
from sensorium.evaluation.lookup import quoted
from sensorium.files import replacing, write_json
from sensorium.media import MediaWriter
from sensorium.registry.own_data import IGNORED, dvc_add, keep_out_of_git
from sensorium.sources.feedback import with_feedback


def run() -> None:
    """Writes data/raw/manifest.parquet, and shards of the media that its cells name."""
    settings = params.load()
    _require_encoders(settings)
    with replacing(paths.RAW) as beside:
        beside.mkdir()
        with MediaWriter(beside) as media:
            table = settings.data.read(settings.inputs, media)
            own, files = len(table), settings.data.own_files(settings.inputs, table)
            table = with_feedback(table, settings.inputs, settings.labels, media)
        _require_columns(table, settings)
        alike = _merged(table, settings)
        _require_slices(table, settings)
        normalise(table, ["id", *settings.labels.values()]).to_parquet(beside / paths.MANIFEST.name, index=False)
        write_json(beside / paths.SPELLINGS.name, alike)
    more = f", {len(table) - own:,} of them from feedback" if len(table) > own else ""
    print(f"ingest: {len(table):,} rows from {settings.data.source}{more}")
    for column, names in alike.items():
        several = f"{len(names):,} values are spelled" if len(names) > 1 else "a value is spelled"
        name, ways = next(iter(names.items()))
        shown = " and ".join(f"{text!r} ({rows:,})" for text, rows in ways.items())
        print(f"ingest: {column}: {several} in several ways and read as one: {shown} as {name!r}")
    if files and (ignored := keep_out_of_git(files)):
        beside = (files.folder / IGNORED).relative_to(Path.cwd())
        print(f"ingest: {beside} now keeps your data out of git; `{dvc_add(ignored)}` makes versions of it")


def _require_encoders(settings: params.Params) -> None:
    """Says which key of params.yaml names an encoder that cannot be had, or cannot read an example."""
    for name, kind in settings.inputs.items():
        try:
            if kind.pretrained is not None:
                frozen.load(kind.pretrained)
            if kind.training is not None and kind.training.tune:
                kind.to_train((), paths.RAW)
        except UserError as problem:
            raise UserError(f"{paths.PARAMS}: inputs.{name}.encoder: {problem}") from problem


def _require_columns(table: pd.DataFrame, settings: params.Params) -> None:
    """Says which key of params.yaml names a column that the data lacks."""
    needed = [(f"inputs.{name}", column) for name, kind in settings.inputs.items() for column in kind.columns(name)]
    needed += [(f"targets.{name}", column) for name, column in settings.labels.items()]
    divided = [("split.group", name) for name in settings.split.groups] + [("split.stratify", settings.split.stratify)]
    needed += [(key, name) for key, name in divided if name is not None and not settings.called(name)]
    require_columns(table, needed)


def _merged(table: pd.DataFrame, settings: params.Params) -> dict[str, dict[str, dict[str, int]]]:
    """Of the columns of names, the values that are spelled in several ways, each with the rows of every spelling."""
    columns = ["id", *settings.labels.values(), *(name for name in settings.split.groups if not settings.called(name))]
    columns += [column for kind in settings.inputs.values() for column in kind.named()]
    return merged_spellings(table, columns)


def _require_slices(table: pd.DataFrame, settings: params.Params) -> None:
    """Says which rule of the gate is about slices by a column that the data lacks."""
    inputs, targets = settings.inputs, settings.targets
    own = [str(name) for name in table if name not in ("id", *settings.stood_for)]
    columns = [*(slice_name(name, inputs, targets) for name in own), *targets, *OF_ROWS]
    for number, rule in enumerate(settings.gate):
        for address in (rule.metric, rule.min, rule.max):
            file, _, rest = address.partition(".") if isinstance(address, str) else ("", "", "")
            by = rest.partition(".")[2]  # behind the target
            known = (*columns, *map(quoted, columns), *inputs, "*")  # of an input there are slices by what describes it
            if file == "slices" and not any(by.startswith(f"{name}.") for name in known):
                raise UserError(
                    f"{paths.PARAMS}: gate[{number}]: {address!r}: there are no slices by {by.split('.')[0]!r}; there "
                    f"are by {listed(columns)}, and by what describes each input (text.words)."
                )
