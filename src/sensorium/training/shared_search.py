"""A search that machines share: what each does of it, and whose trials are lost, stands in a study that all reach.

All draw alike, since the trial of a place goes by those of earlier places, whoever ran them. A place is taken by the
first of its trials that has not failed. A machine that gives no sign of life has lost its trials: whoever sees it has
them fail, and their places are free again. So all end with the same trials.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from copy import copy
from itertools import count, takewhile
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from sensorium.engine.local import TRIES, killed, started
from sensorium.models.device import processes
from sensorium.training.search import Draft, Plan, finished
from sensorium.training.storage import explained, open_shared

# Attributes of a trial: which it is, that whoever runs it is there, and what the pruner noted of it, which Optuna lets
# nobody write into a storage but the pruner itself.
PLACE, SIGN, NOTES = "place", "sign of life", "notes"
POLL = 0.5  # seconds between two looks at what others do
BEAT = 5.0  # seconds between signs of life
LOST = 30.0  # seconds without one after which a machine is lost


def search_together(
    study: optuna.Study, plan: Plan, run: Callable[[Draft], FrozenTrial], address: str, name: str
) -> Iterator[FrozenTrial]:
    """Yields the trials of a plan in the order of their places, some of which this machine runs.

    Args:
        study: takes them all, too.
        plan: the same on all machines.
        run: ends a draft; it is called in other processes.
        address: of the storage that all reach.
        name: of the study there.

    Raises:
        UserError: if nobody answers there, or processes of this machine are killed again and again.
    """
    with explained(address):
        machine = Machine(open_shared(address, name), plan, run, processes())
        known = len(finished(study))
        for trial in machine.trials():
            if trial.user_attrs[PLACE] >= known:
                study.add_trial(trial)
                yield finished(study)[-1]


class Machine:
    """What this machine does in a shared search.

    Args:
        study: that all machines reach.
        plan: the same on all.
        run: ends a draft; it is called in other processes.
        workers: how many processes.
    """

    def __init__(self, study: optuna.Study, plan: Plan, run: Callable[[Draft], FrozenTrial], workers: int) -> None:
        self._study, self._plan, self._run, self._workers = study, plan, run, workers
        self._own: dict[Future[FrozenTrial], tuple[optuna.Trial, Draft]] = {}
        self._pool, self._killed = started(workers), 0
        self._beaten = time.monotonic()
        self._seen: dict[int, tuple[Any, float]] = {}  # signs of life, and since when each is the last

    def trials(self) -> Iterator[FrozenTrial]:
        """Works until all trials have ended, and yields them in the order of their places."""
        told = 0
        try:
            while True:
                trials = self._ended()
                yield from trials[told:]
                told = len(trials)
                if not self._goes_on(told, trials):
                    return
                self._live()
                self._fail_lost()
                if len(self._own) == self._workers or not self._take(trials):
                    self._wait()
                self._tell()
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for trial, _ in self._own.values():
                self._fail(trial.number)

    def _ended(self) -> list[FrozenTrial]:
        """Those that have ended, up to the first place whose trial has not."""
        found = {trial.user_attrs[PLACE]: copy(trial) for trial in finished(self._study)}
        for trial in found.values():
            trial.system_attrs = trial.user_attrs[NOTES]
        return [found[place] for place in takewhile(found.__contains__, count())]

    def _goes_on(self, place: int, trials: list[FrozenTrial]) -> bool:
        """Whether there is a trial of this place; all machines say the same, since they ask the same trials."""
        return self._plan.goes_on(place, trials[: self._plan.needs(place)])

    def _take(self, trials: list[FrozenTrial]) -> bool:
        """Takes the first free place, or what another machine was about to take; says whether there was any."""
        every = self._study.get_trials(deepcopy=False)
        taken = {trial.user_attrs[PLACE] for trial in every if trial.state != TrialState.FAIL}
        place = next(place for place in count() if place not in taken)
        if self._plan.needs(place) <= len(trials) and self._goes_on(place, trials):
            self._study.enqueue_trial(self._plan.draft(place, trials).trial.params, {PLACE: place})
        elif not any(trial.state == TrialState.WAITING for trial in every):
            return False
        self._begin(self._study.ask())
        return True

    def _begin(self, trial: optuna.Trial) -> None:
        """Begins a trial, unless another of its place counts."""
        place = trial.user_attrs.get(PLACE)  # none where others have taken all that was waiting
        counting = [
            one.number
            for one in self._study.get_trials(deepcopy=False)
            if one.user_attrs.get(PLACE) == place and one.state != TrialState.FAIL
        ]
        if place is None or min(counting) < trial.number:
            self._fail(trial.number)
            return
        draft = self._plan.draft(place, self._ended())
        if draft.trial.params:
            self._plan.space.draw(trial)
        self._own[self._submitted(draft)] = (trial, draft)

    def _tell(self) -> None:
        """Has the trials end whose results are there."""
        for future in [future for future in self._own if future.done()]:
            try:
                found = future.result()
            except BrokenProcessPool:
                self._begin_again()
                return
            self._killed = 0
            trial, _ = self._own.pop(future)
            with suppress(UpdateFinishedTrialError):  # it was taken for lost: another of its place counts
                for epoch, value in found.intermediate_values.items():
                    trial.report(value, epoch)
                for name, value in {**found.user_attrs, NOTES: found.system_attrs}.items():
                    trial.set_user_attr(name, value)
                loss = found.value if found.state == TrialState.COMPLETE else None
                self._study.tell(trial, loss, found.state, skip_if_finished=True)

    def _wait(self) -> None:
        if self._own:
            wait(self._own, POLL, FIRST_COMPLETED)
        else:
            time.sleep(POLL)

    def _live(self) -> None:
        """Gives a sign of life, now and then."""
        if (now := time.monotonic()) >= self._beaten + BEAT:
            self._beaten = now
            for trial, _ in self._own.values():
                with suppress(UpdateFinishedTrialError):
                    trial.set_user_attr(SIGN, now)

    def _fail_lost(self) -> None:
        """Has trials fail that gave no sign of life for long, by the clock of this machine."""
        now, own = time.monotonic(), {trial.number for trial, _ in self._own.values()}
        for trial in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            sign = trial.user_attrs.get(SIGN)
            last, since = self._seen.get(trial.number, (None, now))
            self._seen[trial.number] = (sign, since if sign == last else now)
            if trial.number not in own and now - self._seen[trial.number][1] > LOST:
                self._fail(trial.number)

    def _fail(self, number: int) -> None:
        with suppress(UpdateFinishedTrialError):
            self._study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def _submitted(self, draft: Draft) -> Future[FrozenTrial]:
        try:
            return self._pool.submit(self._run, draft)
        except BrokenProcessPool:
            self._begin_again()
            return self._submitted(draft)

    def _begin_again(self) -> None:
        """One process that is killed takes all others of this machine along."""
        self._killed += 1
        if self._killed == TRIES:
            raise killed()
        self._pool.shutdown(cancel_futures=True)
        self._pool = started(self._workers)
        self._own = {self._pool.submit(self._run, draft): (trial, draft) for trial, draft in self._own.values()}
