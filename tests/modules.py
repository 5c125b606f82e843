"""What modules of Sensorium import, and the files that they read beside themselves."""

import ast
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import grimp

from sensorium.encoders.trainable.readers import READERS
from sensorium.models.fusion import FUSIONS
from tests.conftest import REPOSITORY

PACKAGE = REPOSITORY / "src/sensorium"
BY_NAME = {  # imported by name
    package: [name.split(":")[0] for name in named.values()]
    for package, named in (("sensorium.models.fusion", FUSIONS), ("sensorium.encoders.trainable.readers", READERS))
}


@cache
def imports() -> grimp.ImportGraph:
    """Which module imports which, within functions too."""
    return grimp.build_graph("sensorium", cache_dir=None)


def closure(modules: Iterable[str], apart: set[str]) -> set[Path]:
    """The files of these modules and of all that they import, directly or not, and the files that those read.

    Args:
        modules: to begin with.
        apart: modules that are left out with what they import.
    """
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found | apart:
            found.add(module)
            waiting += [*imports().find_modules_directly_imported_by(module), *BY_NAME.get(module, ())]
    files = {path for path in map(file_of, found) if has_code(path)}
    return files | {data for file in files for data in _package_data() if _reads(file, data)}


def file_of(module: str) -> Path:
    """The file of a module, or of a package."""
    path = REPOSITORY.joinpath("src", *module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def has_code(path: Path) -> bool:
    """Whether a module is more than its docstring."""
    return any(not isinstance(part, ast.Expr) for part in ast.parse(path.read_text()).body)


@cache
def _package_data() -> set[Path]:
    """Files that are installed beside modules."""
    packages = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    return {file for pattern in packages["sensorium"] for file in PACKAGE.glob(pattern) if file.is_file()}


def _reads(module: Path, data: Path) -> bool:
    """Whether a module names a file in its folder, or the folder in it that has the file."""
    beside = data.relative_to(PACKAGE).parts[: len(module.relative_to(PACKAGE).parts)]
    in_quotes = (f'"{beside[-1]}"', f'"{beside[-1]}/')
    return PACKAGE.joinpath(*beside).parent == module.parent and any(name in module.read_text() for name in in_quotes)
