"""The page about the hyper-parameter search."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from optuna.trial import FrozenTrial, TrialState

from sensorium.plots import BLUE, ORANGE, WIDE, canvas
from sensorium.report.page import RUN, Page


def write_report(trials: Sequence[FrozenTrial], folder: Path) -> None:
    """Writes ``folder/index.html``: the losses over the trials, and all trials, the best first."""
    best = min(trials, key=_rank)
    page = Page(
        "Hyper-parameter search",
        f"The best of {len(trials)} trials is number {best.number + 1}: validation loss {best.value:.4f}.",
        trail=[RUN],
    )
    page.picture("Loss by trial", _history(trials))
    names = list(dict.fromkeys(name for trial in trials for name in trial.params))
    ranked = sorted(trials, key=_rank)
    rows = [
        [f"{trial.number + 1}", _result(trial), *(_shown(_setting(trial, name)) for name in names)] for trial in ranked
    ]
    header = ["trial", "loss", *(name.split(".", 1)[1].replace("_", " ") for name in names)]
    page.table("All trials", header, rows, whole="models/search/journal.log")
    page.write(folder)


def _history(trials: Sequence[FrozenTrial]) -> Figure:
    losses = [_rank(trial)[1] if trial.state == TrialState.COMPLETE else math.nan for trial in trials]
    figure, axes = canvas(WIDE, 3)
    axes.scatter(range(1, len(losses) + 1), losses, color=BLUE, s=22, label="a trial")
    best = np.fmin.accumulate(losses)
    axes.step(range(1, len(losses) + 1), best, where="post", color=ORANGE, label="the best so far")
    axes.set_xlabel("trial")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("validation loss")
    axes.legend(frameon=False, fontsize=9)
    return figure


def _rank(trial: FrozenTrial) -> tuple[bool, float]:
    """Trials that were given up come last."""
    return trial.state != TrialState.COMPLETE, trial.value or 0.0


def _result(trial: FrozenTrial) -> str:
    return f"{trial.value:.4f}" if trial.state == TrialState.COMPLETE else f"given up after {trial.last_step} epochs"


def _setting(trial: FrozenTrial, name: str) -> object:
    """What the trial drew; of a kind that there is nothing to draw for, only which it is."""
    section, key = name.split(".", 1)
    kind = trial.user_attrs["settings"][section][key] if name == "fusion.kind" else ""
    return trial.params.get(name, kind)


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
