import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sensorium.decoding import limited
from sensorium.decoding.limited import Limits, run
from sensorium.decoding.room import MOST_MEMORY, Room
from sensorium.errors import BadInput, UserError
from sensorium.modalities import Image
from tests.conftest import png
from tests.decoding import readers

LIMITS = Limits(seconds=0.2, memory=50_000_000)


def complaint(reader: limited.Reader, raw: bytes = b"") -> str:
    with pytest.raises(BadInput) as caught:
        run(reader, raw, LIMITS)
    return str(caught.value)


def child() -> int:
    return int(json.loads(run(readers.own, b"", LIMITS))["id"])


def test_what_a_reader_gives_comes_back() -> None:
    whole = os.urandom(3_000_000)
    assert run(readers.echo, whole, LIMITS) == whole
    assert child() == child() != os.getpid()


@pytest.mark.parametrize(
    ("reader", "sentence"),
    [
        (readers.spin, "reading it takes longer than 0.2 seconds"),
        (readers.hoard, "reading it takes more than 50 MB of memory"),
        (readers.crash, "it is broken in a way that breaks its reader"),
        (readers.trip, f"it cannot be read (LookupError: {'x' * 300})"),
    ],
)
def test_a_reader_that_overstays_or_breaks_costs_its_own_input_only(reader: limited.Reader, sentence: str) -> None:
    assert complaint(reader) == sentence
    assert run(readers.echo, b"next", LIMITS) == b"next"


def test_a_process_that_forks_nobody_any_more_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(readers.echo, b"one", LIMITS) == b"one"
    stuck = limited._children._process
    assert stuck
    os.kill(stuck.pid, signal.SIGSTOP)
    limited._children.renew()
    monkeypatch.setattr(limited, "FORKED", 0.1)
    with pytest.raises(OSError):
        limited._children._fork()
    monkeypatch.undo()
    limited._children._begin()
    assert stuck.returncode == -signal.SIGKILL
    assert run(readers.echo, b"two", LIMITS) == b"two"


def test_a_reader_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("told")
    assert complaint(readers.look, str(tmp_path / "secret").encode()) == (
        f"it cannot be read (OSError: [Errno 24] Too many open files: '{tmp_path / 'secret'}')"
    )


def test_a_reader_knows_no_secret_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_API_KEYS", "secret")
    monkeypatch.setattr(limited, "_children", limited._Children())
    known = json.loads(run(readers.own, b"", LIMITS))["environment"]
    assert set(known) <= {*limited.KEPT, *limited.ONE_THREAD, *limited.NO_STOCK, "PYTHONPATH", "LC_CTYPE"}


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux says what a process holds")
def test_a_child_holds_little_memory_ready_which_no_limit_would_count() -> None:
    nameless = r"^[0-9a-f]+-\S+ \S+ \S+ 00:00 0 *\nSize: +(\d+)(?s:.)*?^Rss: +(\d+)"
    found = re.findall(nameless, Path(f"/proc/{child()}/smaps").read_text(), re.MULTILINE)
    assert sum(int(size) - int(resident) for size, resident in found) < 100_000  # kilobytes


def test_a_child_that_died_while_it_waited_costs_nothing() -> None:
    os.kill(child(), signal.SIGKILL)
    assert run(readers.echo, b"next", LIMITS) == b"next"


def test_when_nobody_can_fork_any_more_another_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    children = limited._Children()
    monkeypatch.setattr(limited, "_children", children)
    first = child()
    assert children._process
    os.kill(children._process.pid, signal.SIGKILL)
    children._process.wait()
    os.kill(first, signal.SIGKILL)
    assert child() != first


def test_where_no_child_can_start_it_is_not_the_input_that_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_children", limited._Children())
    monkeypatch.setattr(limited, "CHILD", "sensorium.no_such_module")
    with pytest.raises(UserError, match="^the process that reads files does not start; "):
        Image().accept(png())


def test_memory_that_would_be_too_much_at_once_is_waited_for_in_order() -> None:
    room, order = Room(), []

    def wait(memory: int) -> None:
        with room.take(memory):
            order.append(f"had {memory}")
            time.sleep(0.02)  # the next finds it taken

    threads = [threading.Thread(target=wait, args=(memory,)) for memory in (MOST_MEMORY, 1, 2)]
    with room.take(MOST_MEMORY - 1):
        for thread in threads:
            thread.start()
            time.sleep(0.02)
        order.append("freed")
    for thread in threads:
        thread.join()
    assert order == ["freed", f"had {MOST_MEMORY}", "had 1", "had 2"]


def test_a_child_that_works_long_leaves_the_cores_to_others_and_is_not_used_again() -> None:
    long = json.loads(run(readers.work, b"", Limits(seconds=5.0, memory=50_000_000)))
    assert long["niceness"] == min(os.getpriority(os.PRIO_PROCESS, 0) + limited.LATER, 19)
    again = json.loads(run(readers.own, b"", LIMITS))
    assert (again["niceness"], again["id"] == long["id"]) == (os.getpriority(os.PRIO_PROCESS, 0), False)


def test_a_large_file_leaves_the_cores_to_others_from_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_children", children := limited._Children())
    large = json.loads(run(readers.own, bytes(limited.LARGE + 1), LIMITS))
    assert large["niceness"] == min(os.getpriority(os.PRIO_PROCESS, 0) + limited.LATER, 19)
    until = time.monotonic() + 30
    while not children._free and time.monotonic() < until:
        time.sleep(0.01)
    (ready,) = children._free  # whose first file need not wait for a fork
    assert ready.number == child() != large["id"]


def test_where_forking_gets_stuck_another_process_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    children = limited._Children()
    monkeypatch.setattr(limited, "_children", children)
    first, begin = child(), children._begin

    def begin_in_time() -> None:
        monkeypatch.setattr(limited, "FORKED", 30.0)
        begin()

    monkeypatch.setattr(limited, "FORKED", 0.5)
    monkeypatch.setattr(children, "_begin", begin_in_time)
    assert children._process
    os.kill(children._process.pid, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    assert child() != first


def test_a_child_that_is_stuck_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "ANSWERED", 0.3)
    assert complaint(readers.stop) == "reading it takes longer than 0.2 seconds"
    assert run(readers.echo, b"next", LIMITS) == b"next"


def test_several_threads_have_a_child_each() -> None:
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda raw=bytes([number]) * 10**6: found.append(run(readers.echo, raw, LIMITS)))
        for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [bytes([number]) * 10**6 for number in range(12)]


def test_children_end_with_who_started_them() -> None:
    code = "from tests.decoding.test_limited import child, os; print(child()); os.kill(os.getpid(), 9)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    left = Path(f"/proc/{int(told.stdout)}")
    deadline = time.monotonic() + 10
    while left.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left.exists()
