"""What requests give: one value under each name, for all inputs that read the same column."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sensorium.decoding.clip import joined
from sensorium.errors import BadInput
from sensorium.modalities.modality import Modality


@dataclass(frozen=True)
class RequestField:
    """A name that requests give a value under.

    Attributes:
        inputs: those that read the value, as declared, by name.
    """

    inputs: Mapping[str, Modality]

    @property
    def widest(self) -> Modality:
        """The input that takes most of what may be given; the first of several."""
        return max(self.inputs.values(), key=lambda kind: (kind.max_bytes, len(kind.media_types)))

    @property
    def is_cell(self) -> bool:
        """Whether its name is that of a column."""
        return self.widest.is_cell

    @property
    def is_file(self) -> bool:
        """Whether the value is that of a file."""
        return self.widest.is_file

    @property
    def max_bytes(self) -> int:
        """The largest raw value that any of the inputs looks at."""
        return self.widest.max_bytes

    @property
    def media_types(self) -> list[str]:
        """Of the files that any of the inputs reads."""
        return list(dict.fromkeys(one for kind in (self.widest, *self.inputs.values()) for one in kind.media_types))

    def openapi(self, file_format: str) -> dict[str, Any]:
        """The OpenAPI schema of the value; ``file_format`` says how files are carried."""
        return self.widest.openapi(file_format)

    def in_json(self, values: Mapping[str, Any]) -> Any:
        """What a request in JSON gives so that all inputs read their values in it, or nearly.

        Args:
            values: cleaned ones, by input, of some of the inputs.
        """
        tracks: dict[str, bytes] = {}  # by kind, of inputs that keep more and less the longest
        for name, value in values.items():
            kind = self.inputs[name]
            if kind.is_track:
                tracks[kind.kind] = max(tracks.get(kind.kind, b""), kind.file(value), key=len)
        if len(tracks) > 1:
            return base64.b64encode(joined([*tracks.values()])).decode()
        if tracks:
            return base64.b64encode(*tracks.values()).decode()
        name = next((name for name in values if self.inputs[name] is self.widest), next(iter(values)))
        return self.inputs[name].in_json(values[name])


def request_fields(inputs: Mapping[str, Modality]) -> dict[str, RequestField]:
    """What requests may give, by name, in the order of the inputs."""
    found: dict[str, dict[str, Modality]] = {}
    for name, kind in inputs.items():
        found.setdefault(kind.asked_as(name), {})[name] = kind
    return {name: RequestField(of_name) for name, of_name in found.items()}


def old_names(fields: Mapping[str, RequestField]) -> dict[str, str]:
    """Names of inputs by which requests gave their values before they named columns, with today's names.

    They are read for one version more, but for those that mean something else now, and those of inputs that share a
    column: who gave each its value would now give it to all.
    """
    alone = {next(iter(field.inputs)): name for name, field in fields.items() if len(field.inputs) == 1}
    return {old: name for old, name in alone.items() if old not in fields}


def with_column_names(given: Mapping[str, Any], fields: Mapping[str, RequestField]) -> dict[str, Any]:
    """What was given under names of an earlier version, under today's.

    Raises:
        BadInput: if a value is given under both.
    """
    today = old_names(fields)
    if twice := sorted(today[name] for name in given if today.get(name) in given):
        raise BadInput(f"{twice[0]}: given more than once")
    return {today.get(name, name): value for name, value in given.items()}


def clashes(inputs: Mapping[str, Modality]) -> Iterator[str]:
    """Why requests could not tell what is meant by a name, a sentence each."""
    for name, field in request_fields(inputs).items():
        if len(several := list(field.inputs)) > 1:
            if not all(kind.is_cell for kind in field.inputs.values()):
                yield f"inputs {_listed(several)} would all be given as {name!r} in requests; give one another name"
            elif len({kind.is_file for kind in field.inputs.values()}) > 1:
                files = [one for one, kind in field.inputs.items() if kind.is_file]
                yield (
                    f"inputs {_listed(several)} read the column {name!r}, {_listed(files)} as the path of a file and "
                    "the others as what stands in it; take one side out"
                )


def _listed(names: Iterable[str]) -> str:
    return " and ".join(map(repr, names))
