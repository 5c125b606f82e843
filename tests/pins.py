"""What pyproject.toml declares, what the files of pins hold, and what is installed."""

import importlib.metadata
import tomllib
from collections.abc import Iterable
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]


def declared(*extras: str) -> list[Requirement]:
    """What the project asks for by itself and with some extras, and the extras that these refer to."""
    found = []
    for line in [*PROJECT["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]:
        requirement = Requirement(line)
        if requirement.name == PROJECT["name"]:
            found += declared(*requirement.extras)
        else:
            found.append(requirement)
    return found


def pinned(file: Path) -> dict[str, Requirement]:
    """The pins of a file by normalised name."""
    lines = (line.partition("#")[0].strip() for line in file.read_text().splitlines())
    return {canonicalize_name(pin.name): pin for pin in map(Requirement, filter(None, lines))}


def needed(requirements: Iterable[Requirement]) -> set[str]:
    """Normalised names of packages and of all that these need in turn, as the installed ones say."""
    found: set[tuple[str, str]] = set()
    left = [(requirement, extra) for requirement in requirements for extra in (*requirement.extras, "")]
    while left:
        requirement, extra = left.pop()
        key = (canonicalize_name(requirement.name), extra)
        if key in found:
            continue
        found.add(key)
        for other in map(Requirement, importlib.metadata.requires(requirement.name) or []):
            if other.marker is None or other.marker.evaluate({"extra": extra}):
                left += [(other, wanted) for wanted in (*other.extras, "")]
    return {name for name, _ in found}


def brought_only_by(extra: str) -> set[str]:
    """What an extra needs and no other extra does: normalised names of packages, and names of their modules."""
    packages = needed(declared(extra)) - needed(declared(*(EXTRAS.keys() - {extra})))
    modules = importlib.metadata.packages_distributions().items()
    return packages | {module for module, owners in modules if {*map(canonicalize_name, owners)} <= packages}
