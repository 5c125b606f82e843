"""The extras of pyproject.toml: what a command needs beyond the core, and what to type where it is not installed."""

import os
import traceback
from importlib import import_module
from types import ModuleType

from sensorium.errors import UserError


def run_with_extra(extra: str, module: str, *arguments: object) -> None:
    """Runs a module of ours.

    Args:
        extra: of pyproject.toml, which brings all that the module needs.
        module: its name.
        arguments: of its function `run`.

    Raises:
        UserError: if something of that extra is not installed.
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    # Threads that spin while they wait starve whatever else runs: a search beside another took 30 times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import_module(module).run(*arguments)
    except ModuleNotFoundError as error:
        if not _is_own_import(error):
            raise
        raise UserError(_not_installed(str(error.name), extra)) from error


def module(extra: str, name: str) -> ModuleType:
    """A library that only some settings of params.yaml need.

    Args:
        extra: of pyproject.toml, which brings it.
        name: of its module.

    Raises:
        UserError: if it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise UserError(_not_installed(name, extra)) from error


def _not_installed(package: str, extra: str) -> str:
    return (
        f"the Python package {package} is not installed; in the root of a clone, `pip install --constraint "
        f"constraints.txt --editable '.[{extra}]'` brings all that this command needs."
    )


def _is_own_import(error: ModuleNotFoundError) -> bool:
    """Whether a file of ours asked for the module, rather than a library whose installation is damaged."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return str(frame.f_globals["__name__"]).startswith("sensorium.")
