"""`package`, killed or failed at every step: there is the old model or the new, and typed again it comes to its end."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sensorium import paths
from sensorium.runtime import artefact, settings
from tests.crashes import NO_ROOM, Content, Disk, key
from tests.faults import Forks

pytestmark = pytest.mark.slow
PARAMS = {
    "data": {"source": "manifest", "path": "table.csv"},
    "inputs": {"note": {"kind": "text"}},
    "targets": {"label": {"kind": "class"}},
}
BENTO = {
    "service": "toy:Toy",
    "name": "sensorium",
    "description": "file:card.md",
    "include": ["toy.py", "models/packaged/**"],
    "python": {"requirements_txt": "requirements.txt", "lock_packages": False},
}
TOY = """
import bentoml

@bentoml.service
class Toy:
    @bentoml.api
    def say(self, word: str) -> str:
        return word
"""


def make(name: str) -> str:
    """A model that is to be packaged; returns its version."""
    shutil.rmtree(paths.COMPRESSED, ignore_errors=True)
    for folder in (paths.VALID, paths.PREPARED, paths.METRICS, paths.COMPRESSED):
        folder.mkdir(parents=True, exist_ok=True)
    rows = {"id": ["a", "b"], "note": ["one", "two"], "label": ["x", "y"]}
    pd.DataFrame(rows).to_parquet(paths.VALID / "manifest.parquet")
    pd.DataFrame({"id": ["a", "b"], "split": ["train", "test"], "row.origin": "manifest"}).to_parquet(
        paths.PREPARED / "rows.parquet"
    )
    paths.VERDICT.write_text(json.dumps({"passed": True, "rules": []}))
    (paths.COMPRESSED / "network").write_text(name)
    return artefact.seal(paths.COMPRESSED, {"name": name})


def packaged(root: Path) -> tuple[str, str, str, dict[str, str]]:
    """Versions that the model's folder, models/bento.json and the store's latest name, and what is there: all whole."""
    settings.read(root / paths.PACKAGED)
    bentos = {}
    for path in (root.parent / "bentoml/bentos/sensorium").iterdir():
        if path.is_dir() and not path.name.startswith("."):
            assert (path / "bento.yaml").is_file()
            bentos[path.name[:12]] = artefact.read(path / "src" / paths.PACKAGED)["version"]
    named = json.loads((root / paths.BENTO).read_text())["model_version"]
    latest = (root.parent / "bentoml/bentos/sensorium/latest").read_text()[:12]
    return artefact.read(root / paths.PACKAGED)["version"], named, latest, bentos


def test_package_that_is_killed_or_fails_at_any_step_leaves_the_old_or_the_new_and_comes_to_its_end(
    forks: Forks, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = disk.root / "clone"
    root.mkdir()
    monkeypatch.chdir(root)
    Path("toy.py").write_text(TOY)
    Path("card.md").write_text("A model.")
    Path("requirements.txt").touch()
    Path("params.yaml").write_text(yaml.safe_dump(PARAMS))
    Path("bentofile.yaml").write_text(yaml.safe_dump(BENTO))
    old = make("old")
    first = forks.run(root, "package")
    assert first.status == 0, first.said
    new = make("new")
    before: Content = disk.read()
    found = forks.explore(root, "package")
    disk.write(found[-1].disk)
    end = packaged(root)
    assert end == (new, new, new, {old: old, new: new})
    known = {key(before)}
    for left in found:
        at = f"{left.fault} at {left.step}: {left.said}"
        assert left.fault != NO_ROOM or (left.status in (0, 2) and "Traceback" not in left.said), at
        if (known_by := key(left.disk)) in known:
            continue
        known.add(known_by)
        disk.write(left.disk)
        *named, bentos = packaged(root)
        assert {*named} <= {old, new} and bentos.items() <= end[-1].items(), at
        again = forks.run(root, "package")
        assert again.status == 0, f"{at} {again.said}"
        assert packaged(root) == end, at
        assert [str(path) for path in disk.root.rglob(".sensorium.*")] == [], at
    assert len(known) > 10
    bento = next((disk.root / "bentoml/bentos/sensorium").glob(f"{new}*"))
    (bento / "bento.yaml").unlink()  # as an earlier version may have left it
    assert forks.run(root, "package").status == 0
    assert (bento / "bento.yaml").is_file()
