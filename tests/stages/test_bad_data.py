"""What a new user's own table may hold, from ingest to prepare."""

import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sensorium.errors import UserError
from sensorium.files import read_json
from sensorium.stages import ingest, prepare, validate
from tests.conftest import Project, png, wav

MEDIA = {"note": {"kind": "text"}, "photo": {"kind": "image"}, "sound": {"kind": "audio"}}


def good(count: int = 12) -> list[dict[str, Any]]:
    return [
        {"id": f"good{number}", "note": f"note {number}", "photo": "", "sound": "", "label": "xy"[number % 2]}
        for number in range(count)
    ]


def with_broken_exif() -> bytes:
    """A picture whose pixels are fine and whose EXIF is not."""
    stream, about = io.BytesIO(), PngInfo()
    about.add_text("Raw profile type exif", "garbage\n\n\nzz")
    Image.new("RGB", (20, 20)).save(stream, "PNG", pnginfo=about)
    return stream.getvalue()


def row(**cells: Any) -> dict[str, Any]:
    return {"id": "bad", "note": "fine", "photo": None, "sound": None, "label": "x"} | cells


def reasons(project: Project, rows: list[Mapping[str, Any]], files: Mapping[str, bytes] | None = None) -> list[str]:
    """Why rows beside good ones are set aside or lose something."""
    return quarantined(project, rows, files)["reason"].tolist()


def quarantined(
    project: Project, rows: list[Mapping[str, Any]], files: Mapping[str, bytes] | None = None
) -> pd.DataFrame:
    """What rows beside good ones lose; no row may vanish."""
    project.params["inputs"] = MEDIA
    project.write([*good(), *rows], files)
    ingest.run()
    validate.run()
    valid, rejected = (pd.read_parquet(f"data/valid/{name}.parquet") for name in ("manifest", "quarantine"))
    whole = rejected[rejected["input"].isna() & rejected["target"].isna()]
    assert len(valid) + len(whole) == 12 + len(rows)
    assert not set(valid["id"]) & set(whole["id"]) - {"good0"}
    return rejected


def test_media_that_cannot_be_read(project: Project) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "PNG")
    files = {
        "cut.png": stream.getvalue()[:2000],
        "text.ogg": b"this is a text\n",
        "click.wav": wav(1 / 16_000),
        "exif.png": with_broken_exif(),
        "fine.png": png(),
        "fine.wav": wav(),
    }
    (project.root / "secret.png").write_bytes(png())
    found = quarantined(
        project,
        [
            row(id="1", photo="cut.png"),
            row(id="2", sound="text.ogg"),
            row(id="3", sound="click.wav"),
            row(id="4", photo="../secret.png"),
            row(id="5", photo="/etc/hostname"),
            row(id="6", photo="absent.png"),
            row(id="7", photo="cut.png", sound="text.ogg"),
            row(id="11", photo="cut.png", sound="text.ogg", note=None),
            row(id="8", photo="exif.png"),
            row(id="9", photo="x" * 5000),
            row(id="10", photo="fine.png", sound="fine.wav"),
        ],
        files,
    )
    patterns = [
        ("1", "photo", r"the picture is broken or cut off \(.*\)"),
        ("2", "sound", r"not a sound that can be read \(WAV, FLAC, Ogg, MP3, M4A, WebM and clips can\)"),
        ("3", "sound", r"the sound is too short: 0.0001 s, at least 0.1 s is needed"),
        ("4", "photo", r"'../secret.png' lies outside the data root"),
        ("5", "photo", r"'/etc/hostname' lies outside the data root"),
        ("6", "photo", r"file 'absent.png' does not exist: paths are relative to the folder of the table"),
        ("7", "photo", r"the picture is broken .*"),
        ("7", "sound", r"not a sound .*"),
        ("11", None, r"photo: the picture is broken .*; sound: not a sound [^;]*"),
        ("8", "photo", r"the picture is broken .*"),
        ("9", "photo", r"'x{200}\.\.\.' is no path \(File name too long\)"),
    ]
    told = found[["id", "input", "reason"]].to_numpy().tolist()
    assert [one[:2] for one in told] == [[name, lost] for name, lost, _ in patterns]
    assert all(re.fullmatch(pattern, one[2]) for (*_, pattern), one in zip(patterns, told, strict=True)), told
    counted = read_json(project.root / "metrics/validate.json", made_by="validate")
    assert (counted["valid"], counted["quarantined"], counted["partly_quarantined"]) == (22, 1, 9)
    assert counted["inputs"]["photo"] == {"present": 1, "unreadable": 8}


def test_rows_that_say_nothing_or_too_little(project: Project) -> None:
    found = reasons(
        project,
        [
            row(id="1", note=None),
            row(id="2", label=None),
            row(id="3", label="seen once"),
            row(id="good0"),
            row(id=None),
            row(id="4", note="一只绿色的青蛙"),
        ],
    )
    assert found == [
        "every input is missing",
        "no target has a label",
        "label: fewer than 5 rows are of class 'seen once'",
        "the id is already that of row 1",
        "the id is missing",
    ]


def test_what_was_counted_is_written_and_data_docs_are_built(project: Project) -> None:
    reasons(project, [row(note=None)])
    counted = read_json(project.root / "metrics/validate.json", made_by="validate")
    assert (counted["rows"], counted["quarantined"]) == (13, 1)
    assert counted["inputs"]["note"] == {"present": 12, "unreadable": 0}
    assert counted["classes"] == {"label": {"x": 6, "y": 6}}
    assert "every input is missing" in (project.root / "reports/data/index.html").read_text()


