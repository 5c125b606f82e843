"""Readers that misbehave."""

import json
import os


def echo(raw: bytes) -> bytes:
    return raw


def own(raw: bytes) -> bytes:
    return json.dumps({"id": os.getpid(), "environment": sorted(os.environ)}).encode()


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
