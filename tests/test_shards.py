from sensorium.shards import shards


def test_pieces_cover_the_sequence() -> None:
    assert shards([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert shards([], 2) == []
