"""dvc.yaml names for every stage the modules that decide what it writes: those that it imports, and theirs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from sensorium.modalities import KINDS
from sensorium.params import Params
from tests.conftest import REPOSITORY
from tests.modules import closure, has_code

# What a stage writes does not depend on these.
APART = {
    "sensorium",
    "sensorium.engine",  # where work is done
    "sensorium.engine.local",  # here
    "sensorium.errors",  # sentences
    "sensorium.extras",  # which extra of the package brings a library
    "sensorium.fetch",  # brings files whose checksums are known
    "sensorium.files",  # how something is written, not what
    "sensorium.fingerprints",  # what changed; only `source` writes it, and runs every time
    "sensorium.parent_death",  # ends processes
    "sensorium.memory",  # keeps freed memory
    "sensorium.params",  # stages name the keys that they read
    "sensorium.paths",  # places, which the stages' outputs name
    "sensorium.section",  # what sections of params.yaml have in common
    "sensorium.progress",  # what is shown meanwhile
    "sensorium.shards",  # how much of it at a time
}
KIND_OF_INPUT = "${item.kind}"


def stages() -> dict[str, Any]:
    """Stages that depend on code, by the name of their module."""
    found = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    return {name: stage for name, one in found.items() if "deps" in (stage := one.get("do", one))}


def read_by(name: str, stage: Any) -> Iterator[tuple[set[Path], set[Path]]]:
    """The code of a stage, and what dvc.yaml says of it; of a stage for each input, by kind of input."""
    module = f"sensorium.stages.{name}"
    if any(KIND_OF_INPUT in dep for dep in stage["deps"]):
        for kind in KINDS:
            deps = [dep.replace(KIND_OF_INPUT, kind) for dep in stage["deps"]]
            yield closure([module, f"sensorium.modalities.{kind}"], {*APART, "sensorium.modalities"}), code(deps)
    else:
        sections = [module for key in stage["params"] if isinstance(key, str) for module in modules_of(key)]
        yield closure([module, *sections], APART) | (packaged() if name == "package" else set()), code(stage["deps"])


def modules_of(key: str) -> set[str]:
    """Where the classes of a section of params.yaml are.

    Not those of inputs, which are imported by whoever does more with inputs than name them.
    """
    waiting: list[Any] = [] if key == "inputs" else [Params.model_fields[key].annotation]
    found = set()
    while waiting:
        one = waiting.pop()
        waiting += get_args(one)
        found.add(getattr(one, "__module__", ""))
    return {name for name in found if name.startswith("sensorium.")}


def packaged() -> set[Path]:
    """What a Bento holds of the code."""
    bentofile = yaml.safe_load((REPOSITORY / "bentofile.yaml").read_text())
    patterns = [*bentofile["include"], bentofile["python"]["requirements_txt"]]
    files = {file for pattern in patterns if pattern.startswith("src/") for file in found_by(pattern)}
    files = {file for file in files if file.is_file() and "__pycache__" not in file.parts}
    assert len(files) > 40
    return {file for file in files if file.suffix != ".py" or has_code(file)}


def found_by(pattern: str) -> Iterator[Path]:
    return REPOSITORY.glob(pattern.replace("/**", "/**/*"))  # as BentoML understands it


def code(deps: Sequence[str]) -> set[Path]:
    return {REPOSITORY / dep for dep in deps if dep.startswith("src/")}


@pytest.mark.parametrize("name", stages())
def test_a_stage_depends_on_what_it_imports_and_on_no_other_code(name: str) -> None:
    needed, deps_of_all = set[Path](), set[Path]()
    for files, deps in read_by(name, stages()[name]):
        assert sorted(str(file) for file in files if not deps & {file, *file.parents}) == [], "dvc.yaml lacks these"
        needed |= files
        deps_of_all |= deps
    vain = {dep for dep in deps_of_all if not any(dep in (file, *file.parents) for file in needed)}
    assert sorted(map(str, vain)) == [], "dvc.yaml names these in vain"
