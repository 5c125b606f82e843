"""Rows of feedback beside those of a source, through the stages that read them."""

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from sensorium import paths
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Audio, Video
from sensorium.sources.feedback import with_feedback
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png


def make(project: Project) -> None:
    project.params |= {
        "inputs": {
            "note": {"kind": "text", "column": "what they say"},
            "start": {"kind": "text", "column": "what they say", "max_tokens": 8},
            "photo": {"kind": "image", "column": " url"},
            "facts": {"kind": "tabular", "numbers": ["age"], "categories": ["colour"]},
        },
        "targets": {"label": {"column": "is it?"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2, "group": ["customer"], "seed": 0},
    }
    rows = [
        {"what they say": f"note {number}", " url": "a.png", "age": number, "colour": "red", "customer": number // 2,
         "account": 2**64 - 1 - number, "paid": number % 2 == 0, "is it?": "no" if number % 4 < 2 else "yes",
         "origin": "usa"}
        for number in range(60)
    ]  # fmt: skip
    project.write(None, {"a.png": png()})
    pd.DataFrame(rows).to_parquet(project.root / "mine/table.parquet")
    project.params["data"]["path"] = "mine/table.parquet"
    project.write()


def prepared() -> pd.DataFrame:
    for stage in (ingest, validate, prepare):
        stage.run()
    return pd.read_parquet(paths.PREPARED / "rows.parquet").set_index("id")


def test_rows_of_feedback_are_added_and_leave_the_split_of_the_others_as_it_was(project: Project) -> None:
    make(project)
    before = prepared()
    media = paths.FEEDBACK / "media/ab"
    media.mkdir(parents=True)
    (media / "note").write_text("note of a shop")
    (media / "other").write_text("another note")
    (media / "photo").write_bytes(png((0, 0, 255)))
    (media / "broken").write_bytes(b"no picture")
    (media / "facts").write_text('{"age": 7, "colour": "blue", "gone": 1}')
    told = pd.DataFrame([
        {"id": "feedback-1", "request_id": "../../x", "input.note": "ab/note", "input.photo": "ab/photo",
         "input.facts": "ab/facts", "target.label": "yes"},
        {"id": "feedback-2", "request_id": "y", "input.note": "ab/other", "input.photo": None, "input.facts": None,
         "target.label": None},
        {"id": "feedback-3", "request_id": "z", "input.note": None, "input. url": "ab/broken", "input.facts": None,
         "target.label": "yes"},
    ])  # fmt: skip
    told.to_parquet(paths.FEEDBACK / "rows.parquet")
    after = prepared()
    assert after.loc[before.index, "split"].equals(before["split"])
    for name, cells in {"account": [2**64 - 1 - n for n in range(60)], "paid": [n % 2 == 0 for n in range(60)]}.items():
        assert pq.read_table(paths.RAW / "manifest.parquet")[name].to_pylist() == [*cells, None, None, None]
    assert sorted(set(after.index) - set(before.index)) == ["feedback-1"]
    assert after["note"].equals(after["start"].rename("note"))  # of one column, each with values of its own
    assert {path.name for path in paths.PREPARED.iterdir()} >= {"note", "start"}
    raw = pd.read_parquet(paths.RAW / "manifest.parquet").set_index("id")
    assert after["row.origin"].value_counts().to_dict() == {"manifest": 60, "feedback": 1}
    assert after.loc["feedback-1", "column.origin"] is None  # the user's own column is no place for ours
    assert raw.loc["feedback-1", ["what they say", " url", "age", "colour", "is it?"]].tolist() == [
        "note of a shop", "feedback/feedback-1.photo", 7, "blue", "yes"
    ]  # fmt: skip
    assert Media.of_folder(paths.RAW).read("feedback/feedback-1.photo", 1000) == png((0, 0, 255))
    quarantine = pd.read_parquet(paths.VALID / "quarantine.parquet").set_index("id")["reason"]
    assert "not a picture" in quarantine["feedback-3"]
    assert "feedback-2" in quarantine.index
    assert json.loads((Path("metrics") / "validate.json").read_text())["rows"] == 63


def test_a_file_of_feedback_stands_in_the_column_that_its_inputs_share(project: Project) -> None:
    folder = project.root / paths.FEEDBACK / "media"
    folder.mkdir(parents=True)
    (folder / "it").write_bytes(b"a clip")
    pd.DataFrame([{"id": "feedback-1", "input.clip": "it"}]).to_parquet(paths.FEEDBACK / "rows.parquet")
    inputs = {"sound": Audio(column="clip"), "clip": Video()}
    media = MediaWriter(project.root / "raw")
    media.folder.mkdir()
    table = with_feedback(pd.DataFrame([{"id": "1", "clip": "a.mp4"}]), inputs, {}, media)
    assert table.to_dict("list") == {"id": ["1", "feedback-1"], "clip": ["a.mp4", "feedback/feedback-1.sound"]}
