"""The hyper-parameter search: trials in an Optuna journal that survives a kill.

Trials run side by side, and yet every search of the same data and seed draws the same: what a trial goes by are those
that came at least `AHEAD` before it, however many processes there are and whichever of them was the first to end.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock
from optuna.trial import FrozenTrial, TrialState

from sensorium.engine.local import map_ahead
from sensorium.models.device import processes
from sensorium.models.fusion import fusion_class
from sensorium.training.choices import first, is_open, suggest
from sensorium.training.loop import Watch

LOCK_SECONDS = 5  # after which a lock on the journal is one that a kill left; it is held for milliseconds
STARTUP_TRIALS = 8  # drawn at random before TPE has something to go by
AHEAD = 4  # trials that are drawn before the first of them has ended
# A third of the trials go on after 4 epochs, a third of those after 12, and so on (Li et al. 2020, arXiv:1810.05934).
PRUNER = optuna.pruners.SuccessiveHalvingPruner(min_resource=4, reduction_factor=3)
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)

Settings = dict[str, dict[str, Any]]


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
        return [kind for kind in self.kinds if fusion_class(kind).learns_by != "descent"]

    @property
    def drawn(self) -> list[str]:
        """The kinds whose trials draw."""
        return [kind for kind in self.kinds if kind not in self.solved]

    def of_solved(self, kind: str) -> Settings:
        """The settings of such a kind's trial."""
        return {"fusion": first(self.fusion) | {"kind": kind}, "training": first(self.training)}

    def draw(self, trial: optuna.Trial) -> Settings:
        """One value for every setting."""
        kind = self.drawn if isinstance(self.fusion["kind"], list) else self.fusion["kind"]
        fusion = {**self.fusion, "kind": kind}
        return {"fusion": suggest(trial, "fusion", fusion), "training": suggest(trial, "training", self.training)}

    def trials(self, budget: int) -> int:
        """How many there are to run, at most those of the budget; one where nothing is left to draw."""
        others = [setting for name, setting in self.fusion.items() if name != "kind"]
        drawing = budget if any(map(is_open, [self.drawn, *others, *self.training.values()])) else 1
        return min(budget, len(self.solved) + (drawing if self.drawn else 0))


@dataclass(frozen=True)
class Draft:
    """A trial to run.

    Attributes:
        trial: what was drawn.
        settings: of the trial, all of them.
        earlier: the trials that it goes by.
    """

    trial: FrozenTrial
    settings: Settings
    earlier: Sequence[FrozenTrial]


def open_study(journal: Path, name: str) -> optuna.Study:
    """The study of this name in the journal file, which holds trials that have ended, in the order they were drawn."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    path = str(
        journal.absolute()
    )  # of a relative one, Optuna 5 never finds a lock that a kill left, and waits for ever
    storage = JournalStorage(JournalFileBackend(path, JournalFileSymlinkLock(path, LOCK_SECONDS)))
    return optuna.create_study(study_name=name, storage=storage, direction="minimize", load_if_exists=True)


def finished(study: optuna.Study) -> list[FrozenTrial]:
    """The trials with a result, those that were given up early among them."""
    return study.get_trials(deepcopy=False, states=ENDED)


def spent_seconds(study: optuna.Study) -> float:
    """Time in which trials ran, in all runs together; of those side by side it counts once."""
    spent, counted = timedelta(), datetime.min
    for trial in finished(study):
        if trial.datetime_start and trial.datetime_complete:
            spent += max(timedelta(), trial.datetime_complete - max(counted, trial.datetime_start))
            counted = max(counted, trial.datetime_complete)
    return spent.total_seconds()


def run_trials(
    study: optuna.Study,
    space: Space,
    run: Callable[[Draft], FrozenTrial],
    trials: int,
    seconds: float,
    seed: int,
    are_long: bool = False,
) -> Iterator[FrozenTrial]:
    """Runs and yields trials until ``trials`` have ended or they took ``seconds`` together.

    Kinds that are solved come first, once each. A killed search goes on with the first trial that had not ended.

    Args:
        study: takes the trials.
        space: what they are drawn from.
        run: ends a draft, by `ended`; it is called in other processes.
        trials: at most.
        seconds: after which no more are begun.
        seed: of what is drawn.
        are_long: whether a trial takes longer than to start a process.
    """

    def drafts() -> Iterator[Draft]:
        for place in range(len(finished(study)), space.trials(trials)):
            if place > 0 and spent_seconds(study) >= seconds:
                return
            yield _draft(space, finished(study)[: max(0, place + 1 - AHEAD)], place, seed)

    for trial in map_ahead(run, drafts(), AHEAD, processes(), are_long):
        study.add_trial(trial)
        yield finished(study)[-1]


def _draft(space: Space, earlier: Sequence[FrozenTrial], place: int, seed: int) -> Draft:
    solved = space.solved
    startup = STARTUP_TRIALS + len(solved)
    sampler = optuna.samplers.TPESampler(seed=seed + max(0, place - len(solved)), n_startup_trials=startup)
    study = _study(earlier, sampler=sampler)
    trial = study.ask()
    settings = space.of_solved(solved[place]) if place < len(solved) else space.draw(trial)
    return Draft(study.trials[-1], settings, earlier)


def ended(draft: Draft, loss: Callable[[Watch], float]) -> FrozenTrial:
    """Runs a trial until it has a loss, or is not among the better ones that came as far.

    Args:
        draft: of the trial.
        loss: gives it, and tells every epoch and the validation loss then to the function it is given.
    """
    begun, study = datetime.now(), _study(draft.earlier, pruner=PRUNER)
    trial = study.ask()

    def watch(epoch: int, validation_loss: float) -> None:
        trial.report(validation_loss, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        study.tell(trial, loss(watch))
    except optuna.TrialPruned:
        study.tell(trial, state=TrialState.PRUNED)
    found = study.trials[-1]
    found.params, found.distributions = draft.trial.params, draft.trial.distributions
    found.set_user_attr("settings", draft.settings)
    found.datetime_start, found.datetime_complete = begun, datetime.now()
    return found


def _study(earlier: Sequence[FrozenTrial], **how: Any) -> optuna.Study:
    """A study in memory that knows the earlier trials."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(direction="minimize", **how)
    study.add_trials(earlier)
    return study
