"""pyproject.toml, constraints.txt and what is installed belong together."""

import importlib.metadata
import re

from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import REPOSITORY
from tests.pins import EXTRAS, PROJECT, declared, needed, pinned

CONSTRAINTS = REPOSITORY / "constraints.txt"
OURS = "sensorium (pyproject.toml)"
ADVICE = "run `make pins`"


def reasons() -> dict[str, list[str]]:
    """What asked for each pin, as uv wrote behind it."""
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if line[0] != "#"]
    return {line.partition("==")[0]: line.partition("# via ")[2].split(", ") for line in lines}


def test_whatever_is_declared_is_pinned_and_the_other_way_round() -> None:
    asked = {canonicalize_name(requirement.name): requirement.specifier for requirement in declared(*EXTRAS)}
    assert {name for name, askers in reasons().items() if OURS in askers} == asked.keys(), ADVICE
    pins = pinned(CONSTRAINTS)
    versions = {name: str(pins[name].specifier).removeprefix("==") for name in asked}
    assert [name for name, specifier in asked.items() if versions[name] not in specifier] == [], ADVICE


def test_nothing_is_declared_twice() -> None:
    lines = [line for lines in [PROJECT["dependencies"], *EXTRAS.values()] for line in lines]
    names = [re.split(r"[\[<=>]", line)[0] for line in lines]
    assert sorted(name for name in names if names.count(name) > 1 and name != "sensorium") == []


def test_pins_are_names_and_versions_of_the_public_registry() -> None:
    pins = pinned(CONSTRAINTS)
    assert len(pins) > 300
    assert [pin.name for pin in pins.values() if not re.fullmatch(r"==[0-9a-z.]+", str(pin.specifier))] == []
    assert [pin.name for pin in pins.values() if pin.url or pin.extras] == []
    assert Version("2.13.0") == Version(str(pins["torch"].specifier)[2:])
    assert not re.search(r"//|--|@", CONSTRAINTS.read_text())


def test_every_pin_is_needed_by_something() -> None:
    assert [name for name, askers in reasons().items() if not {*askers} <= {OURS, *reasons()}] == []


def test_whatever_is_needed_here_is_pinned_as_it_is_installed() -> None:
    pins = pinned(CONSTRAINTS)
    names = needed(declared(*EXTRAS))
    assert sorted(names - pins.keys()) == [], ADVICE
    installed = {name: importlib.metadata.version(name) for name in names}
    assert {name: version for name, version in installed.items() if version not in pins[name].specifier} == {}
    not_here = {name for name, pin in pins.items() if pin.marker and not pin.marker.evaluate()}
    assert not names & not_here


def test_all_three_pythons_are_named_alike() -> None:
    """pyproject.toml and the Makefile."""
    assert PROJECT["requires-python"] == ">=3.11,<3.14"
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in (REPOSITORY / "Makefile").read_text()
