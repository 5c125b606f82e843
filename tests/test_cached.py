import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sensorium.cached import made_once


@pytest.mark.parametrize("content", [b"", b"writtem", b"written twice"])
@pytest.mark.parametrize("name", ["file", "sha256"])
def test_a_file_that_is_not_as_it_was_made_is_made_again(
    name: str, content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    made = []

    def make(path: Path) -> None:
        made.append(path)
        path.write_bytes(b"written")

    for _ in range(2):
        assert made_once(tmp_path / "one/file", make).read_bytes() == b"written"
    assert (len(made), capsys.readouterr().err) == (1, "")
    (tmp_path / "one" / name).write_bytes(content)
    for _ in range(2):
        assert made_once(tmp_path / "one/file", make).read_bytes() == b"written"
    assert len(made) == 2
    assert capsys.readouterr().err == (
        f"warning: {tmp_path / 'one'} was damaged; it is kept as one.damaged, and is made again.\n"
    )


def test_of_two_that_need_a_file_one_makes_it_and_the_other_waits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = []

    def make(path: Path) -> None:
        made.append(path)
        time.sleep(0.2)
        path.write_bytes(b"written")

    with ThreadPoolExecutor(3) as threads:
        paths = [threads.submit(made_once, tmp_path / "one/file", make) for _ in range(3)]
    assert [path.result().read_bytes() for path in paths] == [b"written"] * 3
    assert (len(made), capsys.readouterr().err) == (1, "")
