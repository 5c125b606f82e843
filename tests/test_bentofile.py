import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.conftest import REPOSITORY
from tests.modules import file_of, has_code
from tests.pins import declared, needed, pinned

PINS = REPOSITORY / "src/sensorium/serving/requirements.txt"


def test_a_bento_pins_all_that_it_needs_as_it_was_tested() -> None:
    pins, tested = pinned(PINS), pinned(REPOSITORY / "constraints.txt")
    assert needed(declared("serve")) <= pins.keys()
    assert {name: pin.specifier for name, pin in pins.items()} == {name: tested[name].specifier for name in pins}
    assert not {"torch", "pandas", "dvc"} & pins.keys()


def test_the_bento_is_built_from_these_pins() -> None:
    bentofile = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())
    assert REPOSITORY / bentofile["python"]["requirements_txt"] == PINS


def test_a_bento_has_all_of_sensorium_that_its_service_imports() -> None:
    include = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())["include"]
    included = {path for pattern in include for path in REPOSITORY.glob(pattern)}
    imported, waiting = set(), [file_of("sensorium.serving.service")]
    while waiting:
        file = waiting.pop()
        if file not in imported:
            imported.add(file)
            waiting += imported_at_once(file)
    assert {str(file) for file in imported - included if has_code(file)} == set()


def imported_at_once(file: Path) -> Iterator[Path]:
    """The files of Sensorium that a module imports when it is imported itself."""
    for statement in ast.parse(file.read_text()).body:
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "sensorium":
            for name in statement.names:
                below = file_of(f"{statement.module}.{name.name}")
                yield below if below.is_file() else file_of(str(statement.module))
