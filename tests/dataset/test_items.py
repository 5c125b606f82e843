from pathlib import Path

from sensorium.dataset.items import digest, digests, read_descriptors, read_items, write_shard


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
