"""Reads the runs of this clone: the workspace, the last commit, DVC's experiments and the registered versions."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sensorium import paths
from sensorium.errors import UserError
from sensorium.evaluation.gates import TIMINGS
from sensorium.registry.versions import Version
from sensorium.targets import kind_of

CODE = "src/"
FILES = {  # of the figures that are compared
    "evaluate": paths.METRICS / "evaluate.json",
    "compress": paths.METRICS / "compress.json",
    "times": paths.METRICS / TIMINGS / "compress.json",
    "gate": paths.VERDICT,
}


@dataclass(frozen=True)
class Experiment:
    """A run.

    Attributes:
        names: of the run; several if it is, for example, an experiment and a registered version.
        commit: empty for the workspace.
        state: why it has no figures (failed, queued, running, unreadable), else empty.
        params: params.yaml, with keys such as ``fusion.kind``.
        files: DVC's digest of all that its stages read and wrote, by path.
        figures: by the keys of `FILES`, those that are available.
    """

    names: tuple[str, ...]
    commit: str = ""
    state: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    files: dict[str, str | None] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """The mean of how good targets are, such as accuracy; below all others where it is not known or not judged."""
        evaluated = self.figures.get("evaluate", {}).values()
        accuracies = [kind_of(found).rank(found) for found in evaluated if "unjudged" not in found]
        return sum(accuracies) / len(accuracies) if accuracies else -1.0

    def is_same_run_as(self, other: "Experiment") -> bool:
        """Whether both have the same params and files."""
        return not self.state and not other.state and (self.params, self.files) == (other.params, other.files)

    def changes(self, baseline: "Experiment") -> Iterator[tuple[str, Any]]:
        """Keys of params.yaml whose value is not the baseline's, with the value; ``None`` where it has none."""
        for key in [*self.params, *(key for key in baseline.params if key not in self.params)]:
            if self.params.get(key) != baseline.params.get(key):
                yield key, self.params.get(key)

    def differs_in(self, baseline: "Experiment", start: str) -> bool:
        """Whether a file below a folder differs between the two runs."""
        return any(
            digest != baseline.files[path]
            for path, digest in self.files.items()
            if path.startswith(start) and path in baseline.files
        )


def read_experiments(registered: Iterable[Version]) -> list[Experiment]:
    """All runs, the last commit first, each once.

    Args:
        registered: versions to include.

    Raises:
        UserError: if this is no repository of git and DVC with a commit.
    """
    names = {version.commit: f"{version.name} {version.stage}".rstrip() for version in registered}
    found: list[Experiment] = []
    with _repository() as repository:
        head = repository.scm.get_rev()
        baselines = dict.fromkeys([head, *names, *repository.experiments.ls(all_commits=True)])
        workspace, *commits = repository.experiments.show(revs=list(baselines))
        for state in sorted(commits, key=lambda state: state.rev != head):
            if state.rev in (head, *names):
                titles = [*(["last commit"] if state.rev == head else []), *filter(None, [names.get(state.rev)])]
                found.append(_read(repository, state, titles))
            for trial in state.experiments or []:
                executor = trial.executor.state if trial.executor else ""
                found.append(_read(repository, trial.revs[0], [trial.name or trial.revs[0].name or ""], executor))
        found.append(_read(repository, workspace, ["workspace"]))
    return _without_duplicates(found)


def _without_duplicates(found: list[Experiment]) -> list[Experiment]:
    """The runs, each once, with the names of all its duplicates."""
    kept: list[Experiment] = []
    for one in found:
        same = next((place for place, other in enumerate(kept) if one.is_same_run_as(other)), None)
        if same is None:
            kept.append(one)
        else:
            kept[same] = Experiment(
                (*kept[same].names, *one.names), kept[same].commit, "", one.params, one.files, kept[same].figures
            )
    return kept


def _read(repository: Any, state: Any, names: list[str], executor: str = "") -> Experiment:
    """A run as DVC describes it, with its figures from DVC's cache or from the workspace."""
    commit = "" if state.rev == "workspace" else state.rev
    if executor in ("failed", "queued", "running"):
        return Experiment(tuple(names), commit, executor, _params(state.data))
    if state.error or not state.data:
        return Experiment(tuple(names), commit, "unreadable")
    made = {**state.data.deps, **state.data.outs}  # outputs last: a stage that did not run may have read older ones
    files = {path: one.hash for path, one in made.items()}
    figures = {}
    for name, path in FILES.items():
        place = Path(path) if not commit else _cached(repository, files.get(str(path)))
        if place and place.is_file():
            figures[name] = json.loads(place.read_text(encoding="utf-8"))
    return Experiment(tuple(names), commit, "", _params(state.data), files, figures)


def _cached(repository: Any, digest: str | None) -> Path | None:
    return Path(repository.cache.local.oid_to_path(digest)) if digest else None


def _params(data: Any) -> dict[str, Any]:
    from dvc.utils.flatten import flatten

    return flatten((data.params.get(str(paths.PARAMS)) or {}).get("data") or {}) if data else {}


@contextmanager
def _repository() -> Iterator[Any]:
    from dvc.exceptions import DvcException
    from dvc.repo import Repo
    from scmrepo.exceptions import SCMError

    try:
        with Repo() as repository:
            yield repository
    except (DvcException, SCMError) as error:
        raise UserError(f"the experiments cannot be read: {' '.join(str(error).split())}") from error
