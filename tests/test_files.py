from pathlib import Path

import pytest

from sensorium.files import read_json, replacing, write_json


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), replacing(path) as beside:
        beside.write_text("half")
        raise RuntimeError("the disk is full")
    assert read_json(path, made_by="evaluate") == {"a": 1}
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    for name in ("old", "new"):
        with replacing(folder) as beside:
            beside.mkdir()
            (beside / name).touch()
    assert [path.name for path in folder.iterdir()] == ["new"]
