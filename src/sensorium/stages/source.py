"""source: what the data and the encoders are now, so that DVC sees when a user changes them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sensorium import params, paths
from sensorium.errors import UserError
from sensorium.files import read_json, replacing, write_json

ROWS = Path("rows.json")


def run() -> None:
    """Writes data/source: rows.json, and encoders/INPUT.json for every input; equal content gives equal files."""
    found = dict(_look(params.load()))
    before = {name: read_json(path, made_by="source") for name in found if (path := paths.SOURCE / name).is_file()}
    with replacing(paths.SOURCE) as beside:
        for name, content in found.items():
            write_json(beside / name, content)
    changed = [name.stem for name, content in found.items() if before.get(name) != content]
    print(f"source: {', '.join(changed)} changed" if changed else "source: the data and the encoders didn't change")


def is_current() -> bool:
    """Whether data and encoders are what the last run found."""
    found = dict(_look(params.load()))
    return all(
        (path := paths.SOURCE / name).is_file() and read_json(path, made_by="source") == content
        for name, content in found.items()
    )


def _look(settings: params.Params) -> Iterator[tuple[Path, dict[str, Any]]]:
    """What the rows and each input's encoder are made of, by the file that says so."""
    try:
        yield ROWS, settings.data.made_of(settings.inputs)
    except UserError as problem:
        raise UserError(f"{problem}{_go_on()}") from problem
    for name, kind in settings.inputs.items():
        try:
            yield Path("encoders", f"{name}.json"), kind.encoder_made_of()
        except UserError as problem:
            raise UserError(f"{paths.PARAMS}: inputs.{name}.encoder: {problem}{_go_on()}") from problem


def _go_on() -> str:
    """What can be done without the source, where it was read before."""
    read = (paths.RAW / "manifest.parquet").is_file()
    return " Without it, `dvc repro --downstream validate` goes on from what was read before." if read else ""
