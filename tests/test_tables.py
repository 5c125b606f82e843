import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium import tables
from sensorium.errors import UserError


def read(path: Path, rows: int = 100) -> list[dict[str, Any]]:
    pieces = list(tables.read(path, rows))
    assert all(piece.num_rows <= rows for piece in pieces)
    schema = tables.common(piece.schema for piece in pieces)
    return [row for piece in pieces for row in tables.fit(piece, schema).to_pylist()]


def test_a_csv_is_text_and_an_empty_cell_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffa,,b\n01,"x\ny",NaN\n\n,"",\n1\0 2,"say ""so""",c,\n'.encode())
    assert read(path, rows=1) == [
        {"a": "01", "Unnamed: 1": "x\ny", "b": "NaN"},
        {"a": None, "Unnamed: 1": None, "b": None},
        {"a": "1\0 2", "Unnamed: 1": 'say "so"', "b": "c"},
    ]


def test_json_lines_keep_whole_numbers_whole_and_mixed_cells_as_text(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"n": 1, "x": 1, "t": "a", "deep": {"b": [1]}},
        {"n": None, "x": 2.5, "t": 3, "late": True},
        {"n": 2**60, "t": "half \ud83d", "long": 10**25},
    ]
    (tmp_path / "t.jsonl").write_text("\n\n".join(json.dumps(row) for row in rows))
    expected = [
        {"n": 1, "x": 1.0, "t": "a", "deep": '{"b": [1]}', "late": None, "long": None},
        {"n": None, "x": 2.5, "t": "3", "deep": None, "late": True, "long": None},
        {"n": 2**60, "x": None, "t": "half  ", "deep": None, "late": None, "long": str(10**25)},
    ]
    for size in (1, 2, 3):  # types are those of the whole table, however it is cut
        assert read(tmp_path / "t.jsonl", size) == expected


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    rows = [{"a": "wörd", "b": 'x,\n"y"'}, {"a": None, "b": "z"}, {"a": "1", "b": None}]
    table = pa.Table.from_pylist(rows)
    path = tmp_path / f"t{suffix}"
    tables.format_of(path).write(path, table.schema, [table.slice(0, 2), table.slice(2)])
    assert read(path, rows=2) == rows


def test_rows_of_a_parquet_file_stand_in_few_groups(tmp_path: Path) -> None:
    piece = pa.table({"a": list(range(1000))})
    tables.format_of(tmp_path / "t.parquet").write(tmp_path / "t.parquet", piece.schema, [piece] * 20)
    file = pq.ParquetFile(tmp_path / "t.parquet")
    assert (file.metadata.num_rows, file.metadata.num_row_groups) == (20_000, 2)


def test_the_nameless_index_of_pandas_is_no_column_and_a_named_one_is(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]}).to_pandas()
    table[table["a"] > 1].to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == [{"a": 2}]
    table.set_index("a").assign(b=3).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == [{"b": 3, "a": 1}, {"b": 3, "a": 2}]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.csv", b"", "t.csv has no rows."),
        ("t.csv", b"a,b\n", "t.csv has no rows."),
        ("t.jsonl", b"\n", "t.jsonl has no rows."),
        ("t.jsonl", b"{}\n{}\n", "t.jsonl has no columns; its first lines are {}."),
        ("t.csv", b"a,b,a\n1,2,3\n", "t.csv has the column 'a' twice; rename one."),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "t.csv has more fields in line 3 than in its header; mend the commas."),
        ("t.csv", b'a,b\n1,2\n"3,4\n5,6\n', "t.csv cannot be read: the row in line 3: unexpected end of data."),
        ("t.csv", b"a\n1\ncaf\xe9\n", "t.csv is not UTF-8 (invalid continuation byte, 0xe9); save it so."),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "t.csv is not UTF-8 (invalid start byte, 0xff); save it so."),
        ("t.jsonl", b'{"a": 1}\n[1]\n', "t.jsonl cannot be read: line 2 is no JSON object of columns."),
        ("t.jsonl", b'{"a": 1}\n{"a"\n', "t.jsonl cannot be read: line 2 is no JSON (Expecting ':' delimiter"),
        ("t.parquet", b"PAR1 or not", "t.parquet cannot be read: "),
        ("t.xlsx", b"", "t.xlsx is no table; give a file whose name ends with .csv, .jsonl, .parquet."),
        ("t.csv", None, "t.csv does not exist."),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as problem:
        list(tables.read(tmp_path / name, rows=1))
    assert str(problem.value).removeprefix(f"{tmp_path}/").startswith(sentence)


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(UserError, match=r"t.csv is no file\."):
        list(tables.read(tmp_path / "t.csv", rows=1))
