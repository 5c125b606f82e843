"""The hyper-parameter search: trials in an Optuna journal that survives a kill.

Trials run side by side, and yet every search of the same data and seed draws the same: what a trial goes by are those
that came at least `Plan.at_once` places before it, however many processes there are and whichever was the first to end.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
        place: among all trials.
        trial: what was drawn.
        settings: of the trial, all of them.
        earlier: the trials that it goes by.
    """

    place: int
    trial: FrozenTrial
    settings: Settings
    earlier: Sequence[FrozenTrial]


@dataclass(frozen=True)
class Plan:
    """Which trials there are to run, and what each goes by. Kinds that are solved come first, once each.

    Attributes:
        space: what they are drawn from.
        trials: at most.
        seconds: after which no more are begun.
        seed: of what is drawn.
        at_once: how many may run at once.
    """

    space: Space
    trials: int
    seconds: float
    seed: int
    at_once: int

    @property
    def total(self) -> int:
        """How many there are."""
        return self.space.trials(self.trials)

    def needs(self, place: int) -> int:
        """How many trials have to have ended before the one of a place is drawn, and are all that it goes by."""
        return max(0, place + 1 - self.at_once)

    def goes_on(self, place: int, ended: Iterable[FrozenTrial]) -> bool:
        """Whether there is a trial of this place, after the time that those took which have ended."""
        return place < self.total and (place == 0 or spent_seconds(ended) < self.seconds)

    def draft(self, place: int, ended: Sequence[FrozenTrial]) -> Draft:
        """The trial of a place.

        Args:
            place: from 0.
            ended: at least all that it goes by, in the order of their places.
        """
        solved, earlier = self.space.solved, ended[: self.needs(place)]
        seed, startup = self.seed + max(0, place - len(solved)), STARTUP_TRIALS + len(solved)
        study = _study(earlier, sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup))
        trial = study.ask()
        settings = self.space.of_solved(solved[place]) if place < len(solved) else self.space.draw(trial)
        return Draft(place, study.trials[-1], settings, earlier)


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


def spent_seconds(trials: Iterable[FrozenTrial]) -> float:
    """Time in which trials ran, in all runs together; of those side by side it counts once."""
    spent, counted = timedelta(), datetime.min
    for trial in trials:
        if trial.datetime_start and trial.datetime_complete:
            spent += max(timedelta(), trial.datetime_complete - max(counted, trial.datetime_start))
            counted = max(counted, trial.datetime_complete)
    return spent.total_seconds()


def run_trials(
    study: optuna.Study, plan: Plan, run: Callable[[Draft], FrozenTrial], are_long: bool = False
) -> Iterator[FrozenTrial]:
    """Runs and yields what is left of the plan; a killed search goes on with the first trial that had not ended.

    Args:
        study: takes the trials.
        plan: of them.
        run: ends a draft, by `ended`; it is called in other processes.
        are_long: whether a trial takes longer than to start a process.
    """

    def drafts() -> Iterator[Draft]:
        for place in range(len(finished(study)), plan.total):
            trials = finished(study)
            if not plan.goes_on(place, trials):
                return
            yield plan.draft(place, trials)

    for trial in map_ahead(run, drafts(), plan.at_once, processes(), are_long):
        study.add_trial(trial)
        yield finished(study)[-1]


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
