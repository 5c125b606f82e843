import time
from pathlib import Path

import pytest
from optuna.trial import TrialState

from sensorium.report.search import write_report
from sensorium.training.choices import Range
from sensorium.training.search import Space, finished, open_study, run_trials

SPACE = Space(
    {"kind": ["linear", "concat", "attention"], "width": 64}, {"learning_rate": Range(low=0.01, high=1.0, log=True)}
)


def loss(settings: dict) -> float:
    return (settings["training"]["learning_rate"] - 0.1) ** 2 + (settings["fusion"]["kind"] == "concat")


def drawn(journal: Path, trials: int, name: str = "s") -> list[dict]:
    study = open_study(journal, name)
    list(run_trials(study, SPACE, loss, trials, seconds=60, seed=0))
    return [trial.user_attrs["settings"] for trial in finished(study)]


def test_it_keeps_to_its_trials_and_finds_the_better_kind(tmp_path: Path) -> None:
    settings = drawn(tmp_path / "journal.log", 15)
    assert len(settings) == 15
    assert all(one["fusion"]["width"] == 64 for one in settings)
    assert open_study(tmp_path / "journal.log", "s").best_trial.params["fusion.kind"] == "attention"


def test_a_kind_that_is_solved_is_tried_once_and_first(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    space = Space({"kind": ["concat", "linear", "attention"], "width": [64, 128]}, {"dropout": Range(low=0.1, high=1)})
    list(run_trials(study, space, lambda settings: settings["training"]["dropout"], 12, seconds=60, seed=0))
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
    trials = run_trials(study, SPACE, lambda _: exit_like_a_kill(), 12, seconds=60, seed=0)
    try:
        next(trials)
    except KeyboardInterrupt:
        pass
    assert [trial.state for trial in study.get_trials()][-1] == TrialState.RUNNING
    assert drawn(tmp_path / "cut.log", 12) == whole


def exit_like_a_kill() -> float:
    raise KeyboardInterrupt


def test_trials_of_another_study_do_not_count(tmp_path: Path) -> None:
    drawn(tmp_path / "journal.log", 3, name="one")
    assert len(drawn(tmp_path / "journal.log", 2, name="other")) == 2


def test_a_spent_time_budget_ends_it_but_one_trial_is_always_run(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    assert len(list(run_trials(study, SPACE, loss, 50, seconds=0, seed=0))) == 1


def test_where_nothing_is_open_one_trial_is_enough(tmp_path: Path) -> None:
    study = open_study(tmp_path / "journal.log", "s")
    fixed = Space({"kind": "attention"}, {"learning_rate": 0.1})
    assert len(list(run_trials(study, fixed, loss, 50, seconds=60, seed=0))) == 1


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
