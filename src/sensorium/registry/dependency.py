"""What stages read and DVC cannot name: data and encoders of the user's own, as they are now and as they were."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sensorium import paths
from sensorium.errors import NotHere, UserError
from sensorium.files import read_json

LOCK = Path("dvc.lock")
Parts = dict[str, Any]


@dataclass(frozen=True)
class Dependency:
    """Something that stages read and DVC cannot name.

    Attributes:
        file: in data/source, that says what it is.
        key: of params.yaml, that names it.
        stage: that reads it first.
        made_of: what it is now.
    """

    file: Path
    key: str
    stage: str
    made_of: Callable[[], Parts]

    def before(self) -> Parts | None:
        """What it was in the last run."""
        path = paths.SOURCE / self.file
        return read_json(path, made_by="source") if path.is_file() else None

    def now(self) -> Parts:
        """What it is; where it is not here, as in a clone to which it was not pulled, what it was.

        Raises:
            UserError: if it cannot be read, or is not here and something is to be made of it.
        """
        before, there = self.before(), Parts()
        try:
            now = self.made_of()
            there = {name: part for name, part in now.items() if not _is_gone(part, (before or {}).get(name))}
            if there == now:
                return now
            gone = ", ".join(now.keys() - there.keys())
            problem = f"of the files that were read before ({gone}) none is here; `dvc pull` brings what DVC keeps."
        except NotHere as error:
            problem = str(error)
        problem = problem if problem.startswith(self.key) else f"{self.key}: {problem}"
        if before is None or before | there != before or not _has_the_params_of_its_last_run(self.stage):
            raise UserError(problem)
        print(f"warning: {problem} What was made of it before is used.", file=sys.stderr)
        return before


def _is_gone(part: Any, before: Any) -> bool:
    """Whether all files of a part are gone, which no edit does."""
    return isinstance(part, Mapping) and bool(
        part.get("absent") and not part["files"] and before and before.get("files")
    )


def _has_the_params_of_its_last_run(stage: str) -> bool:
    """Whether DVC will not run a stage for its params."""
    lock = yaml.safe_load(LOCK.read_text(encoding="utf-8")) if LOCK.is_file() else {}
    known = lock.get("stages", {}).get(stage, {}).get("params", {}).get(str(paths.PARAMS))
    now = yaml.safe_load(paths.PARAMS.read_text(encoding="utf-8"))
    return known is not None and all(_at(now, key) == value for key, value in known.items())


def _at(tree: Any, key: str) -> Any:
    for part in key.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree
