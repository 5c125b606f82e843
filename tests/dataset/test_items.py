from pathlib import Path

from sensorium.dataset.items import digest, digests, read_items, write_shard


def test_values_come_back_once_in_the_order_of_the_shards(tmp_path: Path) -> None:
    red, green, blue = (digest(colour) for colour in (b"red", b"green", b"blue"))
    write_shard(tmp_path, 0, {red: b"red", green: b"green"})
    write_shard(tmp_path, 1, {green: b"green", blue: b"blue"})
    assert digests(tmp_path) == [red, green, blue]
    assert list(read_items(tmp_path, [blue, green])) == [(green, b"green"), (blue, b"blue")]


def test_a_shard_may_be_empty(tmp_path: Path) -> None:
    write_shard(tmp_path, 0, {})
    assert digests(tmp_path) == []
