"""What make says where something is not as it should be."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the Makefile, and a second environment that another Python made."""
    shutil.copyfile(REPOSITORY / "Makefile", tmp_path / "Makefile")
    other = tmp_path / ".venv/second/bin/python"
    other.parent.mkdir(parents=True)
    other.write_text("#!/bin/sh\necho Python 3.9.9\n")
    other.chmod(0o755)
    return tmp_path


def refused(clone: Path, python: str) -> str:
    command = ["make", "--no-print-directory", "test-python", f"PYTHON={python}"]
    done = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    return done.stdout


def test_a_second_python_comes_after_the_first(clone: Path) -> None:
    assert refused(clone, sys.executable) == ("error: run make test first; its environment tells what train brings.\n")


def test_a_python_that_is_not_there_is_a_sentence(clone: Path) -> None:
    (clone / ".venv/installed-dev").touch()
    assert refused(clone, "/no/python3.12").startswith(
        "error: Python 3.11, 3.12 or 3.13 with its venv module is not here;"
    )


def test_another_second_python_gets_an_environment_of_its_own(clone: Path) -> None:
    (clone / ".venv/installed-dev").touch()
    assert refused(clone, sys.executable) == (  # the folder has no constraints.txt
        "error: pip could not install the dependencies into .venv/second; its own words are above.\n"
    )
    second = [clone / ".venv/second/bin/python", "--version"]
    version = subprocess.run(second, capture_output=True, text=True, check=True).stdout
    assert version == f"Python {sys.version.split()[0]}\n"
