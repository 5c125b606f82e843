"""The hyper-parameter search: trials in an Optuna journal that survives a kill."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

from sensorium.models.fusion import fusion_class
from sensorium.training.choices import first, is_open, suggest

LOCK_SECONDS = 5  # after which a lock on the journal is one that a kill left; it is held for milliseconds
STARTUP_TRIALS = 8  # drawn at random before TPE has something to go by


@dataclass(frozen=True)
class Space:
    """What a trial draws from: the settings of two sections of params.yaml."""

    fusion: Mapping[str, Any]
    training: Mapping[str, Any]

    @property
    def kinds(self) -> list[str]:
        """The kinds of fusion."""
        kind = self.fusion["kind"]
        return kind if isinstance(kind, list) else [kind]

    @property
    def solved(self) -> list[str]:
        """The kinds for which there is nothing else to set: one trial is all."""
        return [kind for kind in self.kinds if fusion_class(kind).learns_by == "solution"]

    @property
    def drawn(self) -> list[str]:
        """The kinds whose trials draw."""
        return [kind for kind in self.kinds if kind not in self.solved]

    def of_solved(self, kind: str) -> dict[str, dict[str, Any]]:
        """The settings of such a kind's trial."""
        return {"fusion": first(self.fusion) | {"kind": kind}, "training": first(self.training)}

    def draw(self, trial: optuna.Trial) -> dict[str, dict[str, Any]]:
        """One value for every setting."""
        kind = self.drawn if isinstance(self.fusion["kind"], list) else self.fusion["kind"]
        fusion = {**self.fusion, "kind": kind}
        return {"fusion": suggest(trial, "fusion", fusion), "training": suggest(trial, "training", self.training)}

    def trials(self, budget: int) -> int:
        """How many there are to run, at most those of the budget; one where nothing is left to draw."""
        others = [setting for name, setting in self.fusion.items() if name != "kind"]
        drawing = budget if any(map(is_open, [self.drawn, *others, *self.training.values()])) else 1
        return min(budget, len(self.solved) + (drawing if self.drawn else 0))


def open_study(journal: Path, name: str) -> optuna.Study:
    """The study of this name in the journal file; trials that a kill left running are put back in the queue."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = str(
        journal.absolute()
    )  # of a relative one, Optuna 5 never finds a lock that a kill left, and waits for ever
    storage = JournalStorage(JournalFileBackend(path, JournalFileSymlinkLock(path, LOCK_SECONDS)))
    study = optuna.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)
    for interrupted in study.get_trials(states=(TrialState.RUNNING,)):
        study.tell(interrupted.number, state=TrialState.FAIL)
        study.enqueue_trial(interrupted.params)
    return study


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials with a result."""
    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def spent_seconds(study: optuna.Study) -> float:
    """Time that finished trials took, in all runs together."""
    durations = (trial.duration for trial in finished(study))
    return sum(duration.total_seconds() for duration in durations if duration)


def run_trials(
    study: optuna.Study,
    space: Space,
    loss: Callable[[dict[str, dict[str, Any]]], float],
    trials: int,
    seconds: float,
    seed: int,
) -> Iterator[FrozenTrial]:
    """Runs and yields trials until there are ``trials`` finished ones or they took ``seconds`` together.

    Kinds that are solved come first, once each. The sampler is seeded anew for every other trial by how many are
    finished, so that an interrupted search draws what an uninterrupted one would have drawn.
    """
    solved = space.solved
    while (done := len(finished(study))) < space.trials(trials) and (done == 0 or spent_seconds(study) < seconds):
        drawn = max(0, done - len(solved))
        study.sampler = optuna.samplers.TPESampler(seed=seed + drawn, n_startup_trials=STARTUP_TRIALS + len(solved))
        trial = study.ask()
        settings = space.of_solved(solved[done]) if done < len(solved) else space.draw(trial)
        trial.set_user_attr("settings", settings)
        yield study.tell(trial, loss(settings))
