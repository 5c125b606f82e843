"""What can be compared in this clone: the workspace, the last commit, DVC's experiments and the registered versions."""

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
    """One of the things to compare.

    Attributes:
        names: what people call it; of several that are the same run, all.
        commit: empty for the workspace.
        state: why it has no figures (failed, queued, running, unreadable), else empty.
        params: params.yaml, with keys such as ``fusion.kind``.
        files: DVC's digest of all that its stages read and wrote, by path.
        figures: by the keys of `FILES`, those that are to be had.
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

    def is_the_run_of(self, other: "Experiment") -> bool:
        """Whether both were made of the same, and became the same."""
        return not self.state and not other.state and (self.params, self.files) == (other.params, other.files)

    def changes(self, baseline: "Experiment") -> Iterator[tuple[str, Any]]:
        """Keys of params.yaml whose value is not the baseline's, with the value; ``None`` where it has none."""
        for key in [*self.params, *(key for key in baseline.params if key not in self.params)]:
            if self.params.get(key) != baseline.params.get(key):
                yield key, self.params.get(key)

    def differs_in(self, baseline: "Experiment", start: str) -> bool:
        """Whether any file below a folder, as the stages of both read or wrote it, is not the same."""
        return any(
            digest != baseline.files[path]
            for path, digest in self.files.items()
            if path.startswith(start) and path in baseline.files
        )


def read_experiments(registered: Iterable[Version]) -> list[Experiment]:
    """All that can be compared, the last commit first; what is the same run is there once.

    Args:
        registered: the versions to take along.

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
                called = [*(["last commit"] if state.rev == head else []), *filter(None, [names.get(state.rev)])]
                found.append(_read(repository, state, called))
            for tried in state.experiments or []:
                executor = tried.executor.state if tried.executor else ""
                found.append(_read(repository, tried.revs[0], [tried.name or tried.revs[0].name or ""], executor))
        found.append(_read(repository, workspace, ["workspace"]))
    return _once(found)


def _once(found: list[Experiment]) -> list[Experiment]:
    """The same, with one for all that are the same run."""
    kept: list[Experiment] = []
    for one in found:
        same = next((place for place, other in enumerate(kept) if one.is_the_run_of(other)), None)
        if same is None:
            kept.append(one)
        else:
            kept[same] = Experiment(
                (*kept[same].names, *one.names), kept[same].commit, "", one.params, one.files, kept[same].figures
            )
    return kept


def _read(repository: Any, state: Any, names: list[str], executor: str = "") -> Experiment:
    """An experiment as DVC tells of it, with its figures from DVC's cache, or from the workspace."""
    commit = "" if state.rev == "workspace" else state.rev
    if executor in ("failed", "queued", "running"):
        return Experiment(tuple(names), commit, executor, _params(state.data))
    if state.error or not state.data:
        return Experiment(tuple(names), commit, "unreadable")
    made = {**state.data.deps, **state.data.outs}  # a stage that was left out read older files than there are
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
