from pathlib import Path

import pandas as pd
import pytest

from sensorium.errors import UserError
from sensorium.modalities import Image, Text
from sensorium.sources import Manifest
from tests.conftest import png

INPUTS = {"front": Image(), "note": Text()}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, target: Path, suffix: str) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "note": ["wörd", None], "front": ["p/x.png", None]})
    path = tmp_path / f"table{suffix}"
    {
        ".csv": lambda: table.to_csv(path, index=False),
        ".jsonl": lambda: table.to_json(path, orient="records", lines=True),
        ".parquet": lambda: table.to_parquet(path),
    }[suffix]()
    (tmp_path / "p").mkdir()
    (tmp_path / "p/x.png").write_bytes(png())
    read = Manifest(path=str(path)).read(INPUTS, target)
    assert read["note"].tolist()[0] == "wörd"
    assert read["note"].isna().tolist() == [False, True]
    assert (target / "p/x.png").read_bytes() == png()


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_whole_numbers_beside_an_empty_cell_stay_whole(tmp_path: Path, target: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    table = pd.DataFrame({"note": ["a", "b"], "count": pd.array([2**53 + 1, None], dtype="Int64")})
    table.to_parquet(path) if suffix == ".parquet" else table.to_json(path, orient="records", lines=True)
    assert Manifest(path=str(path)).read(INPUTS, target)["count"].tolist() == [2**53 + 1, pd.NA]


def test_a_file_is_found_however_its_name_is_spelled(tmp_path: Path, target: Path) -> None:
    composed, apart, folder = "Gr\u00f6\u00dfe.png", "Gro\u0308\u00dfe.png", "fr\u00f6sche"
    (tmp_path / folder).mkdir()
    (tmp_path / folder / apart).write_bytes(png((1, 1, 1)))  # as macOS writes it
    (tmp_path / "both").mkdir()
    (tmp_path / "both" / composed).write_bytes(png((2, 2, 2)))
    (tmp_path / "both" / apart).write_bytes(png((3, 3, 3)))
    (tmp_path / "a\\b.png").write_bytes(png((4, 4, 4)))
    cells = {
        f"{folder}/{composed}": 1,
        f"./fro\u0308sche/{apart}": 1,
        f"{folder}\\{composed}": 1,
        f" {folder}/{composed} ": 1,
        f"both/{composed}": 2,
        f"both/{apart}": 3,
        "a\\b.png": 4,
    }
    (tmp_path / "t.csv").write_text("\n".join(["front", *cells]))
    table = Manifest(path=str(tmp_path / "t.csv")).read(INPUTS, target)
    for cell, shade in zip(table["front"], cells.values(), strict=True):
        assert INPUTS["front"].raw({"front": cell}, "front", target) == png((shade, shade, shade))


def test_without_ids_the_rows_are_numbered(tmp_path: Path, target: Path) -> None:
    (tmp_path / "t.csv").write_text("note\nx\ny\n")
    assert Manifest(path=str(tmp_path / "t.csv")).read(INPUTS, target)["id"].tolist() == ["1", "2"]


def test_nothing_outside_the_data_root_is_copied(tmp_path: Path) -> None:
    root, target = tmp_path / "mine", tmp_path / "raw"
    root.mkdir()
    target.mkdir()
    (tmp_path / "secret.png").write_bytes(png())
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    (root / "mine.png").write_bytes(png())
    cells = [
        "../secret.png",
        "link.png",
        f"{tmp_path}/secret.png",
        "absent.png",
        "../mine/mine.png",
        f"{root}/mine.png",
    ]
    (root / "t.csv").write_text("\n".join(["front", *cells, "x" * 5000]))
    assert len(Manifest(path=str(root / "t.csv")).read(INPUTS, target)) == 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "raw", "secret.png"]
    assert [path.name for path in target.iterdir()] == [".left_out.json"]
    assert (root / "mine.png").read_bytes() == png()


def test_rows_with_more_fields_than_the_header_are_not_read_shifted(tmp_path: Path, target: Path) -> None:
    (tmp_path / "t.csv").write_text("note,label\ngood, thing,yes\nbad, thing,no\n")
    with pytest.raises(UserError, match="t.csv, line 2: 3 fields are more than the 2 of the header; mend the commas"):
        Manifest(path=str(tmp_path / "t.csv")).read(INPUTS, target)


def test_cells_that_are_no_paths_are_left_for_validation(tmp_path: Path, target: Path) -> None:
    pd.DataFrame({"note": ["a"] * 3, "front": [["x.png"], ["a", "b"], None]}).to_parquet(tmp_path / "t.parquet")
    assert len(Manifest(path=str(tmp_path / "t.parquet")).read(INPUTS, target)) == 3


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.csv", "note,front\n", "has no rows"),
        ("t.csv", "", "has no rows"),
        ("t.parquet", "no parquet", "cannot be read"),
        ("t.jsonl", "{", "cannot be read"),
        ("t.xlsx", "", "is no table; give a file whose name ends with .csv, .jsonl, .parquet"),
        ("absent.csv", None, "does not exist"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(
    tmp_path: Path, target: Path, name: str, content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=sentence):
        Manifest(path=str(tmp_path / name)).read(INPUTS, target)
