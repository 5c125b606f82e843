from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium import tables
from sensorium.errors import UserError


def read(path: Path, rows: int = 100) -> list[dict[str, Any]]:
    pieces = list(tables.read(path, rows))
    assert all(piece.num_rows <= rows for piece in pieces)
    return pa.concat_tables(pieces).to_pylist()  # all are of one schema


def write_parquet(path: Path, **columns: pa.Array) -> None:
    pq.write_table(pa.table(columns), path)


def test_a_csv_is_text_and_an_empty_cell_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffa,,b\n01,"x\ny",NaN\n\n,"",\n1\0 2,"say ""so""",c,\n'.encode())
    assert read(path, rows=1) == [
        {"a": "01", "": "x\ny", "b": "NaN"},
        {"a": None, "": None, "b": None},
        {"a": "1\0 2", "": 'say "so"', "b": "c"},
    ]


def test_commas_behind_the_last_column_are_no_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b,,\r1,2,,\r3,,,\r")  # lines end as on an old Macintosh
    assert read(tmp_path / "t.csv") == [{"a": "1", "b": "2"}, {"a": "3", "b": None}]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_column_of_json_lines_has_the_type_that_keeps_all_its_cells(tmp_path: Path, size: int) -> None:
    lines = [
        '{"n": 1, "x": 1, "t": "a", "deep": {"b": [1]}, "wide": 9007199254740993, "no": null, "id": 1, "yes": true}',
        '{"n": null, "x": 2.5, "t": 3, "late": true, "wide": 0.5, "id": 18446744073709551615, "yes": 2}',
        '{"n": 1152921504606846976, "x": NaN, "t": 1.0, "long": 10000000000000000000000001, "yes": "é"}',
    ]
    (tmp_path / "t.jsonl").write_text("\n\n".join(lines))
    assert read(tmp_path / "t.jsonl", size) == [
        {"n": 1, "x": 1.0, "t": "a", "deep": '{"b": [1]}', "wide": "9007199254740993", "no": None, "id": 1}
        | {"yes": "true", "late": None, "long": None},
        {"n": None, "x": 2.5, "t": "3", "deep": None, "wide": "0.5", "no": None, "id": 18446744073709551615}
        | {"yes": "2", "late": True, "long": None},
        {"n": 2**60, "x": None, "t": "1", "deep": None, "wide": None, "no": None, "id": None}
        | {"yes": "é", "late": None, "long": "10000000000000000000000001"},
    ]


def test_whole_numbers_with_a_zero_behind_them_are_not_rounded(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": 9007199254740993.0}\n{"id": 9007199254740995.0}\n{"id": null}\n')
    assert [row["id"] for row in read(tmp_path / "t.jsonl")] == [9007199254740993, 9007199254740995, None]


def test_parquet_keeps_numbers_and_dates_and_writes_what_is_nested_as_json(tmp_path: Path) -> None:
    day, price = date(2024, 2, 29), Decimal("1.10")
    columns = {
        "wide": pa.array([2**64 - 1, None], pa.uint64()),
        "price": pa.array([price, None]),
        "day": pa.array([day, None]),
        "kind": pa.array(["a", None]).dictionary_encode(),
        "raw": pa.array([b"\xff", None]),
        "list": pa.array([[1.5, None], None]),
        "deep": pa.array([{"day": day, "price": price}, None]),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int8())),
        "key": pa.array([b"0123456789abcdef", None], pa.uuid()),
    }
    write_parquet(tmp_path / "t.parquet", **columns)
    assert read(tmp_path / "t.parquet", 1) == [
        {"wide": 2**64 - 1, "price": price, "day": day, "kind": "a", "raw": b"\xff", "list": "[1.5, null]"}
        | {"deep": '{"day": "2024-02-29", "price": "1.1"}', "map": '[["k", 1]]'}
        | {"key": "30313233-3435-3637-3839-616263646566"},
        dict.fromkeys(columns),
    ]


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


