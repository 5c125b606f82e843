"""A check as a user types it, of a log that a real service wrote."""

import json
import re
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sensorium import params
from sensorium.commands import monitor
from sensorium.errors import UserError
from sensorium.modalities import Tabular
from sensorium.runtime.predictor import Predictor
from tests import model
from tests.conftest import PRIVATE, Project, modes
from tests.monitoring.referenced import add_reference
from tests.serving.conftest import serving

Facts = Mapping[str, float]


def facts(count: int, seed: int, shift: float = 0.0) -> list[dict[str, float]]:
    random = np.random.default_rng(seed)
    return [{"a": float(a), "b": float(b)} for a, b in random.normal([shift, 0], 1, (count, 2))]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two columns with a reference of 150 rows."""
    folder = tmp_path_factory.mktemp("watched") / "model"
    kinds = {"facts": Tabular(numbers=["a", "b"])}
    torch.manual_seed(0)  # of any network one in twenty raises a false alarm
    readers = model.read(kinds, {"facts": {"a": 1.0, "b": 2.0}})
    model.write(
        readers, {"facts": {"a": 1.0, "b": 2.0}}, model.small_network(readers, {"label": ["no", "yes"]}), folder
    )
    return add_reference(folder, {"facts": facts(150, seed=0)}, {"facts": facts(300, 1)})


@pytest.fixture
def place(project: Project, watched: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project.params["inputs"] = {"facts": {"kind": "tabular", "numbers": ["a", "b"]}}
    project.write()
    monkeypatch.setenv("SENSORIUM_MODEL", str(watched))
    monkeypatch.setenv("SENSORIUM_LOG", str(project.root / "log"))
    return project.root


def ask(place: Path, watched: Path, samples: Iterable[Facts]) -> None:
    with serving(watched, place / "log") as client:
        for sample in samples:
            assert client.post("/predict", json={"facts": sample}).status_code == 200


def checked() -> dict[str, Any]:
    monitor.run()
    return json.loads(Path("reports/monitoring/check.json").read_text())


def test_nothing_and_too_little(place: Path, watched: Path) -> None:
    version = Predictor.load(watched).version
    empty = checked()
    assert (empty["verdict"], empty["tests"], empty["retrain"]) == ("too few", [], None)
    assert (
        empty["words"] == f"The model {version} predicted nothing in the last 24 hours; nothing can be told of drift."
    )
    assert Path(empty["page"]).is_file()
    ask(place, watched, facts(10, seed=2))
    ten = checked()
    assert ten["words"] == "10 predictions in the last 24 hours; 30 are needed to tell drift from chance."
    ask(place, watched, [{"a": 1.0, "b": 1.0}] * 50)
    same = checked()
    assert (same["verdict"], same["predictions"], same["independent"]) == ("too few", 60, 11)
    assert same["words"] == (
        "60 predictions in the last 24 hours, but only 11 that differ in their inputs; 30 are needed to tell drift "
        "from chance."
    )


@pytest.mark.usefixtures("open_to_all")
def test_a_log_as_it_was_at_training_and_one_that_drifted(
    place: Path, watched: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for left in ("data/monitoring/checks.jsonl", "reports/monitoring/earlier/index.html"):  # by an earlier version
        Path(left).parent.mkdir(parents=True)
        Path(left).touch()
    ask(place, watched, facts(100, seed=3))
    calm = checked()
    assert (calm["verdict"], calm["words"]) == ("no drift", "Nothing drifted: facts is as in the reference.")
    ask(place, watched, facts(100, seed=4, shift=2.0))
    moved = checked()
    assert (moved["verdict"], moved["drifted"]) == ("drift", ["facts"])
    assert moved["words"].startswith("Facts drifted: a is ")
    assert "b is" not in moved["words"]
    page = Path(moved["page"]).read_text()
    assert moved["words"] in page.replace("&#39;", "'")
    assert "Evidently" in page
    assert len(list(Path("data/monitoring/workspace").rglob("snapshots/*.json"))) == 2
    index = Path("reports/monitoring/index.html").read_text()
    assert moved["words"] in index
    assert re.findall(r"</span> ([a-z ]+)</td><td>(.*?)</td>", index)[:2] == [("drift", "facts"), ("no drift", "")]
    assert modes(Path("data/monitoring")) == modes(Path("reports/monitoring")) == PRIVATE
    assert stat.filemode(Path("reports").stat().st_mode) == "drwxrwxrwx"
    assert [record.getMessage() for record in caplog.records if record.name == "sensorium.private"] == [
        "reports/monitoring: 3 files or folders were open to other users; they are closed now",
        "data/monitoring: 2 files or folders were open to other users; they are closed now",
    ]


def test_a_log_with_all_that_can_be_wrong_with_it(place: Path, watched: Path) -> None:
    ask(place, watched, facts(60, seed=3))
    log = place / "log/predictions.jsonl"
    lines = log.read_text().splitlines()
    first = json.loads(lines[0])
    damaged = ['{"time": "20', "\x00\x01", json.dumps(first | {"labels": 5, "request_id": "x"})]
    future = json.dumps(first | {"time": "2099-01-01T00:00:00+00:00", "request_id": "y"})
    other = [json.dumps(first | {"model_version": "older", "request_id": str(number)}) for number in range(40)]
    log.write_text("\n".join([*lines[:30], *damaged, lines[0], future, *other, *lines[30:]]) + "\n")
    feedback = place / "log/feedback.jsonl"
    told = {"time": first["time"], "labels": {"label": "no"}, "key": ""}
    feedback.write_text(
        "".join(json.dumps(told | {"request_id": name}) + "\n" for name in (first["request_id"], "nobody")) + "{\n"
    )
    said = checked()
    assert (said["predictions"], said["verdict"]) == (60, "no drift")
    version = said["model_version"]
    assert [note for note in said["notes"] if not note.startswith("By feedback")] == [
        "Left out: 3 lines of predictions.jsonl that cannot be read.",
        "Left out: 1 record of predictions.jsonl with a time in the future; look at the clocks of the machines that "
        "serve.",
        f"Left out: 40 predictions of model older; the served one is {version}.",
        "Left out: 1 prediction with a request id that was there before.",
        "Left out: 1 line of feedback.jsonl that cannot be read.",
        "1 label of feedback rejected: no prediction with this request id is in the log.",
        "1 label of feedback rejected: its inputs were not kept; set monitor.keep_content in params.yaml.",
    ]
    assert said["why"] == "No retrain is asked for: 0 new labelled predictions can be learnt from, 100 are needed."


def test_rows_of_feedback_that_are_not_checked_out_are_a_note_and_ask_for_no_retrain(
    place: Path, watched: Path
) -> None:
    ask(place, watched, facts(60, seed=3))
    pointer = place / "data/feedback/rows.parquet.dvc"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("outs:\n- md5: 0a1b\n")
    said = checked()
    assert (said["verdict"], said["retrain"]) == ("no drift", None)
    assert said["feedback"] == {"usable": 0, "new": 0, "rejected": 0}
    assert said["notes"][-1] == (
        "What can be learnt from feedback is not known: data/feedback/rows.parquet is not the one that git knows of; "
        "`dvc pull data/feedback/rows.parquet.dvc` (or `dvc checkout`) brings it."
    )
    assert said["why"] == "No retrain is asked for: what can be learnt from is not known."


def test_hours_are_bounded_as_in_the_file(project: Project) -> None:
    project.params["monitor"] = {"hours": monitor.MOST_HOURS}
    project.write()
    assert params.load().monitor.hours == 8784
    project.params["monitor"] = {"hours": monitor.MOST_HOURS + 1}
    project.write()
    with pytest.raises(UserError, match="less than or equal to 8784"):
        params.load()


def test_what_cannot_be_checked(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for hours, said in ((0.0, "0"), (-1.0, "-1"), (float("nan"), "nan"), (float("inf"), "inf"), (1e8, "1e+08")):
        with pytest.raises(UserError) as caught:
            monitor.run(hours)
        assert str(caught.value) == f"--hours {said} cannot be looked at; give a number above 0, 8784 at most."
    readers = model.read({"facts": Tabular(numbers=["a", "b"])}, {"facts": {"a": 1.0, "b": 2.0}})
    bare = model.write(
        readers,
        {"facts": {"a": 1.0, "b": 2.0}},
        model.small_network(readers, {"label": ["no", "yes"]}),
        tmp_path / "bare",
    )
    monkeypatch.setenv("SENSORIUM_MODEL", str(bare))
    with pytest.raises(UserError, match=r"has no reference to compare with .*; make it again by `dvc repro`"):
        monitor.run()
