"""A server of the tests' own that speaks S3."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
import pytest

from tests.conftest import free_port

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}
PATIENCE = 120  # seconds


@contextmanager
def s3(bucket: str) -> Iterator[str]:
    """Runs a server with a bucket, to which keys are in the environment; yields its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "--port", str(port)]
    served = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        try:
            end = time.monotonic() + PATIENCE
            while not _made(bucket, address):
                assert time.monotonic() < end, "waited too long for the S3 server"
                time.sleep(0.2)
            yield address
        finally:
            served.kill()
            served.wait()


def _made(bucket: str, address: str) -> bool:
    try:
        boto3.client("s3", endpoint_url=address).create_bucket(Bucket=bucket)
    except Exception:  # not up yet
        return False
    return True
