"""Readers that misbehave."""

import json
import os
import signal
import time


def echo(raw: bytes) -> bytes:
    return raw


def own(raw: bytes) -> bytes:
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    return json.dumps({"id": os.getpid(), "environment": sorted(os.environ), "niceness": niceness}).encode()


def work(raw: bytes) -> bytes:
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    return own(raw)


def stop(raw: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSTOP)
    return raw


def spin(raw: bytes) -> bytes:
    while True:
        pass


def hoard(raw: bytes) -> bytes:
    return bytes(len(bytearray(300_000_000)))


def crash(raw: bytes) -> bytes:
    os.abort()


def look(raw: bytes) -> bytes:
    with open(raw.decode(), "rb") as file:  # noqa: PTH123
        return file.read()


def trip(raw: bytes) -> bytes:
    raise LookupError("x" * 5000)
