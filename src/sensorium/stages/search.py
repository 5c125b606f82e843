"""search: hyper-parameters of fusion and training, tried on the cached features."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import yaml
from optuna.trial import FrozenTrial

from sensorium import params, paths
from sensorium.dataset.columns import TRAIN, VAL
from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import ROWS_FILE, of_split, read_rows, read_table
from sensorium.files import detach, replacing, sha256
from sensorium.progress import progress
from sensorium.report.search import write_report
from sensorium.targets import Learnt, Target
from sensorium.training.data import Rows
from sensorium.training.fit import configured
from sensorium.training.folds import divisions
from sensorium.training.search import Draft, Plan, Space, ended, finished, open_study, run_trials
from sensorium.training.shared_search import search_together
from sensorium.training.stacking import Divisions

JOURNAL = paths.SEARCH / "journal.log"
MANY_ROWS = 1_000  # with which a trial takes longer than to start a process
JUDGED = "calibrated, cross-validated, stacked with trees, turned, halved"  # losses of earlier versions are no match


@dataclass(frozen=True)
class Data:
    """What trials are fitted to and judged by."""

    train: Rows
    targets: Mapping[str, Learnt]
    divisions: Divisions


@cache
def _data() -> Data:
    """Read once by every process that runs trials."""
    settings = params.load()
    table = read_table()
    targets = learn(table, settings.targets)
    train, validation = (read_rows(of_split(table, name), settings.inputs, targets) for name in (TRAIN, VAL))
    return Data(train, targets, Divisions(divisions(train, validation, targets)))


def _try(draft: Draft) -> FrozenTrial:
    """Runs a trial in one thread: so its result is the same on any number of cores."""
    torch.set_num_threads(1)
    data = _data()
    config, how = configured(draft.settings, data.train, data.targets)
    return ended(draft, lambda watch: data.divisions.fit(config, how, watch).loss)


def run() -> None:
    """Writes the best settings; trials of earlier runs with the same data and space count."""
    settings = params.load()
    _data.cache_clear()
    budget, space = settings.search, Space(dict(settings.fusion), dict(settings.training))
    plan = Plan(space, budget.trials, budget.minutes * 60, budget.seed, budget.at_once)
    paths.SEARCH.mkdir(parents=True, exist_ok=True)
    detach(JOURNAL)
    name = _identity(settings)
    study = open_study(JOURNAL, name if budget.storage is None else f"{name}, shared")
    earlier = len(finished(study))
    if earlier:
        print(f"search: {earlier} finished trials are in the journal")
    if budget.storage is None:
        trials = run_trials(study, plan, _try, are_long=len(_data().train) > MANY_ROWS)
    else:
        trials = search_together(study, plan, _try, budget.storage, name)
    with progress() as bar:
        task = bar.add_task("searching", total=plan.total, completed=earlier)
        for _ in trials:
            if not bar.console.is_terminal:
                print(f"search: {len(finished(study))} trials, best loss {study.best_value:.4f}", flush=True)
            bar.update(task, advance=1, description=f"searching, best loss {study.best_value:.4f}")
    found = finished(study)
    if len(found) < plan.total:
        print(f"search: the budget of {budget.minutes:g} minutes ended it after {len(found)} trials")
    best = {"trials": len(found), "loss": study.best_value, **study.best_trial.user_attrs["settings"]}
    with replacing(paths.BEST) as beside:
        beside.write_text(yaml.safe_dump(best, sort_keys=False))
    write_report(found, paths.REPORTS / "search")
    print(f"search: {best['fusion']['kind']} fusion, validation loss {best['loss']:.4f}, {len(found)} trials")


def options(targets: Mapping[str, Target]) -> dict[str, dict[str, Any]]:
    """By target what decides how it is learnt, beside its rows, where that is not the default."""
    return {name: one.model_dump(exclude={"kind", "column"}, exclude_defaults=True) for name, one in targets.items()}


def _identity(settings: params.Params) -> str:
    """Names the study by all that decides its results, so that trials of other data or spaces are never mixed in."""
    parts = [
        json.dumps(settings.model_dump(include={"fusion", "training"}), sort_keys=True),
        f"{settings.search.seed}, {settings.search.at_once} at once",
        JUDGED,
        ",".join(settings.inputs),
        ",".join(settings.targets),
        *(json.dumps([name, chosen], sort_keys=True) for name, chosen in options(settings.targets).items() if chosen),
        sha256(ROWS_FILE),
        *(sha256(paths.EMBEDDINGS / name / "features.npy") for name in settings.inputs),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
