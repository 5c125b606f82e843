import os
import stat
from pathlib import Path

import pytest

from sensorium import private


def mode(path: Path) -> str:
    return stat.filemode(path.lstat().st_mode)


@pytest.mark.usefixtures("open_to_all")
def test_a_folder_is_closed_with_all_that_is_its_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk, cache, other = (tmp_path / name for name in ("disk", "cache", "other"))
    (disk / "content").mkdir(parents=True)
    for path in (disk / "content/value", cache, other):
        path.write_text("a")
    cache.chmod(0o444)
    os.link(cache, disk / "of-dvc")  # as `cache.type: hardlink` makes it
    (disk / "elsewhere").symlink_to(other)
    (tmp_path / "served").symlink_to(disk)
    with private.writing(tmp_path / "served"):
        (disk / "new").write_text("b")
    assert {path.name: mode(path) for path in (disk, *sorted(disk.rglob("*")))} == {
        "disk": "drwx------", "content": "drwx------", "value": "-rw-------", "new": "-rw-------",
        "of-dvc": "-r--r--r--", "elsewhere": "lrwxrwxrwx",
    }  # fmt: skip
    assert mode(other) == "-rw-rw-rw-"
    assert caplog.messages == [
        f"{tmp_path / 'served'}: 3 files or folders were open to other users; they are closed now"
    ]
    (tmp_path / "after").touch()
    assert mode(tmp_path / "after") == "-rw-rw-rw-"


def test_a_file_of_another_user_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    tmp_path.chmod(0o755)
    monkeypatch.setattr(Path, "chmod", refuse)
    private.close(tmp_path)
    assert caplog.messages == [f"{tmp_path}: 1 files or folders belong to another user and stay as they are"]
