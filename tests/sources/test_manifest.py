from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from sensorium.errors import BadInput, UserError
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Audio, Image, Text
from sensorium.sources import Manifest
from tests.conftest import png

INPUTS = {"front": Image(), "note": Text()}


def read(path: Path) -> tuple[pd.DataFrame, Media]:
    """The rows of a table, and the media that are kept of them beside it."""
    target = path.parent.parent / "raw" if path.parent.name == "mine" else path.parent / "raw"
    target.mkdir()
    with MediaWriter(target) as media:
        table = Manifest(path=str(path)).read(INPUTS, media)
    return table, Media.of_folder(target)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_every_format_gives_the_same_rows(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame({"id": ["a", "b"], "note": ["wörd", None], "front": ["p/x.png", None]})
    path = tmp_path / f"table{suffix}"
    {
        ".csv": lambda: table.to_csv(path, index=False),
        ".jsonl": lambda: table.to_json(path, orient="records", lines=True),
        ".parquet": lambda: table.to_parquet(path),
    }[suffix]()
    (tmp_path / "p").mkdir()
    (tmp_path / "p/x.png").write_bytes(png())
    rows, media = read(path)
    assert rows["note"].tolist()[0] == "wörd"
    assert rows["note"].isna().tolist() == [False, True]
    assert media.read("p/x.png", 1000) == png()


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_whole_numbers_beside_an_empty_cell_stay_whole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    table = pd.DataFrame({"note": ["a", "b"], "count": pd.array([2**53 + 1, None], dtype="Int64")})
    table.to_parquet(path) if suffix == ".parquet" else table.to_json(path, orient="records", lines=True)
    assert read(path)[0]["count"].tolist() == [2**53 + 1, pd.NA]


def test_a_file_is_found_however_its_name_is_spelled(tmp_path: Path) -> None:
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
    table, media = read(tmp_path / "t.csv")
    for cell, shade in zip(table["front"], cells.values(), strict=True):
        assert INPUTS["front"].raw({"front": cell}, "front", media) == png((shade, shade, shade))


def test_without_ids_the_rows_are_numbered(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("note\nx\ny\n")
    assert read(tmp_path / "t.csv")[0]["id"].tolist() == ["1", "2"]


def test_nothing_outside_the_data_root_is_copied(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    root.mkdir()
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
    table, media = read(root / "t.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine", "raw", "secret.png"]
    assert [path.name for path in (tmp_path / "raw").iterdir()] == [".left_out.json"]
    reasons = []
    for cell in table["front"]:
        with pytest.raises(BadInput) as refused:
            media.read(cell, 1000)
        reasons.append(str(refused.value))
    through = f"link.png leads to {tmp_path}/secret.png; put the files themselves in its place"
    assert reasons == [
        "'../secret.png' lies outside the data root",
        f"'link.png' leads outside the data root through a link: {through} (`cp --recursive --dereference`)",
        f"'{tmp_path}/secret.png' lies outside the data root",
        "file 'absent.png' does not exist",
        "'../mine/mine.png' lies outside the data root",
        f"'{root}/mine.png' lies outside the data root",
        f"'{'x' * 200}...' is no path (File name too long)",
    ]
    assert (root / "mine.png").read_bytes() == png()


def test_rows_with_more_fields_than_the_header_are_not_read_shifted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("note,label\ngood, thing,yes\nbad, thing,no\n")
    with pytest.raises(UserError, match="t.csv, line 2: 3 fields are more than the 2 of the header; mend the commas"):
        read(tmp_path / "t.csv")[0]


def test_cells_that_are_no_paths_are_left_for_validation(tmp_path: Path) -> None:
    pd.DataFrame({"note": ["a"] * 3, "front": [["x.png"], ["a", "b"], None]}).to_parquet(tmp_path / "t.parquet")
    assert len(read(tmp_path / "t.parquet")[0]) == 3


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
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, name: str, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=sentence):
        read(tmp_path / name)[0]


def test_a_file_that_several_inputs_read_is_kept_once(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/a.png").write_bytes(png())
    pd.DataFrame({"look": ["a.png", "a.png"]}).to_csv(tmp_path / "mine/t.csv", index=False)
    (tmp_path / "raw").mkdir()
    several = {"look": Image(), "style": Image(column="look"), "heard": Audio(column="look")}
    with MediaWriter(tmp_path / "raw") as media:
        Manifest(path=str(tmp_path / "mine/t.csv")).read(several, media)
    (shard,) = (tmp_path / "raw").glob("*/*.parquet")
    assert pq.read_table(shard)["audio"].to_pylist() == [{"bytes": png(), "path": "a.png"}]
