"""Each extra of pyproject.toml brings what the modules that it is for import."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY, Project
from tests.pins import declared, needed

# Runs code as if no other packages were installed than some.
ONLY = """
import json, sys
from importlib.machinery import PathFinder
from importlib.metadata import packages_distributions
from packaging.utils import canonicalize_name

allowed, code = json.loads(sys.argv[1])
owners = {top: {canonicalize_name(owner) for owner in found} for top, found in packages_distributions().items()}
find = PathFinder.find_spec

def find_spec(name, path=None, target=None):
    top = name.partition(".")[0]
    if top not in owners or owners[top] & set(allowed):
        return find(name, path, target)

PathFinder.find_spec = staticmethod(find_spec)
exec(code)
"""
# Imports modules; files of ours may import what is declared, but not what came with it.
IMPORT = """
import builtins, importlib

def import_what_is_declared(name, globals=None, locals=None, fromlist=(), level=0):
    importer, top = (globals or {}).get("__name__", ""), name.partition(".")[0]
    if importer.startswith(("sensorium.", "flows.")) and not level and not owners.get(top, declared) & declared:
        raise ImportError(f"{importer} imports {top}, which these extras bring but do not declare")
    return imported(name, globals, locals, fromlist, level)

imported, builtins.__import__ = builtins.__import__, import_what_is_declared
for module in modules:
    importlib.import_module(module)
"""
# Says for each module of commands and stages, but those of the core, how its command ends.
ASK = """
from typer.main import get_command
from sensorium.cli import app
from sensorium.errors import UserError

lines = {
    name: [name, *("x" for parameter in command.params if parameter.required)]
    for name, command in get_command(app).commands.items()
}
lines["predict_table"] = [*lines["predict"], "--table", "x"]
said = {}
for name in lines.keys() - core:
    try:
        app(lines[name], standalone_mode=False)
    except UserError as error:
        said[name] = str(error)
print(json.dumps(said))
"""
NOT_INSTALLED = (
    r"the Python package \w+ is not installed; in the root of a clone, `pip install --constraint constraints.txt "
    r"--editable '.\[(\w+)\]'` brings all that this command needs."
)
TYPE = "sys.argv = ['sensorium', {!r}]\nfrom sensorium.cli import main\nmain()"


def modules(*patterns: str) -> list[str]:
    """Names of the modules of some files."""
    files = sorted(file for pattern in patterns for file in REPOSITORY.glob(pattern))
    return [".".join(file.relative_to(REPOSITORY).with_suffix("").parts).removeprefix("src.") for file in files]


def only(packages: set[str], code: str, cwd: Path = REPOSITORY) -> subprocess.CompletedProcess[str]:
    """Runs code where only some packages are, and ours."""
    told = json.dumps([sorted(packages | {"sensorium"}), code])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", ONLY, told]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def assert_importable(named: Iterable[str], *extras: str) -> None:
    direct = {canonicalize_name(requirement.name) for requirement in declared(*extras)} | {"sensorium"}
    done = only(needed(declared(*extras)), f"declared, modules = {direct}, {sorted(named)}\n{IMPORT}")
    assert done.returncode == 0, done.stderr


MODULES = set(modules("src/sensorium/commands/*.py", "src/sensorium/stages/*.py"))
BARE = {f"sensorium.{name}" for name in ("cli", "client", "commands.key", "commands.predict")}
SERVICE = {"sensorium.serving.service"}  # asks for a packaged model


@pytest.fixture(scope="module")
def extra_named(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By module, the extra that its command names where nothing but the core is installed."""
    core = {module.rpartition(".")[2] for module in BARE}
    done = only(needed(declared()), f"core = {core}\n{ASK}", tmp_path_factory.mktemp("bare"))
    assert done.returncode == 0, done.stderr
    found = {name: re.fullmatch(NOT_INSTALLED, sentence) for name, sentence in json.loads(done.stdout).items()}
    return {name: told[1] if told else "" for name, told in found.items()}


def test_every_command_names_its_extra_where_that_is_not_installed(extra_named: dict[str, str]) -> None:
    assert set(extra_named) == {name.rpartition(".")[2] for name in MODULES - BARE} - {"__init__"}
    assert {extra_named[name] for name in ("fetch", "embed", "train")} == {"train"}
    assert (extra_named["monitor"], extra_named["models"]) == ("monitor", "workspace")


@pytest.mark.parametrize("extra", ["workspace", "train", "monitor"])
def test_the_extra_that_a_command_names_declares_what_it_imports(extra: str, extra_named: dict[str, str]) -> None:
    named = [module for module in MODULES if extra_named.get(module.rpartition(".")[2]) == extra]
    assert named
    assert_importable(named, extra)


@pytest.mark.parametrize(
    ("extras", "named"),
    [
        ([], BARE),
        (["serve"], set(modules("src/sensorium/serving/*.py")) - SERVICE),
        (["flows"], set(modules("flows/*.py"))),
    ],
    ids=["core", "serve", "flows"],
)
def test_an_extra_declares_what_its_modules_import(extras: list[str], named: set[str]) -> None:
    assert_importable(named, *extras)


def test_fetch_has_what_it_needs_with_the_extra_that_it_names(project: Project, extra_named: dict[str, str]) -> None:
    project.write([{"note": "a", "label": "x"}])
    done = only(needed(declared(extra_named["fetch"])), TYPE.format("fetch"), project.root)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fetch: note reads by minilm\n"
    assert not (project.root / ".dvc").exists()


def test_a_library_without_what_it_needs_itself_is_an_accident(project: Project) -> None:
    done = only(needed(declared("workspace")) - {"cffi"}, TYPE.format("schema"), project.root)
    assert done.returncode == 1
    assert done.stderr.endswith("ModuleNotFoundError: No module named '_cffi_backend'\n")
    assert "pip install" not in done.stderr
