"""The lineage of a version: commit, data, params, figures, Bento."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sensorium import paths
from sensorium.errors import UserError
from sensorium.registry.dvc import has, read
from sensorium.registry.git import show
from sensorium.registry.versions import Version
from sensorium.runtime import settings

LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Lineage:
    """Where a model comes from.

    Attributes:
        commit: of code, params and dvc.lock.
        data: DVC's md5 of data/raw.
        params: those of the commit.
        model_version: of the artefact.
        settings: digest of serve.json, empty if there is none.
        served: the content of serve.json by keys of params.yaml (``serve.top``).
        bento: its tag.
        evaluated: metrics/evaluate.json.
        verdict: metrics/gate.json.
    """

    commit: str
    data: str
    params: dict[str, Any]
    model_version: str
    settings: str
    served: dict[str, Any]
    bento: str
    evaluated: dict[str, Any]
    verdict: dict[str, Any]


def trace(version: Version) -> Lineage:
    """The lineage of a registered version."""
    return read_lineage(version.commit)


def read_lineage(commit: str) -> Lineage:
    """The lineage of the model that a commit's dvc.lock describes.

    Raises:
        UserError: if the commit has no model, or its figures are neither in DVC's cache nor in a remote.
    """
    lock = yaml.safe_load(show(commit, LOCK))
    outs = {out["path"]: out["md5"] for stage in lock["stages"].values() for out in stage.get("outs", [])}
    bento = json.loads(read(commit, paths.BENTO))
    beside = paths.PACKAGED / settings.FILE
    served = read(commit, beside) if has(commit, beside) else ""
    return Lineage(
        commit=commit,
        data=outs[str(paths.RAW)],
        params=yaml.safe_load(show(commit, paths.PARAMS)),
        model_version=bento["model_version"],
        settings=hashlib.sha256(served.encode()).hexdigest()[:6] if served else "",
        served=_by_key_of_params(json.loads(served or "{}")),
        bento=bento["tag"],
        evaluated=json.loads(read(commit, paths.METRICS / "evaluate.json")),
        verdict=json.loads(read(commit, paths.METRICS / "gate.json")),
    )


def require_one_run(commit: str) -> None:
    """Refuses a dvc.lock in which a stage read another file than an earlier stage wrote.

    Raises:
        UserError: naming the stage; an earlier one failed, for example, and its old output remained.
    """
    stages = yaml.safe_load(show(commit, LOCK))["stages"]
    outs = {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}
    for name, stage in stages.items():
        for dep in stage.get("deps", []):
            if outs.get(dep["path"], dep["md5"]) != dep["md5"]:
                raise UserError(
                    f"dvc.lock is not of one run: {name} was made of another {dep['path']}; run `dvc repro` to its end "
                    "and commit."
                )


def _by_key_of_params(content: dict[str, Any]) -> dict[str, Any]:
    """The settings in serve.json by their keys in params.yaml."""
    sections = {"serve": content.get("settings", {}), "monitor": content.get("monitor", {})}
    return {f"{section}.{key}": value for section, values in sections.items() for key, value in values.items()}