def test_data_docs_say_what_was_set_aside_and_need_no_network(project: Project) -> None:
    reasons(project, [row(id="1", note=None), row(id="2", label="<script>alert(1)</script>")])
    docs = project.root / "reports/validation"
    written = {path.relative_to(docs).parts[0]: path.read_text() for path in docs.rglob("*") if path.is_file()}
    assert written.keys() == {"index.html", "expectations", "validations"}
    for page in written.values():
        assert '<a href="../' in page
        assert not re.search(r"https?:|<script|<link|Failed", page)
    found = written["validations"]
    assert "14 rows, 8 expectations: 12 meet all of them, 2 are set aside, each with its reason." in found
    assert '<td>a row has at least one input</td><td class="number">1</td>' in found
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in found
    assert "<td>expect_column_values_to_be_between</td>" in written["expectations"]
    assert written["expectations"].count("<td>warning</td>") == 8


def test_rows_of_one_class(project: Project) -> None:
    project.write([{"note": f"n{number}", "label": "x"} for number in range(9)])
    ingest.run()
    with pytest.raises(UserError, match="targets.label: all rows are of class 'x', so there is nothing to learn"):
        validate.run()


def test_tags_of_which_none_is_in_enough_rows_leave_nothing_to_learn(project: Project) -> None:
    project.params["targets"] = {"label": {"kind": "multilabel"}}
    project.write([{"note": f"text {number}", "label": f"tag {number}; other {number}"} for number in range(40)])
    ingest.run()
    with pytest.raises(UserError, match="targets.label: no tag that differs is in 5 rows, so there is nothing"):
        validate.run()


def test_no_valid_row(project: Project) -> None:
    project.params["inputs"] = {"photo": {"kind": "image"}}
    project.write([{"photo": f"{number}.png", "label": "xy"[number % 2]} for number in range(8)])
    ingest.run()
    with pytest.raises(
        UserError, match=r"^the file of input photo does not exist in 8 of 8 rows, e.g. '0.png', '1.png', '2.png': p"
    ):
        validate.run()
    assert len(pd.read_parquet("data/valid/quarantine.parquet")) == 8


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"targets": {"colour": {}}}, "targets.colour: the data has no column 'colour'; it has id, note, label."),
        ({"inputs": {"photo": {"kind": "image"}}}, "inputs.photo: the data has no column 'photo'"),
        ({"inputs": {"car": {"kind": "tabular", "numbers": ["age"]}}}, "inputs.car: the data has no column 'age'"),
        (
            {"gate": [{"metric": "slices.label.city.Ulm.accuracy", "min": 0.5}]},
            "gate[0]: 'slices.label.city.Ulm.accuracy': there are no slices by 'city'; "
            "there are by label, inputs, origin, and",
        ),
        ({"split": {"stratify": "city"}}, "split.stratify: the data has no column 'city'"),
        ({"split": {"group": ["note", "city"]}}, "split.group: the data has no column 'city'"),
    ],
)
def test_a_column_that_the_data_lacks(project: Project, changes: dict[str, Any], sentence: str) -> None:
    project.params |= changes
    project.write([{"note": "a", "label": "x"}])
    with pytest.raises(UserError, match=re.escape(f"params.yaml: {sentence}")):
        ingest.run()
    assert not (project.root / "data/raw").exists()


def test_a_nullable_column_of_pandas_is_a_sound_target(project: Project) -> None:
    project.params["data"]["path"] = "mine/table.parquet"
    project.write()
    labels = pd.array([1, 0, None, *([1, 0] * 6)], dtype="Int64")
    notes = [f"n{number}" for number in range(len(labels))]
    pd.DataFrame({"note": notes, "label": labels}).to_parquet("mine/table.parquet")
    ingest.run()
    validate.run()
    assert pd.read_parquet("data/valid/quarantine.parquet")["reason"].tolist() == ["no target has a label"]


def test_groups_that_leave_nothing_for_a_split(project: Project) -> None:
    project.params["split"] = {"group": "house"}
    project.write([{"note": f"n{number}", "label": "xy"[number % 2], "house": "one"} for number in range(12)])
    ingest.run()
    validate.run()
    with pytest.raises(
        UserError, match=r"split: nothing is left for val and test: 12 rows are in 1 groups of \['house'\]"
    ):
        prepare.run()


def test_an_input_that_no_row_has(project: Project) -> None:
    project.params["inputs"] = {"note": {"kind": "text"}, "photo": {"kind": "image"}}
    project.write(good())
    for stage in (ingest, validate):
        stage.run()
    with pytest.raises(UserError, match="inputs.photo: no training row has it; leave it out of params.yaml"):
        prepare.run()


def test_equal_content_is_never_in_two_splits(project: Project) -> None:
    project.params["split"] = {"group": "photo"}
    project.params["inputs"] = {"note": {"kind": "text"}, "photo": {"kind": "image"}}
    files = {f"{number}.png": png((number % 20 * 10, 0, 0)) for number in range(60)}
    project.write([row(id=str(number), photo=f"{number}.png", label="xy"[number % 2]) for number in range(60)], files)
    for stage in (ingest, validate, prepare):
        stage.run()
    rows = pd.read_parquet("data/prepared/rows.parquet")
    assert rows["photo"].nunique() == 20
    assert rows.groupby("photo")["split"].nunique().max() == 1
    assert set(rows["split"]) == {"train", "val", "test"}
