import threading
from functools import partial

import pytest

from sensorium.serving.beside import Beside


def test_parts_are_done_at_once_where_a_core_is_free_and_in_turn_where_none_is() -> None:
    both = threading.Barrier(2)
    beside = Beside(2, "beside")
    for _ in range(2):  # the core is free again
        waited = beside.all([partial(both.wait, 5), partial(both.wait, 5), threading.get_ident])
        assert sorted(waited[:2]) == [0, 1]
        assert waited[2] == threading.get_ident()
    assert set(Beside(1, "alone").all([threading.get_ident] * 3)) == {threading.get_ident()}


def test_a_thread_that_asks_takes_a_core_itself() -> None:
    beside, asked, answered = Beside(2, "beside"), threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        answered.wait(5)

    other = threading.Thread(target=beside.all, args=([wait],))
    other.start()
    assert asked.wait(5)
    assert set(beside.all([threading.get_ident] * 2)) == {threading.get_ident()}
    answered.set()
    other.join()
    assert len(set(beside.all([threading.get_ident] * 2))) == 2


def test_the_first_part_that_fails_tells_why() -> None:
    def fail(how: str) -> None:
        raise ValueError(how)

    beside = Beside(2, "beside")
    with pytest.raises(ValueError, match="one"):
        beside.all([int, partial(fail, "one"), partial(fail, "other")])
    assert beside.all([int]) == [0]
