import importlib.metadata
import tomllib

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import REPOSITORY

PINS = REPOSITORY / "src/sensorium/serving/requirements.txt"


def needed(requirement: Requirement, found: set[tuple[str, frozenset[str]]]) -> None:
    """Adds a package and all that it needs, as the installed ones say."""
    key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
    if key in found:
        return
    found.add(key)
    for line in importlib.metadata.requires(requirement.name) or []:
        other = Requirement(line)
        if other.marker is None or any(other.marker.evaluate({"extra": extra}) for extra in requirement.extras or {""}):
            needed(other, found)


def pins(file: str) -> dict[str, str]:
    lines = [line.strip() for line in (REPOSITORY / file).read_text().splitlines() if line and line[0] != "#"]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_a_bento_pins_all_that_it_needs_as_it_was_tested() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    found: set[tuple[str, frozenset[str]]] = set()
    for line in project["optional-dependencies"]["serve"]:
        needed(Requirement(line), found)
    tested = pins("constraints.txt")
    assert pins(str(PINS.relative_to(REPOSITORY))) == {name: tested[name] for name, _ in found}
    assert "torch" not in {name for name, _ in found}


def test_the_bento_is_built_from_these_pins() -> None:
    bentofile = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())
    assert REPOSITORY / bentofile["python"]["requirements_txt"] == PINS


def test_whatever_goes_into_a_bento_makes_another_one_when_it_changes() -> None:
    stage = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]["package"]
    patterns = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())["include"]
    sources = [file for pattern in patterns if pattern.startswith("src") for file in REPOSITORY.glob(pattern)]
    known = {REPOSITORY / dep for dep in stage["deps"]}
    assert len(sources) > 40
    others = [file for file in sources if file.stat().st_size and not known & {file, *file.parents}]
    assert [file for file in others if "__pycache__" not in file.parts] == []
