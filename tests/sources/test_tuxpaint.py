from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.modalities import Image
from sensorium.sources import TuxPaint


def test_a_row_per_item_and_language(slice_of_stamps: Path, tmp_path: Path) -> None:
    rows = TuxPaint(path=str(slice_of_stamps), languages=["es", "fr"]).read({}, tmp_path)
    assert list(rows.columns) == ["id", "item", "text", "image", "speech", "category", "language"]
    assert rows["category"].unique().tolist() == ["animals", "food", "vehicles"]
    assert rows["item"].nunique() == 104  # four of the 108 are said in neither language
    assert set(rows["language"]) == {"es", "fr"}
    first = rows.iloc[0]
    assert first["id"] == f"{first['item']}.{first['language']}"
    text = (slice_of_stamps / f"{first['item']}.txt").read_text().splitlines()[0]
    assert first["text"] == text.strip()
    assert (tmp_path / first["image"]).is_file() and (tmp_path / first["speech"]).is_file()


def test_the_whole_has_ten_categories_and_renders_drawings(stamps: Path, tmp_path: Path) -> None:
    rows = TuxPaint(path=str(stamps), languages=["be"]).read({}, tmp_path)
    assert rows["category"].nunique() == 10
    drawn = next(row for row in rows.itertuples() if not (stamps / f"{row.item}.png").is_file())
    picture = Image().accept((tmp_path / drawn.image).read_bytes())
    assert max(picture.size) == 320


def test_a_language_that_nobody_speaks(slice_of_stamps: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="data.languages: no clip in tlh"):
        TuxPaint(path=str(slice_of_stamps), languages=["tlh"]).read({}, tmp_path)


def test_only_what_was_fetched_is_known_to_be_published() -> None:
    assert TuxPaint(languages=["es"]).published_as == "Tux Paint stamps"
    assert TuxPaint(path="mine", languages=["es"]).published_as == ""


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a stamps folder; /usr/share/tuxpaint/stamps is a usual one"):
        TuxPaint(path=str(tmp_path), languages=["es"]).fetch()
