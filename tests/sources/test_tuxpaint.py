from pathlib import Path

import pandas as pd
import pytest

from sensorium.errors import BadInput, UserError
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Image
from sensorium.sources import TuxPaint
from tests.conftest import png


def read(source: TuxPaint, raw: Path) -> tuple[pd.DataFrame, Media]:
    """Its rows, and the media that are kept of them in a folder."""
    with MediaWriter(raw) as media:
        rows = source.read({}, media)
    return rows, Media.of_folder(raw)


def test_a_row_per_item_and_language(slice_of_stamps: Path, tmp_path: Path) -> None:
    rows, media = read(TuxPaint(path=str(slice_of_stamps), languages=["es", "fr"]), tmp_path)
    assert list(rows.columns) == ["id", "item", "text", "image", "speech", "category", "language"]
    assert rows["category"].unique().tolist() == ["animals", "food", "vehicles"]
    assert rows["item"].nunique() == 104  # four of the 108 are said in neither language
    assert set(rows["language"]) == {"es", "fr"}
    first = rows.iloc[0]
    assert first["id"] == f"{first['item']}.{first['language']}"
    text = (slice_of_stamps / f"{first['item']}.txt").read_text().splitlines()[0]
    assert first["text"] == text.strip()
    assert media.read(first["image"], 2**20) == (slice_of_stamps / f"{first['item']}.png").read_bytes()
    assert first["speech"] in media


def test_the_whole_has_ten_categories_and_renders_drawings(stamps: Path, tmp_path: Path) -> None:
    rows, media = read(TuxPaint(path=str(stamps), languages=["be"]), tmp_path)
    assert rows["category"].nunique() == 10
    drawn = next(row for row in rows.itertuples() if not (stamps / f"{row.item}.png").is_file())
    picture = Image().accept(media.read(drawn.image, 2**20))
    assert max(picture.size) == 320


def test_a_language_that_nobody_speaks(slice_of_stamps: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data.languages: no clip in tlh"):
        TuxPaint(path=str(slice_of_stamps), languages=["tlh"]).read({}, MediaWriter(tmp_path))


def test_a_foreign_folder_costs_its_own_rows_only(tmp_path: Path) -> None:
    stamps, raw = tmp_path / "stamps", tmp_path / "raw"
    raw.mkdir()
    (stamps / "zoo").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(png())
    for number in range(27):
        item = stamps / "zoo" / f"{number:02d}"
        item.with_suffix(".txt").write_text("A frog.\nUna rana.\n")
        item.with_suffix(".png").write_bytes(png())
        item.with_name(f"{item.name}_desc_es.ogg").write_bytes(b"clip")
    for name, content in {"00": "<g>" * 10**5, "01": '<rect width="9" height="9"/>', "02": " " * (2**23 + 1)}.items():
        (stamps / "zoo" / f"{name}.png").unlink()
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{content}</svg>'
        (stamps / "zoo" / f"{name}.svg").write_text(svg)
    for name in ("03.png", "04_desc_es.ogg", "05.txt"):
        (stamps / "zoo" / name).unlink()
        (stamps / "zoo" / name).symlink_to(tmp_path / "secret")
    rows, media = read(TuxPaint(path=str(stamps), languages=["es"]), raw)
    rows, why = rows.set_index("item"), {}
    for cell in [*rows["image"], *rows["speech"]]:
        try:
            media.read(cell, 2**20)
        except BadInput as problem:
            why[cell] = str(problem)
    through = "leads outside the data root through a link"
    assert why.pop("image/zoo-00.png") == "it is broken in a way that breaks its reader"
    assert why.pop("image/zoo-02.png") == "the drawing is larger than 8 MiB"
    assert through in why.pop("image/zoo-03.png") and through in why.pop("speech/zoo-04.es.ogg") and not why
    assert rows.loc[["zoo/05", "zoo/06"], "text"].tolist() == ["", "A frog."]
    assert Image().accept(media.read("image/zoo-01.png", 2**20)).size == (320, 320)


def test_only_what_was_fetched_is_known_to_be_published() -> None:
    assert TuxPaint(languages=["es"]).published_as == "Tux Paint stamps"
    assert TuxPaint(path="mine", languages=["es"]).published_as == ""


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a stamps folder; /usr/share/tuxpaint/stamps is a usual one"):
        TuxPaint(path=str(tmp_path), languages=["es"]).fetch()
