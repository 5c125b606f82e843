"""Each extra of pyproject.toml brings what the modules that it is for import."""

import json
import subprocess
import sys

import pytest

from tests.conftest import REPOSITORY
from tests.pins import declared, needed

# Imports modules as if no other packages were installed than some.
ONLY = """
import importlib, json, sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from packaging.utils import canonicalize_name

allowed, modules = json.loads(sys.argv[1])
owners = packages_distributions()
find = PathFinder.find_spec

def find_spec(name, path=None, target=None):
    top = name.partition(".")[0]
    if top not in owners or {canonicalize_name(owner) for owner in owners[top]} & set(allowed):
        return find(name, path, target)

PathFinder.find_spec = staticmethod(find_spec)
for module in modules:
    importlib.import_module(module)
"""


def modules(*patterns: str) -> list[str]:
    """Names of the modules of some files."""
    files = sorted(file for pattern in patterns for file in REPOSITORY.glob(pattern))
    return [".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removeprefix("src.") for file in files]


COMMANDS = set(modules("src/sensorium/commands/*.py"))
BARE = {f"sensorium.{name}" for name in ("cli", "client", "commands.key", "commands.predict")}
MONITOR = {"sensorium.commands.monitor"}
SERVICE = {"sensorium.serving.service"}  # asks for a packaged model


@pytest.mark.parametrize(
    ("extras", "named"),
    [
        ([], BARE),
        (["serve"], set(modules("src/sensorium/serving/*.py")) - SERVICE),
        (["workspace"], COMMANDS - MONITOR),
        (["monitor"], MONITOR),
        (["flows"], set(modules("flows/*.py"))),
        (["train"], set(modules("src/sensorium/stages/*.py"))),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_an_extra_brings_what_its_modules_import(extras: list[str], named: set[str]) -> None:
    allowed = sorted({*needed(declared(*extras)), "sensorium"})
    command = [sys.executable, "-c", ONLY, json.dumps([allowed, sorted(named)])]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
