"""What connections cost that show no key, on a real server whose limits are small."""

import asyncio
import resource
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from sensorium.serving import all_connections, connections, parts
from sensorium.serving.all_connections import AllConnections, most_connections
from sensorium.serving.connections import Connection, waiting_for
from sensorium.serving.line import Line
from tests.conftest import free_port

MOST, HEAD_SECONDS, READ_SECONDS, CUTS = 10, 0.5, 0.5, 5
TURNS: list[asyncio.Future[None]] = []  # of `keyless`
HOST = b"Host: localhost\r\n"
PLAIN = b"GET /small HTTP/1.1\r\n" + HOST + b"\r\n"


async def small(_: Request) -> PlainTextResponse:
    return PlainTextResponse("small")


async def large(_: Request) -> PlainTextResponse:
    return PlainTextResponse("x" * 20_000_000)


async def echo(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{len(await request.body())} {sorted(request.headers)}")


async def slow(_: Request) -> PlainTextResponse:
    await asyncio.sleep(3 * HEAD_SECONDS)
    return PlainTextResponse("slow")


async def keyless(request: Request) -> PlainTextResponse:
    turn = asyncio.get_running_loop().create_future()
    TURNS.append(turn)
    with waiting_for(request.scope, turn, gives_way=True), suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(3 * HEAD_SECONDS):
            await turn
    return PlainTextResponse("keyless")


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    routes = [Route(f"/{one.__name__}", one, methods=["GET", "POST"]) for one in (small, large, echo, slow, keyless)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AllConnections, "most", MOST)
        patch.setattr(connections, "HEAD_SECONDS", HEAD_SECONDS)
        patch.setattr(connections, "READ_SECONDS", READ_SECONDS)
        patch.setattr(all_connections, "CUTS", CUTS)
        port = free_port()
        config = uvicorn.Config(Starlette(routes=routes), http=Connection, port=port, log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield port
        server.should_exit = True
        thread.join()


def connect(port: int, said: bytes = b"") -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=5)
    one.sendall(said)
    return one


def heard(one: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    said = b""
    try:
        while part := one.recv(65536):
            said += part
    except ConnectionResetError:
        pass
    return said


def ask(port: int, said: bytes) -> bytes:
    """The answer to a request on a connection of its own, without waiting for the end."""
    with connect(port, said) as one:
        answer = one.recv(65536)
        if b"\r\n\r\n" in answer and not answer.partition(b"\r\n\r\n")[2]:
            answer += one.recv(65536)  # its body, which may come after its head
        return answer


def flood(port: int, first: bytes, more: bytes, megabytes: int = 20) -> tuple[int, bytes]:
    """Bytes that were taken of an endless message, and what was answered."""
    with connect(port, first) as one:
        sent = 0
        try:
            while sent < megabytes * 2**20:
                one.sendall(more)
                sent += len(more)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent, heard(one)


def cut(why: str) -> float:
    return REGISTRY.get_sample_value("sensorium_connections_cut_total", {"why": why}) or 0


HALF = b"GET /small HTTP/1.1\r\n" + HOST
CHUNKED = b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (HALF, b"X-A: " + b"a" * 1000 + b"\r\n"),
        (HALF + b"X-A: ", b"a" * 10_000),
        (HALF, b"a" * 10_000),
        (b"GET /", b"a" * 10_000),
        (PLAIN * 3 + b"GET /", b"a" * 10_000),
        (CHUNKED + b"1;", b"a" * 10_000),
        (CHUNKED, b"1\r\nx\r\n" * 1000),
        (CHUNKED + b"1\r\nx\r\n0\r\n", b"X-A: " + b"a" * 1000 + b"\r\n"),
        (CHUNKED + b"1\r\nx\r\n0\r\nX-A: ", b"a" * 10_000),
        (b"", PLAIN * 1000),
    ],
    ids=[
        "fields",
        "value",
        "name",
        "path",
        "after others",
        "extension",
        "tiny chunks",
        "trailers",
        "trailer",
        "pipeline",
    ],
)
def test_what_is_no_body_does_not_grow_without_bound(port: int, first: bytes, more: bytes) -> None:
    before = cut("large") + cut("crowded")
    sent, _ = flood(port, first, more)
    assert sent < 15 * 2**20  # what the kernel buffers on the way is taken by nobody
    assert cut("large") + cut("crowded") == before + 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        (b"X: a\r\n" * 98, b"200"),
        (b"X: a\r\n" * 100, b"431"),
        (b"X: " + b"a" * 30_000 + b"\r\n", b"200"),
        (b"X: " + b"a" * 33_000 + b"\r\n", b"431"),
    ],
)
def test_heads_may_be_as_large_as_any_that_clients_send(port: int, fields: bytes, status: bytes) -> None:
    answer = ask(port, HALF + fields + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status)
    if status == b"431":
        assert answer.endswith(b'{"error": "a head has 32 KiB and 100 fields at most"}')


