"""The real thing: `bentoml serve` in processes of its own."""

import base64
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from PIL import Image

from sensorium.runtime import settings
from tests.conftest import PRIVATE, REPOSITORY, answers, free_port, modes, png, wav
from tests.serving.conftest import served_as

pytestmark = pytest.mark.slow
PATIENCE = 60  # seconds
SAMPLES = {"samples": [{"photo": base64.b64encode(png()).decode()}] * 64}  # which takes a while


@contextmanager
def bentoml_serve(
    model: Path | None, home: Path, *what: str, folder: Path = REPOSITORY, bentoml: Path | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A service of a model, or of what the folder has, and its address; its files are in ``home``, open to all."""
    port = free_port()
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("bentoml")), "serve", *what, "--port", str(port)],
        cwd=folder,
        env=os.environ
        | {"BENTOML_HOME": str(bentoml or home / "bentoml"), "SENSORIUM_LOG": str(home / "log")}
        | ({"SENSORIUM_MODEL": str(model)} if model else {}),
        stdout=(home / "out").open("wb"),
        stderr=(home / "err").open("wb"),
        umask=0,
    )
    address = f"http://127.0.0.1:{port}"
    end = time.monotonic() + PATIENCE
    while not answers(f"{address}/readyz"):
        assert process.poll() is None and time.monotonic() < end, said(home)
        time.sleep(0.05)
    try:
        yield process, address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def said(home: Path) -> str:
    """What a service printed."""
    return (home / "out").read_text() + (home / "err").read_text()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def address(model_folder: Path, home: Path) -> Iterator[str]:
    """A service that keeps content, in a folder that an earlier version left open."""
    folder = served_as(model_folder, home / "model")
    settings.write(folder, settings.Settings(keep=settings.Keep(keep_content=True)))
    for path in ("predictions.jsonl", "predictions.jsonl.1", "content/ab/abc"):
        (home / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        (home / "log" / path).write_text("old\n")
    for path in [home / "log", *(home / "log").rglob("*")]:
        path.chmod(0o777)
    with bentoml_serve(folder, home) as (_, url):
        yield url


def test_its_figures_are_where_prometheus_looks(address: str) -> None:
    httpx.post(f"{address}/predict", json={"note": "a frog"})
    httpx.post(f"{address}/predict", json={})
    told = httpx.get(f"{address}/metrics").text
    for line in (
        r'sensorium_requests_total\{endpoint="predict",status="200"\} 1.0',
        r'sensorium_requests_total\{endpoint="predict",status="400"\} 1.0',
        r'sensorium_request_seconds_count\{endpoint="predict"\} 2.0',
        r'sensorium_missing_inputs_total\{input="photo"\} 1.0',
        r'sensorium_batch_size_count\{role="champion"\} 1.0',
        r'sensorium_step_seconds_count\{step="encode"\} 1.0',
        r'sensorium_confidence_count\{target="size"\} 1.0',
        r'sensorium_model\{model_version="\w{12}",role="champion"\} 1.0',
        r"sensorium_requests_in_flight 0.0",
    ):
        assert re.search(f"^{line}$", told, re.MULTILINE), line


def answered(address: str) -> float:
    """How many predictions a service says it made."""
    line = r'^sensorium_requests_total\{endpoint="predict",status="200"\} (\S+)$'
    found = re.search(line, httpx.get(f"{address}/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0


def test_what_it_writes_down_is_closed_to_others_and_so_is_what_was_open_before(address: str, home: Path) -> None:
    said = httpx.post(f"{address}/predict", data={"note": "a frog"}, files={"photo": png()}).json()
    told = {"request_id": said["request_id"], "labels": {"label": "no"}}
    assert httpx.post(f"{address}/feedback", json=told).status_code == 202
    log = home / "log"
    end = time.monotonic() + PATIENCE
    while len(list(log.glob("content/*/*"))) < 3 or not (log / "feedback.jsonl").stat().st_size:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert modes(log) == PRIVATE
    sentence = f"{log}: 6 files or folders were open to other users; they are closed now"
    assert [one["message"] for one in lines(home / "out") if one["logger"] == "sensorium.private"] == [sentence]


def lines(out: Path) -> list[dict[str, object]]:
    """The lines of standard output; each must be an object of JSON."""
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert {type(one) for one in found} == {dict}
    return found


NO_REQUESTS = (
    b"GARBAGE\r\n\r\n",
    b"\x16\x03\x01\0\xa5",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
)
SHORT = b"\x03\0\x01\0\0\0"  # in a TIFF: a tag with one number


def tiff(mode: str, tag: bytes, right: int, wrong: int) -> bytes:
    """A picture with a wrong tag, over which libtiff or Pillow has words."""
    stream = io.BytesIO()
    Image.new(mode, (40, 30)).save(stream, "TIFF", compression="group4" if mode == "1" else None)
    assert tag + SHORT + bytes([right]) in stream.getvalue()
    return stream.getvalue().replace(tag + SHORT + bytes([right]), tag + SHORT + bytes([wrong]))


def test_all_of_standard_output_is_json_whatever_comes_in(address: str, home: Path) -> None:
    for bytes_sent in NO_REQUESTS:
        with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as client:
            client.sendall(bytes_sent)
            assert client.recv(100)
    bits, samples = tiff("1", b"\x02\x01", 1, 8), tiff("RGB", b"\x15\x01", 3, 99)
    for name, broken in [("photo", bits), ("photo", samples), ("photo", png()[:60]), ("sound", wav()[:50])]:
        assert httpx.post(f"{address}/predict", files={name: broken}).status_code == 400
    assert httpx.post(f"{address}/predict", content="{").status_code == 415
    told = {(one["logger"], one["message"]) for one in lines(home / "out")}
    assert ("uvicorn.error", "Invalid HTTP request received.") in told
    printed = said(home) + (home / "err").read_text()
    assert "More samples per pixel" not in printed  # what Pillow and libtiff print in a decoder's process goes nowhere
    assert "Bits/sample must be 1" not in printed


def test_two_services_of_one_user_count_each_for_itself(
    address: str, home: Path, table_folder: Path, tmp_path: Path
) -> None:
    httpx.post(f"{address}/predict", json={"note": "a frog"})
    before = answered(address)
    with bentoml_serve(table_folder, tmp_path, bentoml=home / "bentoml") as (_, other):
        for _ in range(5):
            assert httpx.post(f"{other}/predict", json={"facts": {"a": 1}}).status_code == 200
        httpx.post(f"{address}/predict", json={"note": "a frog"})
        assert (answered(address), answered(other)) == (before + 1, 5)
        assert "sensorium_missing_inputs_total" in httpx.get(f"{address}/metrics").text
    assert answered(address) == before + 1
    assert list((home / "bentoml/prometheus_multiproc_dir").iterdir()) == []  # nor do they leave anything


def test_paths_that_are_not_there_leave_nothing_behind(address: str) -> None:
    before = len(httpx.get(f"{address}/metrics").text.splitlines())
    for number in range(50):
        assert httpx.get(f"{address}/made-up-{number}").status_code == 404
    told = httpx.get(f"{address}/metrics").text
    assert "made-up" not in told
    assert len(told.splitlines()) - before < 20


def test_paths_that_are_not_there_are_answered_at_a_pace(address: str) -> None:
    began = time.monotonic()
    with httpx.Client(base_url=address) as client, ThreadPoolExecutor(8) as threads:
        assert {one.status_code for one in threads.map(client.get, ["/nothing"] * 170)} == {404}
    assert time.monotonic() - began > 1.0  # 50 pass at once, then 100 a second


def test_the_page_of_the_api_is_whole_and_needs_nothing_from_outside(address: str) -> None:
    page = httpx.get(f"{address}/docs")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'self'; style-src 'self' 'unsafe-inline';")
    files = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(files) == 5
    for file in files:
        assert httpx.get(f"{address}{file}").status_code == 200


def test_what_is_in_flight_is_finished_before_it_ends(model_folder: Path, tmp_path: Path) -> None:
    with bentoml_serve(model_folder, tmp_path) as (process, address), ThreadPoolExecutor(6) as threads:
        asked = [
            threads.submit(httpx.post, f"{address}/predict_batch", json=SAMPLES, timeout=PATIENCE) for _ in range(6)
        ]
        while "sensorium_requests_in_flight 6.0" not in httpx.get(f"{address}/metrics", timeout=PATIENCE).text:
            assert not all(one.done() for one in asked), "too fast to see"
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as gone:  # in its body
            gone.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n")
            gone.sendall(b"Content-Type: application/json\r\n\r\n{")
        process.send_signal(signal.SIGTERM)
        answers = [one.result() for one in asked]
        assert process.wait(PATIENCE) == 0
    assert [answer.status_code for answer in answers] == [200] * 6
    assert all(len(answer.json()["answers"]) == 64 for answer in answers)
    written = (tmp_path / "log/predictions.jsonl").read_text().splitlines()
    assert len(written) == 6 * 64


def test_overload_is_answered_and_passes(model_folder: Path, tmp_path: Path) -> None:
    folder = served_as(model_folder, tmp_path / "model", in_flight=4)
    with bentoml_serve(folder, tmp_path) as (_, address), httpx.Client(timeout=PATIENCE) as http:
        with ThreadPoolExecutor(24) as threads:
            asked = [threads.submit(http.post, f"{address}/predict_batch", json=SAMPLES) for _ in range(48)]
            answers = [one.result() for one in asked]
        statuses = {answer.status_code for answer in answers}
        assert statuses == {200, 503}
        assert {answer.headers["Retry-After"] for answer in answers if answer.status_code == 503} == {"1"}
        assert http.post(f"{address}/predict", json={"note": "a frog"}).status_code == 200


def test_a_killed_worker_loses_no_line_that_was_answered(model_folder: Path, tmp_path: Path) -> None:
    with bentoml_serve(model_folder, tmp_path) as (process, address):
        ids = [httpx.post(f"{address}/predict", json={"note": f"{n}"}).json()["request_id"] for n in range(20)]
        time.sleep(0.2)
        workers(process)[0].kill()
        end = time.monotonic() + PATIENCE
        while not answers(f"{address}/readyz"):  # it is started again
            assert time.monotonic() < end
            time.sleep(0.05)
    written = (tmp_path / "log/predictions.jsonl").read_text()
    assert [request_id in written for request_id in ids] == [True] * 20


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [child for child in psutil.Process(process.pid).children() if "worker.service" in str(child.cmdline())]


def test_a_killed_service_leaves_no_worker_that_serves_on(table_folder: Path, tmp_path: Path) -> None:
    with bentoml_serve(table_folder, tmp_path) as (process, address):
        left = psutil.Process(process.pid).children(recursive=True)
        assert len(workers(process)) == 1
        process.kill()
        assert psutil.wait_procs(left, PATIENCE)[1] == []
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{address}/readyz")


def test_a_service_killed_while_it_starts_leaves_no_worker_either(table_folder: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("bentoml")), "serve", "--port", str(free_port())],
        cwd=REPOSITORY,
        env=os.environ | {"BENTOML_HOME": str(tmp_path), "SENSORIUM_MODEL": str(table_folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + PATIENCE
    while not (started := workers(process)):
        assert time.monotonic() < end
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert psutil.wait_procs(started, PATIENCE)[1] == []


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SENSORIUM_MODEL": "/nothing"}, "/nothing holds no model"),
        ({"SENSORIUM_API_KEYS": "plain"}, "SENSORIUM_API_KEYS: an entry is not NAME:HASH"),
        ({"SENSORIUM_LOG": "/proc/log"}, "the log of predictions cannot be written to /proc/log"),
    ],
)
def test_what_it_cannot_start_with_is_told_in_a_sentence(
    model_folder: Path, tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    command = [str(Path(sys.executable).with_name("bentoml")), "serve", "--port", str(free_port())]
    variables = os.environ | {"SENSORIUM_MODEL": str(model_folder), "BENTOML_HOME": str(tmp_path)} | environment
    done = subprocess.run(
        command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode != 0
    assert sentence in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
