import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sensorium.commands import key, predict, predict_table
from sensorium.dataset.batch_prediction import Job, predict_piece
from sensorium.errors import UserError
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.settings import Serve
from sensorium.serving import keys
from tests.conftest import png, wav
from tests.serving.conftest import listening, model_folder, served_as, serving

__all__ = ["model_folder"]  # the fixture


@pytest.fixture(scope="module")
def address(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(model_folder, tmp_path_factory.mktemp("log")) as client, listening(client) as url:
        yield url


def test_the_answer_is_printed_for_a_person(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "frog.png").write_bytes(png())
    predict.run(["--note", "a frog", f"--photo={tmp_path / 'frog.png'}", "--car", '{"age": 3}'], address)
    told = capsys.readouterr().out
    assert re.search(r"^label: (no|yes)$", told, re.MULTILINE)
    assert re.search(r"class +probability +base +note +photo +car", told)
    assert re.search(r"^ *yes +0\.\d{3} +█* +0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3} +[+-]0\.\d{3}", told, re.MULTILINE)
    assert "given    note, photo, car; missing sound" in told
    predict.run(["--note", "--a=[b]b[/b]"], address)
    assert "given    note; missing photo, sound, car" in capsys.readouterr().out
    assert re.search(r"^request  [0-9a-f]{32}$", told, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "nothing is given; give one or more of --note, --photo, --sound, --car, each with a value"),
        (["--smell", "x"], "'--smell' is no input of this model; give one or more of --note"),
        (["frog"], "frog has no value"),
        (["a", "frog"], "'a' is no input of this model"),
        (["--note"], "--note has no value"),
        (["--note", "a", "--note", "b"], "--note is given twice"),
        (["--photo", "/nothing.png"], "/nothing.png cannot be read: No such file or directory"),
        (["--note", " "], "note: the text is empty"),
    ],
)
def test_mistakes_get_a_sentence(address: str, arguments: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)):
        predict.run(arguments, address)


