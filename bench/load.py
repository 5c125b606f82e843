"""Requests to a server: as fast as so many clients can, or at a steady rate."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

Form = tuple[bytes, str]  # a body and its content type


@dataclass
class Load:
    """What came of it.

    Attributes:
        seconds: of every request that was answered 200.
        wrong: how often another status, or none, came instead.
        taken: seconds in all.
    """

    seconds: list[float] = field(default_factory=list)
    wrong: dict[str, int] = field(default_factory=dict)
    taken: float = 0.0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return len(self.seconds) / self.taken

    def percentile(self, share: float) -> float:
        """Milliseconds within which so many of the answers came."""
        return 1000 * sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


async def at_once(url: str, forms: Sequence[Form], clients: int, seconds: float) -> Load:
    """So many clients, each asking again as soon as it has its answer."""
    load, start = Load(), time.perf_counter()

    async def client(number: int, session: aiohttp.ClientSession) -> None:
        while time.perf_counter() - start < seconds:
            await _ask(session, url, forms[number % len(forms)], load)
            number += clients

    async with _session() as session:
        await asyncio.gather(*(client(number, session) for number in range(clients)))
    load.taken = time.perf_counter() - start
    return load


async def steadily(url: str, forms: Sequence[Form], rate: float, seconds: float, key: str = "") -> Load:
    """So many requests a second, whether or not earlier ones were answered; ``key`` is shown."""
    load, start, asked = Load(), time.perf_counter(), set()
    async with _session(key) as session:
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
            task = asyncio.create_task(_ask(session, url, forms[number % len(forms)], load))
            asked.add(task)
            task.add_done_callback(asked.discard)
        await asyncio.gather(*asked)
    load.taken = time.perf_counter() - start
    return load


async def _ask(session: aiohttp.ClientSession, url: str, form: Form, load: Load) -> None:
    begun = time.perf_counter()
    try:
        async with session.post(url, data=form[0], headers={"content-type": form[1]}) as answer:
            await answer.read()
            outcome = str(answer.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        outcome = type(error).__name__
    if outcome == "200":
        load.seconds.append(time.perf_counter() - begun)
    else:
        load.wrong[outcome] = load.wrong.get(outcome, 0) + 1


def _session(key: str = "") -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {key}"} if key else {},
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=60),
        read_bufsize=2**16,
    )


def encode(fields: dict[str, str | bytes]) -> Form:
    """A multipart form; bytes become files."""
    boundary = os.urandom(16).hex()
    parts = []
    for name, value in fields.items():
        file = '; filename="file"\r\nContent-Type: application/octet-stream' if isinstance(value, bytes) else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        parts += [head.encode(), value if isinstance(value, bytes) else value.encode(), b"\r\n"]
    return b"".join([*parts, f"--{boundary}--\r\n".encode()]), f"multipart/form-data; boundary={boundary}"