def test_bodies_come_as_they_did(port: int) -> None:
    assert ask(port, CHUNKED + b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\nX-Trailer: t\r\n\r\n").endswith(
        b"3 ['host', 'transfer-encoding']"  # and no field after the body is taken for one of the head
    )
    body = b"a" * 3_000_000
    head = b"POST /echo HTTP/1.1\r\n" + HOST + b"Content-Length: 3000000\r\n\r\n"
    assert b"3000000 [" in ask(port, head + body)
    chunks = b"".join(b"40\r\n" + b"a" * 64 + b"\r\n" for _ in range(40_000)) + b"0\r\n\r\n"
    assert b"2560000 [" in ask(port, CHUNKED + chunks)
    with connect(port, PLAIN * 20) as one:
        time.sleep(0.2)
        assert one.recv(65536).count(b"200 OK") == 20


def test_a_body_in_small_parts_comes_slowly_and_holds_up_no_other(port: int) -> None:
    chunks = b"".join(b"5\r\naaaaa\r\n" for _ in range(10_000)) + b"0\r\n\r\n"
    with connect(port, CHUNKED + chunks) as one:
        began, slowest = time.monotonic(), 0.0
        for _ in range(20):
            asked = time.monotonic()
            assert ask(port, PLAIN).endswith(b"small")
            slowest = max(slowest, time.monotonic() - asked)
        assert b"50000 [" in one.recv(65536)
        assert time.monotonic() - began > 0.5
    assert slowest < 0.4


def test_what_waits_of_small_parts_is_bounded(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_HELD", 1000)
    before = cut("parts")
    flood(port, CHUNKED, b"5\r\naaaaa\r\n" * 10_000, megabytes=2)
    assert cut("parts") == before + 1
    assert parts.Parts.held == 0


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"\0" * 100, b'{"error": "this is no HTTP request"}'),
        (HALF + b"X: a\r\n" * 100 + b"\r\n", b'{"error": "a head has 32 KiB and 100 fields at most"}'),
        (b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + PLAIN * 30, b""),
    ],
    ids=["no HTTP", "a large head", "a pipeline"],
)
def test_who_breaks_a_limit_is_told_at_once_and_closed_in_turn(port: int, said: bytes, answer: bytes) -> None:
    with connect(port, said) as one:
        began = time.monotonic()
        if answer:
            assert one.recv(65536).endswith(answer)
            assert time.monotonic() - began < 0.8 / CUTS
        assert heard(one) == b""
        assert time.monotonic() - began > 0.8 / CUTS


