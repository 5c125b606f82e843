import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from optuna.trial import FrozenTrial, TrialState

from sensorium.report.search import write_report
from sensorium.training.choices import Range
from sensorium.training.search import Draft, Plan, Space, Watch, ended, finished, open_study, run_trials, spent_seconds

SPACE = Space(
    {"kind": ["linear", "concat", "attention"], "width": 64}, {"learning_rate": Range(low=0.01, high=1.0, log=True)}
)


def plan(trials: int, space: Space = SPACE, seconds: float = 60) -> Plan:
    return Plan(space, trials, seconds, seed=0, at_once=4)


def loss(settings: dict) -> float:
    return (settings["training"]["learning_rate"] - 0.1) ** 2 + (settings["fusion"]["kind"] == "concat")


def run(draft: Draft) -> FrozenTrial:
    """A trial of six epochs, all as bad as the last; the linear one tells nothing on the way."""

    def watched(watch: Watch) -> float:
        for epoch in range(1, 7) if draft.settings["fusion"]["kind"] != "linear" else ():
            watch(epoch, loss(draft.settings))
        return loss(draft.settings)

    return ended(draft, watched)


def run_slowly(draft: Draft) -> FrozenTrial:
    """So slowly that other processes take over; they end in another order than they began."""
    time.sleep(0.6 if len(draft.earlier) % 2 else 0.4)
    return run(draft)


def drawn(journal: Path, trials: int, name: str = "s", run: Callable[[Draft], FrozenTrial] = run) -> list[dict]:
    study = open_study(journal, name)
    list(run_trials(study, plan(trials), run))
    return [trial.user_attrs["settings"] for trial in finished(study)]


def test_it_keeps_to_its_trials_and_finds_the_better_kind(tmp_path: Path) -> None:
    settings = drawn(tmp_path / "journal.log", 15)
    assert len(settings) == 15
    assert all(one["fusion"]["width"] == 64 for one in settings)
    assert open_study(tmp_path / "journal.log", "s").best_trial.params["fusion.kind"] == "attention"


def test_a_kind_that_is_solved_is_tried_once_and_first(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    space = Space({"kind": ["concat", "linear", "attention"], "width": [64, 128]}, {"dropout": Range(low=0.1, high=1)})

    def run(draft: Draft) -> FrozenTrial:
        return ended(draft, lambda _: draft.settings["training"]["dropout"])

    list(run_trials(study, plan(12, space), run))
    settings = [trial.user_attrs["settings"] for trial in finished(study)]
    kinds = [one["fusion"]["kind"] for one in settings]
    assert settings[0] == {"fusion": {"kind": "linear", "width": 64}, "training": {"dropout": 0.1}}
    assert (len(kinds), set(kinds[1:])) == (12, {"concat", "attention"})
    write_report(finished(study), tmp_path / "report")
    assert ">linear<" in (tmp_path / "report/index.html").read_text()


@pytest.mark.parametrize(
    ("kind", "width", "expected"),
    [("linear", [64, 128], 1), (["linear", "concat"], 64, 2), (["linear", "concat"], [64, 128], 9), ("concat", 64, 1)],
)
def test_where_nothing_is_left_to_draw_trials_are_few(kind: str | list[str], width: object, expected: int) -> None:
    assert Space({"kind": kind, "width": width}, {"epochs": 3}).trials(9) == expected


def test_an_interrupted_search_draws_what_an_uninterrupted_one_draws(tmp_path: Path) -> None:
    whole = drawn(tmp_path / "whole.log", 12)
    drawn(tmp_path / "cut.log", 10)
    study = open_study(tmp_path / "cut.log", "s")
    with pytest.raises(KeyboardInterrupt):
        next(run_trials(study, plan(12), exit_like_a_kill))
    assert len(study.get_trials()) == 10  # a trial that did not end left nothing
    assert drawn(tmp_path / "cut.log", 12) == whole


def exit_like_a_kill(draft: Draft) -> FrozenTrial:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_trials_side_by_side_are_those_that_run_one_after_the_other(tmp_path: Path) -> None:
    assert drawn(tmp_path / "beside.log", 14, run=run_slowly) == drawn(tmp_path / "alone.log", 14)


def test_a_hopeless_trial_is_given_up_and_counts_as_one(tmp_path: Path) -> None:
    settings = drawn(tmp_path / "journal.log", 16)
    trials = finished(study := open_study(tmp_path / "journal.log", "s"))
    given_up = [trial for trial in trials if trial.state == TrialState.PRUNED]
    assert len(settings) == len(trials) == 16
    assert given_up and all(trial.last_step == 4 for trial in given_up)  # the first that is judged
    assert loss(study.best_trial.user_attrs["settings"]) == min(map(loss, settings))
    write_report(trials, tmp_path / "report")
    assert "given up after 4 epochs" in (tmp_path / "report/index.html").read_text()


def test_time_side_by_side_counts_once(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    for begin, end in ((0, 10), (2, 6), (8, 14), (20, 21)):
        moments = [datetime(2026, 1, 1) + timedelta(seconds=second) for second in (begin, end)]
        study.add_trial(FrozenTrial(0, TrialState.COMPLETE, 1.0, *moments, {}, {}, {}, {}, {}, 0))
    assert spent_seconds(finished(study)) == 15


def test_trials_of_another_study_do_not_count(tmp_path: Path) -> None:
    drawn(tmp_path / "journal.log", 3, name="one")
    assert len(drawn(tmp_path / "journal.log", 2, name="other")) == 2


def test_a_spent_time_budget_ends_it_but_one_trial_is_always_run(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    assert len(list(run_trials(study, plan(50, seconds=0), run))) == 1


def test_where_nothing_is_open_one_trial_is_enough(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    fixed = Space({"kind": "attention"}, {"learning_rate": 0.1})
    assert len(list(run_trials(study, plan(50, fixed), run))) == 1


@pytest.mark.slow
def test_a_lock_that_a_kill_left_does_not_hold_up_the_next_run_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    journal = Path("models/journal.log")
    journal.parent.mkdir()
    open_study(journal, "s")
    Path("models/journal.log.lock").symlink_to(journal.absolute())  # as a process that is killed while it writes
    began = time.monotonic()
    open_study(journal, "s")
    assert time.monotonic() - began < 30