def test_a_row_of_a_table_gets_what_the_service_answers(
    model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = served_as(model_folder, tmp_path / "model", abstain={"label": 0.64, "size": 0.2})
    mine = tmp_path / "mine"
    mine.mkdir()
    files = {"red.png": png(), "blue.png": png((10, 20, 200)), "low.wav": wav(1.5, 200.0), "none.png": b"no picture"}
    for name, content in files.items():
        (mine / name).write_bytes(content)
    (tmp_path / "secret.png").write_bytes(png())
    (mine / "link.png").symlink_to(tmp_path / "secret.png")
    rows: list[dict[str, Any]] = [
        {
            "id": "r1",
            "note": "a frog",
            "photo": "red.png",
            "sound": "low.wav",
            "age": "3",
            "colour": "red",
            "label": "no",
        },
        {"id": "r2", "note": "a frog", "label": "yes"},
        {"id": "r2", "photo": "blue.png", "age": "70"},
        {"id": "r4", "sound": "low.wav", "note": "a red lorry, rather old and with a number of wheels"},
        {"id": "r5", "colour": "blue"},
        {"id": "r6", "note": "a frog", "photo": "none.png"},
        {"id": "r7", "note": "  ", "age": "old"},
        {"id": "r8", "label": "no"},
        {"id": "r9", "note": "a frog", "photo": "../secret.png"},
        {"id": "r10", "photo": "link.png"},
        {"id": "r11", "photo": "absent.png"},
    ]
    pd.DataFrame(rows).to_csv(mine / "table.csv", index=False)
    monkeypatch.setenv("SENSORIUM_MODEL", str(folder))
    predict_table.run(str(mine / "table.csv"), str(tmp_path / "out.parquet"))
    said = pq.read_table(tmp_path / "out.parquet").to_pylist()

    assert list(said[0]) == [
        "id", "note", "photo", "sound", "age", "colour", "label",
        "label.predicted", "label.probability.no", "label.probability.yes", "label.abstained",
        "size.predicted", "size.probability.s", "size.probability.m", "size.probability.l", "size.abstained",
        "answer.inputs", "answer.error", "answer.model_version",
    ]  # fmt: skip
    assert [row["id"] for row in said] == [row["id"] for row in rows]
    assert [row["label"] for row in said] == [row.get("label") for row in rows]  # the truth stays what it was
    with serving(folder, tmp_path / "log") as client:
        for row, answer in zip(rows[:7], said[:7], strict=True):
            car = {name: row[name] for name in ("age", "colour") if name in row}
            fields = {"note": row["note"]} if "note" in row else {}
            fields |= {"car": json.dumps(car)} if car else {}
            media = {name: files[row[name]] for name in ("photo", "sound") if name in row}
            told = client.post("/predict", data=fields, files=media).json()
            assert answer["answer.model_version"] == Predictor.load(folder).version
            if "error" in told:  # a row is answered without what a client of the service is asked to mend
                assert answer["answer.error"].startswith(told["error"])
                nothing = {answer[name] for name in answer if name.startswith(("label.", "size."))} == {None}
                assert (answer["answer.inputs"], nothing) == ((None, True) if row["id"] == "r7" else ("note", False))
                continue
            assert (answer["answer.inputs"], answer["answer.error"]) == (", ".join(told["inputs"]), None)
            for target, one in told["targets"].items():
                assert answer[f"{target}.predicted"] == one["top"][0]["label"]
                assert answer[f"{target}.abstained"] == one["abstained"]
                for name, share in one["probabilities"].items():
                    assert answer[f"{target}.probability.{name}"] == pytest.approx(share, abs=1e-3)
    assert {row["label.abstained"] for row in said[:5]} == {True, False}
    assert [row["answer.error"] for row in said[5:]] == [
        "photo: not a picture (PNG, JPEG, WEBP, GIF, BMP, TIFF are read)",
        "note: the text is empty; car: column 'age' holds 'old' where a number is expected",
        "every input is missing",
        "photo: '../secret.png' lies outside the data root",
        "photo: 'link.png' leads outside the data root through a link: link.png leads to "
        f"{tmp_path}/secret.png; put the files themselves in its place (`cp --recursive --dereference`)",
        "photo: file 'absent.png' does not exist",
    ]
    told = capsys.readouterr().out
    assert "predict: 7 of 11 rows are answered in " in told
    assert "without an input: 2 rows; answer.error says why, of the first: photo: not a picture" in told
    assert "\nwithout an answer: 4 rows; answer.error says why, of the first: note: the text is empty; car: " in told


def test_a_piece_of_a_table_is_done_again_when_a_file_of_it_changed(model_folder: Path, tmp_path: Path) -> None:
    job = Job(model_folder, Predictor.load(model_folder).version, Serve(), tmp_path, tmp_path / "answers")
    (tmp_path / "x.png").write_bytes(b"broken")
    pd.DataFrame({"photo": ["x.png"]}).to_parquet(tmp_path / "000000.parquet", index=False)
    first = predict_piece(job, tmp_path / "000000.parquet")
    assert predict_piece(job, tmp_path / "000000.parquet") == first
    (tmp_path / "x.png").write_bytes(png())
    again = predict_piece(job, tmp_path / "000000.parquet")
    assert [pd.read_parquet(path)["answer.error"].notna().tolist() for path in (first, again)] == [[True], [False]]


def test_a_new_key_and_its_entry(capsys: pytest.CaptureFixture[str]) -> None:
    key.run("ada")
    told = capsys.readouterr().out
    made, entry = (line.rsplit(": ", 1)[1] for line in told.splitlines())
    assert keys.read({keys.VARIABLE: entry}) == {keys.digest(made): "ada"}
    with pytest.raises(UserError, match="'a b' cannot be the name of a key"):
        key.run("a b")