def test_a_server_that_ends_does_not_wait_for_those_that_are_kept(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(all_connections, "CUTS", 0.1)
    with connect(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + PLAIN * 30) as one:
        deadline = time.monotonic() + 5
        while not (kept := [each for one in AllConnections._of.values() for each in one.kept]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        began = time.monotonic()
        for each in kept:
            each.loop.call_soon_threadsafe(each.shutdown)
        assert heard(one) == b""
        assert time.monotonic() - began < 2
    for one in AllConnections._of.values():
        one._cut_until = 0.0


def test_a_turn_is_given_back_when_its_client_goes(port: int) -> None:
    before = len(TURNS)
    connect(port, b"GET /keyless HTTP/1.1\r\n" + HOST + b"\r\n").close()
    deadline = time.monotonic() + 5
    while not (len(TURNS) > before and TURNS[-1].done()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert isinstance(TURNS[-1].exception(), ClientDisconnect)


def test_a_request_to_upgrade_is_answered_as_any_other(port: int) -> None:
    fields = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    assert ask(port, HALF + fields + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").endswith(b"small")


def open_after(port: int, said: bytes, *drops: bytes) -> float:
    """Seconds until the service closes a connection; bytes are sent all the while."""
    with connect(port, said) as one:
        began = time.monotonic()
        one.settimeout(0.1)
        while time.monotonic() - began < 10:
            try:
                for drop in drops:
                    one.sendall(drop)
                if not one.recv(65536):
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        return time.monotonic() - began


@pytest.mark.parametrize(
    ("said", "drop"),
    [
        (b"", b""),
        (b"", b"\r\n"),
        (HALF, b"X: a\r\n"),
        (PLAIN + HALF, b"X: a\r\n"),
        (PLAIN + b"GET /", b"a"),
        (b"POST /small HTTP/1.1\r\n" + HOST + b"Content-Length: 100000\r\n\r\n", b"a"),
    ],
    ids=["nothing", "empty lines", "fields", "after another", "the next", "a body that nobody asked for"],
)
def test_clients_are_waited_for_no_longer_than_they_may_take(port: int, said: bytes, drop: bytes) -> None:
    assert 0.8 * HEAD_SECONDS < open_after(port, said, drop) < 4 * HEAD_SECONDS


def test_a_request_that_takes_its_time_is_not_given_up(port: int) -> None:
    assert ask(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n").endswith(b"slow")


def test_an_answer_that_is_not_read_is_given_up_and_one_that_is_read_slowly_is_not(port: int) -> None:
    wanted = b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n"
    before = cut("unread")
    with connect(port, wanted) as slowly, connect(port, wanted):
        read = 0
        for _ in range(20):
            time.sleep(0.1)
            read += len(slowly.recv(500_000))
        assert cut("unread") == before + 1
        read += len(heard(slowly))
    assert read > 20_000_000


def test_a_client_that_goes_is_missed_by_all_its_requests(port: int, caplog: pytest.LogCaptureFixture) -> None:
    before = cut("crowded")
    heard(connect(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n" + PLAIN * 30))
    assert cut("crowded") == before + 1
    time.sleep(3.5 * HEAD_SECONDS)
    assert "Exception in ASGI application" not in caplog.text
    assert ask(port, PLAIN).endswith(b"small")


def test_those_that_wait_make_room_for_others(port: int) -> None:
    before = cut("crowded")
    with connect(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n") as busy:
        idle = [connect(port, HALF) for _ in range(3 * MOST)]
        assert ask(port, PLAIN).endswith(b"small")
        assert cut("crowded") >= before + 2 * MOST
        assert busy.recv(65536).endswith(b"slow")
    for one in idle:
        one.close()


def test_where_all_are_busy_one_more_is_told_so(port: int) -> None:
    busy = [connect(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n") for _ in range(MOST)]
    time.sleep(0.2)
    with connect(port) as one:
        answer = heard(one)
    assert answer.startswith(b"HTTP/1.1 503")
    assert answer.endswith(b'{"error": "the service has as many connections as it takes; try again soon"}')
    assert [one.recv(65536)[-4:] for one in busy] == [b"slow"] * MOST
    for one in busy:
        one.close()


def test_requests_without_a_key_that_wait_keep_out_no_others(port: int) -> None:
    waiting = [connect(port, b"GET /keyless HTTP/1.1\r\n" + HOST + b"\r\n" + PLAIN) for _ in range(MOST)]
    time.sleep(0.2)
    with connect(port, b"GET /slow HTTP/1.1\r\n" + HOST + b"\r\n") as busy:
        assert all(ask(port, PLAIN).endswith(b"small") for _ in range(2))
        assert busy.recv(65536).endswith(b"slow")
    assert heard(waiting[0]) == b""
    assert b"\r\n\r\nkeyless" in waiting[-1].recv(65536)
    for one in waiting:
        one.close()


STRANGER = b"GET /small HTTP/1.1\r\n" + HOST + b"X-Stranger: yes\r\n\r\n"


@pytest.fixture
def strangers(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests that say so are of strangers, of whom one begins in a tenth of a second."""
    ask(port, PLAIN)  # the server has connections now
    monkeypatch.setattr(Connection, "knows", lambda scope: (b"x-stranger", b"yes") not in scope["headers"])
    for one in AllConnections._of.values():
        monkeypatch.setattr(one, "starts", Line(10, 1))


@pytest.mark.usefixtures("strangers")
def test_requests_of_strangers_begin_one_after_another_and_others_at_once(port: int) -> None:
    began = time.monotonic()
    waiting = [connect(port, STRANGER) for _ in range(6)]
    assert ask(port, PLAIN).endswith(b"small")
    assert time.monotonic() - began < 0.4
    assert all(one.recv(65536).endswith(b"small") for one in waiting)
    assert time.monotonic() - began > 0.4
    for one in waiting:
        one.close()


@pytest.mark.usefixtures("strangers")
def test_strangers_who_go_do_not_begin_and_keep_out_nobody(port: int) -> None:
    began = time.monotonic()
    waiting = [connect(port, STRANGER) for _ in range(MOST)]
    time.sleep(0.05)
    for one in waiting:
        one.close()
    assert ask(port, STRANGER).endswith(b"small")
    assert time.monotonic() - began < 0.6
    waiting = [connect(port, STRANGER) for _ in range(2 * MOST)]
    time.sleep(0.05)
    with connect(port, PLAIN) as other:
        assert other.recv(65536).endswith(b"small")
    assert waiting[-1].recv(65536).endswith(b"small")
    for one in waiting:
        one.close()


@pytest.mark.usefixtures("strangers")
def test_who_is_known_makes_room_last(port: int) -> None:
    with connect(port, PLAIN) as known:
        assert known.recv(65536).endswith(b"small")
        idle = [connect(port) for _ in range(2 * MOST)]
        time.sleep(0.1)
        known.sendall(PLAIN)
        assert known.recv(65536).endswith(b"small")
    for one in idle:
        one.close()


def test_connections_leave_room_for_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [most_connections(files) for files in (100, 1024, 4256, 10**6)] == [1, 384, 2000, 2000]
    given: list[Any] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 3000))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: given.append(limits))
    monkeypatch.setattr(AllConnections, "most", 0)
    monkeypatch.setattr(Connection, "knows", None)
    monkeypatch.setattr(connections, "HTTP_PROTOCOLS", {})
    connections.limit(lambda _: False)
    assert given == [(3000, 3000)]
    assert AllConnections.most == 1372
    assert connections.HTTP_PROTOCOLS == {"auto": "sensorium.serving.connections:Connection"}
