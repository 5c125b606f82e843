"""source: what the data and the encoders are now, so that DVC sees when a user changes them."""

from collections.abc import Iterator
from pathlib import Path

from sensorium import params, paths
from sensorium.files import replacing, write_json
from sensorium.registry.dependency import Dependency


def run() -> None:
    """Writes data/source: rows.json, and encoders/INPUT.json for every input; equal content gives equal files."""
    dependencies = list(_dependencies(params.load()))
    found = {each.file: each.now() for each in dependencies}
    changed = [each.file.stem for each in dependencies if each.before() != found[each.file]]
    with replacing(paths.SOURCE) as beside:
        for file, content in found.items():
            write_json(beside / file, content)
    print(f"source: {', '.join(changed)} changed" if changed else "source: the data and the encoders didn't change")


def is_current() -> bool:
    """Whether data and encoders are what the last run found."""
    return all(each.before() == each.now() for each in _dependencies(params.load()))


def _dependencies(settings: params.Params) -> Iterator[Dependency]:
    yield Dependency(Path("rows.json"), "data", "ingest", lambda: settings.data.made_of(settings.inputs))
    for name, kind in settings.inputs.items():
        yield Dependency(
            Path("encoders", f"{name}.json"), f"inputs.{name}.encoder", f"embed@{name}", kind.encoder_made_of
        )
