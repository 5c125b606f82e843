from pathlib import Path

from sensorium.dataset.items import digest, digests, places, read_descriptors, read_items, write_shard


def test_values_come_back_once_in_the_order_of_the_shards(tmp_path: Path) -> None:
    red, green, blue = (digest(colour) for colour in (b"red", b"green", b"blue"))
    write_shard(tmp_path, 0, {red: b"red", green: b"green"}, {red: {"words": 1}, green: {"words": 1}})
    write_shard(tmp_path, 1, {green: b"green", blue: b"blue"}, {green: {"words": 1}, blue: {}})
    assert digests(tmp_path) == [red, green, blue]
    assert list(read_items(tmp_path, [blue, green])) == [(green, b"green"), (blue, b"blue")]
    described = read_descriptors(tmp_path)
    assert described.loc[[red, green], "words"].tolist() == [1.0, 1.0]
    assert described["words"].isna()[blue]
    assert len(described) == 3


def test_a_shard_may_be_empty(tmp_path: Path) -> None:
    write_shard(tmp_path, 0, {}, {})
    assert digests(tmp_path) == []
    assert read_descriptors(tmp_path).empty
    assert read_descriptors(tmp_path / "nowhere").empty


def test_no_shard_is_opened_that_holds_nothing_wanted(tmp_path: Path) -> None:
    red, green = digest(b"red"), digest(b"green")
    write_shard(tmp_path, 0, {red: b"red"}, {})
    write_shard(tmp_path, 1, {green: b"green"}, {})
    (tmp_path / "part-00002.parquet").write_bytes(b"no shard at all")
    assert list(read_items(tmp_path, [green])) == [(green, b"green")]
    assert list(places(tmp_path, [red, green])) == [
        (tmp_path / "part-00000.parquet", [red]),
        (tmp_path / "part-00001.parquet", [green]),
    ]
