"""report: the whole run on one page to mail to a colleague, and the model's card."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium import params, paths
from sensorium.dataset.rows import read_table
from sensorium.errors import UserError
from sensorium.evaluation.gates import BRANCHES, TIMINGS, with_its_time
from sensorium.files import existing, read_json, sha256
from sensorium.registry.git import git, head
from sensorium.report.card import write_card
from sensorium.report.page import read_page
from sensorium.report.run import Run, write_run
from sensorium.serving import artefact
from sensorium.sources import Source

TIMES = paths.METRICS / TIMINGS / "compress.json"
SOURCES = {  # what a run was made from, and the stage that makes it
    "data": (paths.RAW / "manifest.parquet", "ingest"),
    "params": (paths.PARAMS, "schema"),
    "hyper-parameters": (paths.BEST, "search"),
}
PAGES = {"data": "validate", "search": "search", "evaluation": "evaluate", "compression": "compress"}  # by stage
OF_RUNS = ("dvc.lock", paths.CHAMPION)  # what a run or a promotion itself changes in the tree
PACKAGES = ("torch", "transformers", "onnxruntime", "scikit-learn", "optuna", "dvc")


def run() -> None:
    """Writes reports/index.html and reports/model-card.md."""
    settings = params.load()
    pages = {name: read_page(paths.REPORTS / name, stage) for name, stage in PAGES.items()}
    verdict = read_json(paths.VERDICT, made_by="gate")
    times = read_json(TIMES, made_by="compress")
    made = Run(
        project=_project(settings.data, Path.cwd()),
        made=datetime.now().astimezone().date(),
        verdict=verdict,
        rules=[with_its_time(rule, times) for rule in verdict["rules"]],
        validated=read_json(paths.METRICS / "validate.json", made_by="validate"),
        evaluated=_evaluated(),
        compressed=read_json(paths.METRICS / "compress.json", made_by="compress"),
        times=times,
        inputs=settings.inputs,
        rows=read_table(),
        curve=pd.read_csv(existing(paths.CURVE, made_by="train")),
        lineage=_lineage(verdict["champion"]["version"]),
    )
    write_run(made, pages, paths.REPORTS)
    write_card(made, settings.data.model_dump(), settings.split.groups, paths.REPORTS / "model-card.md")
    print(f"report: {paths.REPORTS / 'index.html'}, {paths.REPORTS / 'model-card.md'}")


def _evaluated() -> dict[str, Any]:
    """All figures of every target, those with a file of their own as well."""
    branches = {name: read_json(paths.METRICS / f"{name}.json", made_by="evaluate") for name in BRANCHES}
    found = read_json(paths.METRICS / "evaluate.json", made_by="evaluate")
    return {target: tree | {name: of[target] for name, of in branches.items()} for target, tree in found.items()}


def _project(data: Source, folder: Path) -> str:
    """What people call the data, else the project's folder; an experiment of DVC's runs in a folder inside it."""
    if data.published_as:
        return data.published_as
    inside = [above.parent for above in folder.parents if above.name == ".dvc"]
    return (inside[-1] if inside else folder).name


def _lineage(champion: str | None) -> dict[str, str]:
    """What this model was made from, each as something that can be looked up."""
    return {
        "model": artefact.read(existing(paths.COMPRESSED, made_by="compress"))["version"],
        "commit": _commit(),
        **{name: f"{sha256(existing(path, stage))[:16]} ({path})" for name, (path, stage) in SOURCES.items()},
        "champion": champion or "none yet",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }


def _commit() -> str:
    """The commit that is checked out, and whether the tree differs from it."""
    try:
        commit, changed = head(), git("status", "--porcelain", "--", ".", *(f":!{name}" for name in OF_RUNS))
    except UserError:
        return "not in git"
    return f"{commit[:12]}{' with changes that are not committed' if changed else ''}"
