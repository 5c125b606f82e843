"""The stages of dvc.yaml and what each waits for."""

from dataclasses import dataclass
from pathlib import Path

import networkx
from dvc.exceptions import DvcException
from dvc.repo import Repo


@dataclass(frozen=True)
class Stage:
    """A stage of the graph.

    Attributes:
        name: as DVC addresses it, such as ``embed@text``.
        needs: the stages whose outputs it reads.
        tags: of its Prefect task, from ``meta: {tags: [...]}`` in dvc.yaml; concurrency limits go by them.
    """

    name: str
    needs: tuple[str, ...]
    tags: tuple[str, ...]


def read_stages(root: Path, target: str | None = None) -> list[Stage]:
    """The stages in an order in which each comes after those it needs.

    Args:
        root: of the repository.
        target: if given, only this stage and those before it.

    Raises:
        ValueError: if dvc.yaml cannot be read or has no such stage.
    """
    try:
        with Repo(str(root)) as repository:
            graph = repository.index.graph
            # What `dvc add` tracks is in the graph too, without a command.
            stages = {stage.addressing: stage for stage in graph if stage.cmd}
            needs = {
                name: [need.addressing for need in graph.successors(stage) if need.cmd]
                for name, stage in stages.items()
            }
    except DvcException as error:
        raise ValueError(f"dvc.yaml cannot be read: {error}") from error
    order = networkx.DiGraph((need, name) for name, before in needs.items() for need in before)
    order.add_nodes_from(stages)
    wanted = set(stages)
    if target is not None:
        if target not in stages:
            raise ValueError(f"dvc.yaml has no stage {target!r}; it has {', '.join(sorted(stages))}")
        wanted = networkx.ancestors(order, target) | {target}
    return [
        Stage(name, tuple(sorted(needs[name])), tuple((stages[name].meta or {}).get("tags", ())))
        for name in networkx.lexicographical_topological_sort(order)
        if name in wanted
    ]
