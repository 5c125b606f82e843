import json
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium import tables
from sensorium.commands import predict_table
from sensorium.errors import UserError
from sensorium.runtime.predictor import Predictor
from tests.serving.conftest import table_folder

__all__ = ["table_folder"]  # the fixture

COMMAND = [sys.executable, "-m", "sensorium", "predict"]


def read(path: Path) -> list[dict[str, Any]]:
    return [row for piece in tables.read(path, 1000) for row in piece.to_pylist()]


@pytest.fixture
def columns(table_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, where the model of columns ``a``, ``b`` and ``c`` is the one to serve."""
    monkeypatch.setenv("SENSORIUM_MODEL", str(table_folder))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_each_format_is_read_and_written(columns: Path, suffix: str) -> None:
    rows = [{"a": 1.5, "b": 2.0, "c": 3.0, "seen": "x"}, {"a": None, "b": None, "c": 0.25, "seen": None}]
    pd.DataFrame(rows[:1] + rows).to_csv("in.csv", index=False)
    predict_table.run("in.csv", f"between{suffix}")
    first = read(Path(f"between{suffix}"))
    assert [str(row["id"]) for row in first] == ["1", "2", "3"]
    assert [row["seen"] for row in first] == ["x", "x", None]
    Path("next").mkdir()
    kept = pd.DataFrame(first)[["id", "a", "b", "c", "seen"]]
    kept.to_json("next/in.jsonl", orient="records", lines=True)
    predict_table.run("next/in.jsonl", f"next/out{suffix}")
    assert read(Path(f"next/out{suffix}")) == first


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_what_a_table_says_stands_in_the_answer(columns: Path, suffix: str) -> None:
    cells = {
        "id": ["007", "8"],
        "wide": pa.array([2**64 - 1, None], pa.uint64()),
        "price": [Decimal("1.10"), None],
        "raw": [b"\xff", b"x"],
    }
    named = {"": ["nameless", None], "list": [[1, None], []], "a": [True, False]}
    pq.write_table(pa.table(cells | named), "in.parquet")
    predict_table.run("in.parquet", f"out{suffix}")
    first, second = read(Path(f"out{suffix}"))
    found = [{name: row[name] for name in cells | named} for row in (first, second)]
    of_text = {"price": "1.10", "raw": "ff"}
    kept = {"id": "007", "wide": 2**64 - 1, "price": Decimal("1.10"), "raw": b"\xff", "": "nameless"}
    expected = kept | {"list": "[1, null]", "a": True} | ({} if suffix == ".parquet" else of_text)
    if suffix == ".csv":
        expected |= {"wide": str(2**64 - 1), "a": "True"}
    assert found[0] == expected
    assert (found[1]["wide"], found[1]["list"], found[1]["id"]) == (None, "[]", "8")


def test_many_pieces_stay_in_their_order_without_torch(columns: Path, table_folder: Path) -> None:
    rows = [{"a": number % 7, "b": number, "c": None if number % 3 else number} for number in range(600)]
    Path("in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    code = (
        "import sys; from sensorium.commands import predict_table\n"
        "if __name__ == '__main__':\n"
        "    predict_table.run('in.jsonl', 'out.parquet'); print('torch' in sys.modules)"
    )
    Path("code.py").write_text(code)
    done = subprocess.run([sys.executable, "code.py"], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
    said = read(columns / "out.parquet")
    assert [(row["id"], row["b"]) for row in said] == [(str(number + 1), number) for number in range(600)]
    predictor = Predictor.load(table_folder)
    for number in (0, 1, 255, 256, 599):
        row = {"facts": {"a": number % 7, "b": number}} | ({} if number % 3 else {"more": {"c": number}})
        shares = predictor.predict([predictor.accept(row)])[0]["label"]
        assert said[number]["label.probability.yes"] == pytest.approx(shares[1], abs=2e-6)
        assert said[number]["answer.inputs"] == ", ".join(row)


def test_a_killed_run_leaves_the_old_file_and_the_next_goes_on(columns: Path) -> None:
    pd.DataFrame({"a": range(20_000)}).to_csv("in.csv", index=False)
    Path("out.parquet").write_text("old")
    parts = columns / ".out.parquet.parts"
    run = subprocess.Popen([*COMMAND, "--table", "in.csv", "--out", "out.parquet"], stdout=subprocess.DEVNULL)
    while not (finished := list(parts.glob("answers/[0-9]*.parquet"))):
        assert run.poll() is None
        time.sleep(0.01)
    with pytest.raises(UserError, match="out.parquet is being written by another run; wait for it"):
        predict_table.run("in.csv", "out.parquet")
    workers = psutil.Process(run.pid).children(recursive=True)
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    assert Path("out.parquet").read_text() == "old"
    table = pq.read_table(finished[0])
    place = table.column_names.index("answer.inputs")
    pq.write_table(table.set_column(place, "answer.inputs", pa.array(["found"] * len(table))), finished[0])
    predict_table.run("in.csv", "out.parquet")
    said = pd.read_parquet("out.parquet")
    assert said["a"].tolist() == [str(number) for number in range(20_000)]
    assert (said["answer.inputs"] == "found").sum() == len(table)
    assert sorted(path.name for path in columns.iterdir()) == ["in.csv", "out.parquet"]


READ = "it reads a, b, c, the table has x, y"
TAKEN = "which is where an answer goes; leave it out or rename it"
NO_PLACE = "absent/out.csv cannot be written: absent is no folder that you may write to."
BOTH = "a table needs a place for its answers: give both --table and --out."


@pytest.mark.parametrize(
    ("content", "table", "out", "sentence"),
    [
        ("", "in.csv", "out.csv", "in.csv has no rows."),
        ("a,b\n", "in.csv", "out.csv", "in.csv has no rows."),
        ("a,a\n1,2\n", "in.csv", "out.csv", "in.csv has the column 'a' twice; rename one."),
        ("x,y\n1,2\n", "in.csv", "out.csv", f"in.csv has no column that the model reads; {READ}."),
        ("a,answer.error\n1,2\n", "in.csv", "out.csv", f"in.csv has a column 'answer.error', {TAKEN}."),
        ("a\n1\n", "on.csv", "out.csv", "on.csv does not exist."),
        ("a\n1\n", "in.csv", "absent/out.csv", NO_PLACE),
        ("a\n1\n", "in.csv", "out.x", "out.x is no table; give a file whose name ends with .csv, .jsonl, .parquet."),
        ("a\n1\n", "in.csv", "./in.csv", "in.csv is the table itself; name another file for the answers."),
        ("a\n1\n", "in.csv", "folder.csv", "folder.csv is a folder; name a file for the answers."),
        ("a\n1\n", "in.csv", None, BOTH),
        ("a\n1\n", None, "out.csv", BOTH),
    ],
)
def test_a_mistake_is_a_sentence_and_the_old_file_stays(
    columns: Path, content: str, table: str | None, out: str | None, sentence: str
) -> None:
    Path("in.csv").write_text(content)
    Path("out.csv").write_text("old")
    Path("folder.csv").mkdir()
    with pytest.raises(UserError) as problem:
        predict_table.run(table, out)
    assert str(problem.value) == sentence
    assert (Path("in.csv").read_text(), Path("out.csv").read_text()) == (content, "old")
    assert sorted(path.name for path in columns.iterdir()) == ["folder.csv", "in.csv", "out.csv"]


def test_a_bad_cell_costs_the_row_its_input_and_not_its_answer(columns: Path, capsys: pytest.CaptureFixture) -> None:
    Path("in.csv").write_text("a,b,c\n1,2,3\nold,2,3\n,2,new\nold,2,new\n,,\n")
    predict_table.run("in.csv", "out.parquet")
    said = read(Path("out.parquet"))
    old, new = "facts: column 'a' holds 'old' where a number", "more: column 'c' holds 'new' where a number"
    assert [(row["answer.inputs"], row["answer.error"]) for row in said] == [
        ("facts, more", None),
        ("more", f"{old} is expected"),
        ("facts", f"{new} is expected"),
        (None, f"{old} is expected; {new} is expected"),
        (None, "every input is missing"),
    ]
    assert [row["label.predicted"] is None for row in said] == [False, False, False, True, True]
    told = capsys.readouterr().out
    assert "without an input: 2 rows; answer.error says why, of the first: facts: column 'a'" in told
    assert f"without an answer: 2 rows; answer.error says why, of the first: {old} is expected; more" in told


def test_what_asks_a_service_is_refused_beside_a_table() -> None:
    with pytest.raises(UserError, match="a table brings the inputs of its rows; leave --text out"):
        predict_table.run("in.csv", "out.csv", ["--text", "a frog"])
    with pytest.raises(UserError, match="a table is answered here, by no service; leave --url out"):
        predict_table.run("in.csv", "out.csv", url="http://localhost")


def test_without_a_model_it_ends_with_status_2(columns: Path) -> None:
    Path("in.csv").write_text("a\n1\n")
    environment = os.environ | {"SENSORIUM_MODEL": "nothing", "SENSORIUM_URL": "http://localhost:1"}
    command = [*COMMAND, "--table", "in.csv", "--out", "out.csv"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    sentence = "error: nothing holds no model (manifest.json is missing); run `dvc repro` to make one.\n"
    assert done.stderr.replace(f"{columns}/", "") == sentence
