"""Media in shards: what was put in comes out, in the layout that others read, and more of it changes few files."""

import hashlib
import json
import pickle
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sensorium.errors import BadInput
from sensorium.media import Media, MediaWriter
from tests.conftest import png, wav


def content(cell: str, size: int = 100) -> bytes:
    return hashlib.shake_128(cell.encode()).digest(size)


def write(folder: Path, cells: Iterable[str], size: int = 100) -> Media:
    folder.mkdir()
    with MediaWriter(folder) as media:
        for cell in cells:
            media.add("Image", cell, content(cell, size))
    return Media.of_folder(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    cells = [f"p/{number}.png" for number in range(1000)]
    media = write(tmp_path / "raw", cells)
    assert list(media) != []
    assert set(media) == set(cells)
    some = pickle.loads(pickle.dumps(media.of([cells[3], cells[700], "absent", None, ["x"]])))
    assert set(some) == {cells[3], cells[700]}
    assert [some.read(cell, 100) for cell in (cells[700], cells[3])] == [content(cells[700]), content(cells[3])]
    assert all(media.read(cell, 100) == content(cell) for cell in reversed(cells))
    assert {path.name for path in (tmp_path / "raw").iterdir()} == {"image"}
    assert 4 <= len(files(tmp_path / "raw")) <= 1 + 1000 // 64


def test_what_is_not_there_says_why(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    with MediaWriter(raw) as writer:
        writer.add("Image", "p/0.png", b"12345")
        writer.leave_out("p/1.png", "it is broken")
    (raw / "manifest.parquet").touch()
    media = Media.of_folder(raw)
    for cell, why in {
        "p/1.png": "it is broken",
        "p/2.png": "file 'p/2.png' does not exist",
        "manifest.parquet": "file 'manifest.parquet' does not exist",
        "../raw/manifest.parquet": "file '../raw/manifest.parquet' does not exist",
        "../secret": "'../secret' lies outside the data root",
        "p/0\0.png": "'p/0\\x00.png' is no path (embedded null byte)",
    }.items():
        with pytest.raises(BadInput) as refused:
            media.read(cell, 100)
        assert str(refused.value) == why
    with pytest.raises(BadInput, match="a path is expected, not list"):
        media.read(["p/0.png"], 100)
    assert media.read("p/0.png", 5) == b"12345"
    with pytest.raises(BadInput, match="file 'p/0.png' is larger than 0 MiB"):
        media.read("p/0.png", 4)


def test_a_shard_has_the_layout_and_the_features_of_datasets(tmp_path: Path) -> None:
    with MediaWriter(tmp_path) as writer:
        writer.add("Image", "p/0.png", png())
        writer.add("Audio", "a.wav", wav())
        writer.add("", "a.npy", b"of no sort")
    for name, feature in {"image": "Image", "audio": "Audio"}.items():
        (path,) = (tmp_path / name).iterdir()
        schema = pq.read_schema(path)
        assert schema.names == [name]
        assert schema.field(name).type == pa.struct({"bytes": pa.binary(), "path": pa.string()})
        told = json.loads(schema.metadata[b"huggingface"])
        assert told == {"info": {"features": {name: {"_type": feature}}}}
    (path,) = (tmp_path / "file").iterdir()
    assert (pq.read_schema(path).names, pq.read_schema(path).metadata) == (["file"], None)
    assert Media.of_folder(tmp_path).read("a.npy", 100) == b"of no sort"


def test_datasets_reads_shards_as_pictures_and_sounds(tmp_path: Path) -> None:
    import datasets

    with MediaWriter(tmp_path) as writer:
        writer.add("Image", "p/0.png", png((1, 2, 3), (24, 16)))
        writer.add("Audio", "a.wav", wav())
    pictures = datasets.Dataset.from_parquet(str(next((tmp_path / "image").iterdir())), cache_dir=str(tmp_path / "c"))
    assert pictures.features == {"image": datasets.Image()}
    assert (pictures[0]["image"].size, pictures[0]["image"].getpixel((0, 0))) == ((24, 16), (1, 2, 3))
    sounds = datasets.Dataset.from_parquet(str(next((tmp_path / "audio").iterdir())), cache_dir=str(tmp_path / "c"))
    assert sounds.features == {"audio": datasets.Audio()}
    kept = sounds.cast_column("audio", datasets.Audio(decode=False))[0]["audio"]
    assert kept == {"bytes": wav(), "path": "a.wav"}


def test_one_in_a_hundred_more_writes_little_more_and_no_other_shard_changes(tmp_path: Path) -> None:
    cells = [f"{number}.png" for number in range(20_000)]
    more = [f"new/{number}.png" for number in range(200)]
    write(tmp_path / "before", cells)
    before = files(tmp_path / "before")
    assert len(before) < 160
    for number, changed in enumerate(([*cells, *more], [*cells[:9000], *more, *cells[9000:]])):
        write(tmp_path / str(number), changed)
        new = {name: one for name, one in files(tmp_path / str(number)).items() if before.get(name) != one}
        assert sum(map(len, new.values())) < 0.03 * sum(map(len, before.values()))
    write(tmp_path / "again", cells)
    assert files(tmp_path / "again") == before


def test_neither_writing_nor_reading_holds_more_than_a_shard(tmp_path: Path) -> None:
    cells = [f"{number}.png" for number in range(600)]
    tracemalloc.start()
    allocated = pa.total_allocated_bytes()
    media = write(tmp_path / "raw", cells, 200_000)  # 120 MB
    assert tracemalloc.get_traced_memory()[1] < 80e6
    tracemalloc.stop()
    for cell in cells:
        media.read(cell, 10**6)
        assert pa.total_allocated_bytes() - allocated < 40e6  # Arrow's threads give back when they come to it


def test_an_error_leaves_nothing_half_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"), MediaWriter(tmp_path) as writer:
        writer.add("Image", "p/0.png", b"1")
        raise OSError("gone")
    assert list(tmp_path.iterdir()) == []