def test_an_index_of_pandas_is_a_column_where_it_is_more_than_row_numbers(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]}).to_pandas()
    table.to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == [{"a": 1}, {"a": 2}]
    table.set_axis(["x", "y"]).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == [{"a": 1, "__index_level_0__": "x"}, {"a": 2, "__index_level_0__": "y"}]
    table.set_index("a").assign(b=3).to_parquet(tmp_path / "t.parquet")
    assert read(tmp_path / "t.parquet") == [{"b": 3, "a": 1}, {"b": 3, "a": 2}]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.csv", b"", "t.csv has no rows."),
        ("t.csv", b"a,b\n", "t.csv has no rows."),
        ("t.jsonl", b"\n", "t.jsonl has no rows."),
        ("t.jsonl", b"{}\n{}\n", "t.jsonl has no columns; its lines are {}."),
        ("t.csv", b"a,b,a\n1,2,3\n", "t.csv has the column 'a' twice; rename one."),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "t.csv, line 3: 3 fields are more than the 2 of the header; mend the commas."),
        ("t.csv", b"a,b\n1,2\nbroken\noff,4\n", "t.csv, line 3: 1 of 2 fields are there; mend the commas, or put "),
        ("t.csv", b"a;b\n1,5;2\n", "t.csv: its columns are parted by semicolons, not by commas; save it with commas."),
        ("t.csv", b"sep=;\na;b\n1;2\n", "t.csv: its columns are parted by semicolons, not by commas; save it with "),
        ("t.csv", b"a\tb\n1\t2\n", "t.csv: its columns are parted by tabs, not by commas; save it with commas."),
        ("t.csv", b"a,,\n1,,\n2,,x\n", "t.csv, line 3: column 3 holds 'x' and has no name in the header; name it."),
        ("t.csv", "a,b\n1,2\n".encode("utf-16-le"), "t.csv has a column 'a\\x00', as of a table that is no UTF-8; "),
        ("t.csv", b'a,b\n1,2\n"3,4\n5,6\n', "t.csv cannot be read: the row in line 3: unexpected end of data."),
        ("t.csv", b"a\n1\ncaf\xe9\n", "t.csv is not UTF-8 (line 3: invalid continuation byte, 0xe9); save it so."),
        ("t.csv", "a,b\n1,2\n".encode("utf-16"), "t.csv is not UTF-8 (line 1: invalid start byte, 0xff); save it so."),
        ("t.jsonl", b'{"a": 1}\n[1]\n', "t.jsonl cannot be read: line 2 is no JSON object of columns."),
        ("t.jsonl", b'{"a": 1}\n{"a"\n', "t.jsonl cannot be read: line 2 is no JSON (Expecting ':' delimiter"),
        (
            "t.jsonl",
            b'{"a": 1}\n{"a": 1, "a": 2}\n',
            "t.jsonl cannot be read: line 2 has 'a' twice; rename one or take ",
        ),
        ("t.jsonl", b'{"a": {"b": 1, "b": 1}}', "t.jsonl cannot be read: line 1 has 'b' twice; rename one or take "),
        (
            "t.jsonl",
            b'{"n": "a"}\n{"n": ["\\ud83d"]}',
            "t.jsonl cannot be read: line 2, column 'n': '\\ud83d' is half a sign, which no text can hold; ",
        ),
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


def test_a_parquet_file_whose_columns_cannot_be_kept_says_which(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    broken = pa.array([b"fine", b"caf\xe9"]).view(pa.string())
    months = pa.array(pd.period_range("2024-01", periods=2, freq="M"))
    for columns, sentence in [
        ({"a": pa.array([1, 2]), "note": broken}, "row 2, column 'note': the text is not UTF-8; write it so."),
        ({"a": pa.array([1, 2]), "month": months}, "column 'month' is of the type pandas.period; write it as text."),
    ]:
        write_parquet(path, **columns)
        with pytest.raises(UserError) as problem:
            list(tables.read(path, rows=1))
        assert str(problem.value).endswith(sentence)
    pq.write_table(pa.table([[1], [2]], ["a", "a"]), path)
    with pytest.raises(UserError, match=r"t.parquet has the column 'a' twice; rename one\."):
        list(tables.read(path, rows=1))


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    with pytest.raises(UserError, match=r"t.csv is no file\."):
        list(tables.read(tmp_path / "t.csv", rows=1))
