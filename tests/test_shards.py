from pathlib import Path

import pytest

from sensorium.errors import UserError
from sensorium.shards import map_shards, shards


def total(piece: list[int]) -> int:
    if -1 in piece:
        raise UserError("no negative numbers")
    return sum(piece)


def test_pieces_cover_the_sequence() -> None:
    assert shards([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert shards([], 2) == []


def test_results_come_in_the_order_of_the_pieces() -> None:
    assert list(map_shards(total, shards(list(range(9)), 2), "adding")) == [1, 5, 9, 13, 8]


def test_an_error_in_another_process_comes_here() -> None:
    with pytest.raises(UserError, match="no negative numbers"):
        list(map_shards(total, [[1], [2, -1], [3]], "adding"))


def test_nothing_to_do() -> None:
    assert list(map_shards(Path, [], "nothing")) == []
