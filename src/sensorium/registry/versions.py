"""Registered versions of the model and their stages: GTO tags in git (dvc.org/doc/gto), which DVC's registry reads."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sensorium.errors import UserError
from sensorium.registry.git import folder, head

MODEL = "sensorium"  # its name under `artifacts` in dvc.yaml
NOT_IN_TAGS = re.compile(r"[^\w./-]|(?<!\w)\.|\.(?!\w)", re.ASCII)  # GTO's rules and git's
CHAMPION, CHALLENGER, ARCHIVED = "champion", "challenger", "archived"


@dataclass(frozen=True)
class Version:
    """A registered model.

    Attributes:
        name: ``v1.2.0``.
        commit: what it was made from.
        created: when it was registered.
        stage: champion, challenger or archived; empty if it has none.
    """

    name: str
    commit: str
    created: datetime
    stage: str = ""


def versions() -> list[Version]:
    """All registered versions, the oldest first; none in a repository without tags."""
    stages = {event["version"]: event["stage"] for event in _events("assignment")}
    return [
        Version(event["version"], event["commit"], event["timestamp"], stages.get(event["version"], ""))
        for event in _events("registration")
    ]


def find(name: str) -> Version:
    """The version of this name.

    Raises:
        UserError: if there is none, with those that there are.
    """
    known = versions()
    for version in known:
        if version.name == name:
            return version
    there_is = f"there is {', '.join(version.name for version in known)}" if known else "none is registered yet"
    raise UserError(f"there is no model version {name!r}; {there_is}.")


def champions() -> list[str]:
    """The line of champions, the current one last: a promotion adds one, a rollback removes the last."""
    line: list[str] = []
    for event in _events("assignment"):
        name = event["version"]
        if event["stage"] == CHAMPION:
            line = line[: line.index(name) + 1] if name in line else [*line, name]
    return line


def model_name() -> str:
    """The model's name in tags; that of a project in a folder of a larger repository has the folder in front.

    Several projects may share a repository: the model of ``teams/ml`` is ``teams/ml:sensorium``.
    """
    above = NOT_IN_TAGS.sub(lambda found: "_" + found[0].encode().hex(), folder().rstrip("/"))
    return f"{above}:{MODEL}" if above else MODEL


def register(message: str) -> Version:
    """Registers the commit that is checked out as the next version: v1.0.0, then v1.1.0 and so on."""
    import gto.api

    first = None if versions() else "v1.0.0"
    _quietly(gto.api.register, ".", model_name(), head(), version=first, bump_minor=first is None, message=message)
    return versions()[-1]


def assign(version: str, stage: str, message: str) -> None:
    """Assigns a stage to a version, in place of the one it had."""
    import gto.api

    _quietly(gto.api.assign, ".", model_name(), stage, version=version, message=message, force=True)


def _events(kind: str) -> list[dict[str, Any]]:
    """Registrations or assignments of the model in their order."""
    import gto.api
    from gto.tag import parse_name

    head()
    events = [event for event in gto.api.history(".", model_name()) if event["event"] == kind]
    if kind == "assignment":  # several may fall into one second, but tags are counted
        return sorted(events, key=lambda event: parse_name(event["ref"])["counter"])
    return sorted(events, key=lambda event: _numbers(event["version"]))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.removeprefix("v").split("."))


def _quietly(call: Any, *arguments: Any, **settings: Any) -> None:
    """Runs a function of GTO, and turns its errors into user errors."""
    from gto.exceptions import GTOException
    from scmrepo.exceptions import SCMError

    try:
        call(*arguments, stdout=False, **settings)
    except (GTOException, SCMError) as error:
        raise UserError(f"the registry refused: {error}") from error
