import re
import subprocess
import sys
from importlib import metadata

import pytest
import yaml

from sensorium.cli import STAGES, app
from sensorium.dataset import frozen
from sensorium.modalities import Text
from tests.conftest import REPOSITORY, Project
from tests.pins import PROJECT


def sensorium(*arguments: str, cwd: object = REPOSITORY) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sensorium", *arguments]
    return subprocess.run(command, cwd=str(cwd), capture_output=True, text=True)


def test_the_stages_of_dvc_are_the_subcommands_in_order() -> None:
    graph = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    commands = [
        str(command.callback.__name__) for command in app.registered_commands if command.rich_help_panel == STAGES
    ]
    assert list(graph) == commands
    assert all((REPOSITORY / "src/sensorium/stages" / f"{name}.py").is_file() for name in commands)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, sensorium.cli; print(*{'numpy', 'pandas', 'pydantic', 'torch'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "\n"


def test_params_are_read_without_what_reads_files() -> None:
    code = "import sys, sensorium.params; print(*{'av', 'edfio', 'pyarrow.csv'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "\n"


def test_help_gives_every_stage_a_line() -> None:
    shown = sensorium("--help")
    for name in (
        "ingest",
        "validate",
        "prepare",
        "embed",
        "search",
        "train",
        "evaluate",
        "compress",
        "gate",
        "package",
    ):
        assert any(line.startswith(f"│ {name} ") for line in shown.stdout.splitlines())


def test_the_version_is_that_of_the_package() -> None:
    assert sensorium("--version").stdout == f"sensorium {metadata.version('sensorium')}\n"


def test_the_newest_changes_are_those_of_this_version() -> None:
    headings = re.findall(r"^## (.+)$", (REPOSITORY / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == PROJECT["version"]


def test_a_users_mistake_is_a_sentence_and_status_2(project: Project) -> None:
    done = sensorium("ingest", cwd=project.root)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: params.yaml is not here; run this in the root of a Sensorium repository.\n"


def test_a_stage_without_its_input_names_the_stage_before(project: Project) -> None:
    project.write()
    done = sensorium("validate", cwd=project.root)
    assert done.stderr == (
        "error: data/raw/manifest.parquet is not there; run `sensorium ingest` first, or `dvc repro` for all stages.\n"
    )


@pytest.mark.parametrize("command", ["summary", "conclude", "leaderboard"])
def test_what_only_reads_results_imports_no_torch(command: str) -> None:
    code = f"import sys; from sensorium.commands import {command}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_ingest_imports_no_torch_for_an_encoder_that_was_tried(project: Project) -> None:
    project.write([{"note": "a", "label": "x"}])
    frozen.load(Text())
    code = "import sys; from sensorium.stages import ingest; ingest.run(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False"


def test_a_full_disk_is_a_sentence(project: Project) -> None:
    project.write([{"note": f"text {place} {'x' * 200}", "label": "x"} for place in range(2000)])
    command = f"ulimit -f 4; exec {sys.executable} -m sensorium ingest"  # no file over 4 KiB
    done = subprocess.run(["bash", "-c", command], cwd=project.root, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert "make room, and run it again" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.root / "data/raw").exists()
