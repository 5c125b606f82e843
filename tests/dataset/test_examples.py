"""What the page of the service offers to try."""

from base64 import b64decode
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.data_root import DataRoot
from sensorium.dataset.examples import choose_examples, known_choices, read_rows
from sensorium.modalities import Audio, Image, Tabular, Text, Video
from tests.clips import encoded
from tests.conftest import png, wav

INPUTS = {"note": Text(), "photo": Image(), "sound": Audio(), "car": Tabular(numbers=["age"], categories=["colour"])}


def row(name: str, label: str, **cells: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("note", "photo", "sound", "age", "colour", "origin"))
    return {"id": name, **empty, "label": label, **cells}


def test_the_fullest_rows_of_different_labels_become_requests(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png((1, 2, 3)))
    (tmp_path / "a.wav").write_bytes(wav())
    rows = [
        row("1", "cat", note="only a note"),
        row("2", "cat", note="a cat", photo="a.png", sound="a.wav", age=3.0, colour="red"),
        row("3", "cat", note="a second cat", photo="a.png", sound="a.wav", age=4.0),
        row("4", "dog", note="a dog", photo="a.png", sound="a.wav", colour="red"),
    ]
    first, second, third = choose_examples(rows, INPUTS, ["label"], DataRoot(tmp_path), 3)
    assert (first["note"], first["car"]) == ("a cat", {"age": 3.0, "colour": "red"})
    assert list(first) == ["note", "photo", "sound", "car"]
    assert (second["note"], second["car"]) == ("a dog", {"colour": "red"})
    assert third["note"] == "a second cat"
    assert INPUTS["photo"].accept(b64decode(first["photo"])).getpixel((0, 0)) == (1, 2, 3)
    assert len(INPUTS["sound"].accept(b64decode(first["sound"]))) == 8000
    assert choose_examples(rows, INPUTS, ["label"], DataRoot(tmp_path), 0) == []


def test_a_shared_column_is_read_by_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(encoded(sound="aac"))
    inputs = {"sound": Audio(column="clip"), "clip": Video(frames=2)}
    (example,) = choose_examples([row("1", "cat", clip="a.mkv")], inputs, ["label"], DataRoot(tmp_path), 1)
    assert list(example) == ["clip"]
    assert len(inputs["clip"].accept(b64decode(example["clip"])).frames) == 2


def test_a_shared_columns_example_has_what_each_of_its_inputs_reads(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(encoded(sound="aac"))
    (tmp_path / "a.wav").write_bytes(wav())
    inputs = {
        "frames": Video(column="clip", frames=2),
        "motion": Video(column="clip", frames=12, encoder="motion"),
        "sound": Audio(column="clip"),
        "look": Image(column="clip"),
    }
    rows = [row("1", "cat", clip="a.mp4"), row("2", "dog", clip="a.wav")]
    filmed, heard = choose_examples(rows, inputs, ["label"], DataRoot(tmp_path), 2)
    sound = inputs["sound"].accept(encoded(sound="aac"))
    assert (inputs["sound"].accept(b64decode(filmed["clip"])) == sound).all()
    assert len(inputs["motion"].accept(b64decode(filmed["clip"])).frames) == 12
    assert len(inputs["sound"].accept(b64decode(heard["clip"]))) == 8000


def test_rows_that_are_large_or_whose_file_is_gone_are_passed_over(tmp_path: Path) -> None:
    rows = [row("1", "a", note="x" * 2**20), row("2", "b", photo="gone.png"), row("3", "c", note="small")]
    assert choose_examples(rows, INPUTS, ["label"], DataRoot(tmp_path), 2) == [{"note": "small"}]


def test_feedback_is_never_shown(tmp_path: Path) -> None:
    rows = [row("1", "a", note="mine"), row("2", "a", note="theirs"), row("3", "a", note="trained", origin="feedback")]
    pd.DataFrame(rows).to_parquet(tmp_path / "manifest.parquet")
    splits = pd.DataFrame({"id": ["1", "2", "3"], "split": ["test", "test", "train"]})
    splits["row.origin"] = ["manifest", "feedback", "manifest"]
    splits.to_parquet(tmp_path / "rows.parquet")
    found = read_rows(tmp_path / "manifest.parquet", tmp_path / "rows.parquet")
    assert {split: [one["id"] for one in some] for split, some in found.items()} == {"test": ["1"], "train": ["3"]}


def test_categories_that_five_rows_have_are_choices(tmp_path: Path) -> None:
    rows = [
        row(str(number), "a", photo="gone.png", colour=colour)
        for number, colour in enumerate(["red"] * 5 + ["blue"] * 4)
    ]
    assert known_choices(rows, INPUTS, DataRoot(tmp_path)) == {"car": {"colour": ["red"]}}
