"""The same request, as other clients write it: read where it is harmless, else called what it is."""

import base64
import gzip
import json
import socket
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from starlette.testclient import TestClient

from tests.conftest import png
from tests.serving.conftest import listening, serving

PNG = png((255, 251, 239), (31, 7)) + b"\xff\xfb\xef\0"  # what follows a picture is not looked at
PLAIN = base64.b64encode(PNG).decode()
JSON = {"content-type": "application/json"}
FORM = {"content-type": "multipart/form-data; boundary=X"}
WORDS = {"note": "ein grüner Frosch"}


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        base64.encodebytes(PNG).decode(),
        base64.encodebytes(PNG).decode().replace("\n", "\r\n"),
        f"  {PLAIN}\n",
        PLAIN.rstrip("="),
        base64.urlsafe_b64encode(PNG).decode(),
        base64.urlsafe_b64encode(PNG).decode().rstrip("="),
        f"data:image/png;base64,{PLAIN}",
        f"data:;base64,{PLAIN}",
        f"DATA:image/png;name=a.png;charset=x; BASE64 ,{PLAIN}",
        f"data:image/png;base64,{quote(PLAIN, safe='')}",
    ],
    ids=[
        "plain",
        "lines",
        "crlf",
        "blanks",
        "unpadded",
        "url-safe",
        "url-safe-unpadded",
        "data",
        "data-untyped",
        "data-parameters",
        "data-escaped",
    ],
)
def test_base64_of_every_sort_is_the_same_file(client: TestClient, text: str) -> None:
    assert ("+" in PLAIN or "/" in PLAIN) and PLAIN.endswith("=")  # so that the variants differ
    told = client.post("/predict", json={"photo": text})
    assert (told.status_code, told.json().get("inputs")) == (200, ["photo"])
    batch = client.post("/predict_batch", json={"samples": [{"photo": text}]}).json()["answers"][0]
    assert batch["targets"] == told.json()["targets"]


@pytest.mark.parametrize(
    "text", ["/etc/passwd", "frog.png", "a b", "====", "data:image/png,%89PNG", "https://x.org/a", PLAIN[:-1] + "*", 5]
)
def test_what_is_no_base64_is_not_opened(client: TestClient, text: object) -> None:
    told = client.post("/predict", json={"photo": text})
    sentence = "photo: a file's bytes are expected in base64; paths and URLs are not opened"
    assert (told.status_code, told.json()) == (400, {"error": sentence})


def part(head: str, content: bytes) -> bytes:
    head = f"--X\r\nContent-Disposition: form-data; {head}\r\n\r\n"
    return head.encode() + content + b"\r\n--X--\r\n"


@pytest.mark.parametrize(
    ("head", "content"),
    [
        ('name="photo"; filename="a.png"\r\nContent-Type: image/png', PNG),
        ('name="photo"\r\nContent-Type: image/png', PNG),
        ('name="photo"', PNG),
        ("name=photo; filename*=UTF-8''%e2%82%ac.png\r\nContent-Type: image/png", PNG),
        ('name="photo"; filename="€.png"', PNG),
        ('name="photo"\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary', PNG),
        (
            'name="photo"; filename="a"\r\nContent-Transfer-Encoding: BASE64',
            base64.encodebytes(PNG).replace(b"\n", b"\r\n"),
        ),
        ('name="photo"', PLAIN.encode()),
        ('name="note"', "ein grüner Frosch".encode()),
        ('name="note"; filename="a.txt"\r\nContent-Type: text/plain', "\ufeffein grüner Frosch".encode()),
        (
            'name="note"\r\nContent-Type: text/plain; charset=ISO-8859-1',
            "ein grüner Frosch".encode("latin-1"),
        ),
        (
            'name="note"; filename="a.txt"\r\nContent-Type: text/plain; charset=utf-16',
            "ein grüner Frosch".encode("utf-16"),
        ),
        ('name="car"\r\nContent-Type: application/json', b'{"age": "3"}'),
    ],
)  # fmt: skip
def test_a_part_of_every_sort_is_the_same_input(client: TestClient, head: str, content: bytes) -> None:
    told = client.post("/predict", content=part(head, content), headers=FORM)
    name = next(name for name in ("photo", "note", "car") if name in head)
    expected = client.post("/predict", json={name: ({"photo": PLAIN, "car": {"age": 3}} | WORDS)[name]})
    assert (told.status_code, expected.status_code) == (200, 200)
    assert told.json()["targets"] == expected.json()["targets"]


@pytest.mark.parametrize(
    ("head", "content", "status", "sentence"),
    [
        ('name="photo"', b"frog.png", 400, "photo: a file is expected; paths and URLs are not opened"),
        ('name="photo"', b"/srv/pictures/frog", 400, "photo: a file is expected; paths and URLs are not opened"),
        (
            'name="note"\r\nContent-Transfer-Encoding: quoted-printable', b"gr=C3=BCn", 415,
            "note: Content-Transfer-Encoding: quoted-printable cannot be read; send the bytes as they are",
        ),
        (
            'name="photo"\r\nContent-Type: image/png\r\nContent-Encoding: gzip', gzip.compress(PNG, mtime=0), 415,
            "photo: Content-Encoding: gzip is not read; send the bytes as they are",
        ),
        ('name="note"\r\nContent-Type: text/plain; charset=klingon', b"a", 415,
         "charset=klingon is not read; send UTF-8"),
        ('name="note"\r\nContent-Type: text/plain; charset=utf-16', b"abc", 400,
         "the text is not in the charset utf-16 that its header names"),
        ('name="note"', b"\xff", 400, "note: the text is not UTF-8"),
        ('name="car"', b'{"age": 1, "age": 2}', 400, "car: 'age' is given more than once"),
        ('filename="a.png"', PNG, 400,
         'the form cannot be read: The Content-Disposition header field "name" must be provided.'),
    ],
)  # fmt: skip
def test_a_part_that_is_not_read_is_called_what_it_is(
    client: TestClient, head: str, content: bytes, status: int, sentence: str
) -> None:
    told = client.post("/predict", content=part(head, content), headers=FORM)
    assert (told.status_code, told.json()) == (status, {"error": sentence})


def test_a_form_in_the_body_of_a_link(client: TestClient) -> None:
    sort = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    body = f"note={quote_plus(WORDS['note'])}&car={quote_plus(json.dumps({'age': '3'}))}&photo={PLAIN}"
    told = client.post("/predict", content=body.encode(), headers=sort)
    assert told.json()["inputs"] == ["note", "photo", "car"]
    expected = client.post("/predict", json=WORDS | {"photo": PLAIN, "car": {"age": 3}})
    assert told.json()["targets"] == expected.json()["targets"]


@pytest.mark.parametrize("path", ["/predict", "/explain", "/predict_batch", "/feedback"])
@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(b'{"note": "a"}', mtime=0)),
        ("deflate", zlib.compress(b'{"note": "a"}')),
        ("br", b"\x0b\x06\x80{}\x03"),
        ("gzip, identity", b"{}"),
    ],
)
def test_a_compressed_body_is_not_inflated(client: TestClient, path: str, encoding: str, body: bytes) -> None:
    told = client.post(path, content=body, headers=JSON | {"content-encoding": encoding})
    assert told.json() == {"error": f"Content-Encoding: {encoding} is not read; send the body as it is"}
    assert (told.status_code, told.headers["accept-encoding"]) == (415, "identity")
    secret = client.post(path, content=gzip.compress(b"{}", mtime=0), headers=JSON)
    assert (secret.status_code, secret.json()["error"]) == (
        415,
        "the body is compressed by gzip; send the body as it is",
    )


TEXT = json.dumps(WORDS, ensure_ascii=False)


@pytest.mark.parametrize(
    ("sort", "body"),
    [
        ("application/json", TEXT.encode()),
        ("application/json", TEXT.encode("utf-8-sig")),
        ("application/json", TEXT.encode("utf-16")),
        ("Application/JSON; Charset=UTF-8", TEXT.encode()),
        ('application/json;charset="utf8"', TEXT.encode()),
        ("application/json; charset=utf-16", TEXT.encode("utf-16")),
        ("application/json; charset=utf-16", TEXT.encode("utf-16-le")),
        ("application/json; charset=us-ascii", json.dumps(WORDS).encode()),
        ("application/json; charset=ISO-8859-1", TEXT.encode("latin-1")),
        ("application/json; charset=windows-1252", TEXT.encode("cp1252")),
    ],
)
def test_json_in_any_charset_that_it_names(client: TestClient, sort: str, body: bytes) -> None:
    told = client.post("/predict", content=body, headers={"content-type": sort, "content-encoding": "identity"})
    assert told.status_code == 200, told.text
    assert told.json()["targets"] == client.post("/predict", json=WORDS).json()["targets"]


@pytest.mark.parametrize(
    ("sort", "body", "status", "sentence"),
    [
        ("text/plain", TEXT.encode(), 415,
         "Content-Type: text/plain is not read; send JSON as application/json, or a form as multipart/form-data"),
        ("", b"{}", 415,
         "the request names no Content-Type; send JSON as application/json, or a form as multipart/form-data"),
        ("application/json; charset=klingon", b"{}", 415, "charset=klingon is not read; send UTF-8"),
        ("application/json; charset=hex", b"{}", 415, "charset=hex is not read; send UTF-8"),
        ("application/json", b'{"note": "gr\xfcn"}', 400, "the body is no JSON: it is not UTF-8"),
        ("application/json", b"", 400, "the body is empty"),
        ("application/json", b"{note: 1}", 400,
         "the body is no JSON: Expecting property name enclosed in double quotes (line 1, column 2)"),
        ("application/json", b'{"note": "a", "note": "b"}', 400, "'note' is given more than once"),
        ("application/json", b'{"car": {"age": 1, "age": 1}}', 400, "'age' is given more than once"),
        ("application/json", b'{"car": {"age": NaN}}', 400,
         "car: all columns are empty"),
        ("application/json", b'{"car": {"age": -Infinity}}', 400,
         "car: column 'age' holds -inf, which is not within 3.4e+38, as a number must be"),
        ("application/json", b'{"car": {"age": 1e999}}', 400,
         "car: column 'age' holds inf, which is not within 3.4e+38, as a number must be"),
        ("application/json", b'{"note": NaN}', 400, "note: a text is expected, not float"),
        ("application/json", b'{"car": {"age": 1' + b"0" * 5000 + b"}}", 400,
         "the body has a number with thousands of digits"),
        ("application/json", b'{"note": ' + b"[" * 100_000, 400, "the body is nested too deeply"),
        ("application/json", b'{"note": {"text": "a"}}', 400, "note: a text is expected, not dict"),
        ("application/json", b'{"photo": {"data": "aaaa"}}', 400,
         "photo: a file's bytes are expected in base64; paths and URLs are not opened"),
    ],
)  # fmt: skip
def test_a_body_that_is_not_read_is_called_what_it_is(
    client: TestClient, sort: str, body: bytes, status: int, sentence: str
) -> None:
    told = client.post("/predict", content=body, headers={"content-type": sort} if sort else {})
    assert (told.status_code, told.json()) == (status, {"error": sentence})


def test_feedback_in_other_clients_words(table_folder: Path, tmp_path: Path) -> None:
    about = '{"request_id": "a", "labels": {"label": "grün"}}'
    with serving(table_folder, tmp_path) as client:
        for sort, body in (
            ("application/json; charset=latin-1", about.encode("latin-1")),
            (JSON["content-type"], about.encode("utf-8-sig")),
        ):
            told = client.post("/feedback", content=body, headers={"content-type": sort})
            assert (told.status_code, told.json()["labels"]) == (202, {"label": "grün"})
        told = client.post("/feedback", content=about.encode(), headers={"content-type": "text/plain"})
        assert (told.status_code, told.json()) == (
            415,
            {"error": "Content-Type: text/plain is not read; send JSON as application/json"},
        )
        twice = client.post("/feedback", content=b'{"request_id": "a", "request_id": "b"}', headers=JSON)
        assert (twice.status_code, twice.json()) == (400, {"error": "'request_id' is given more than once"})


@pytest.fixture(scope="module")
def address(table_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(table_folder, tmp_path_factory.mktemp("log")) as client, listening(client) as url:
        yield url


def say(address: str, *parts: bytes) -> list[bytes]:
    """Sends parts of a request over one connection, each after something came back, and gives what came back."""
    host, port = address.removeprefix("http://").split(":")
    came = []
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        for one in parts:
            connection.sendall(one)
            came.append(connection.recv(4096))
    return came


def test_a_body_that_waits_to_be_asked_for_and_one_in_chunks(address: str) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    body = b'{"facts": {"a": 1}}'
    first, then = say(address, head + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body), body)
    assert first.startswith(b"HTTP/1.1 100 ")
    assert then.startswith(b"HTTP/1.1 200 ")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:4], body[4:], b""))
    assert say(address, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)[0].startswith(b"HTTP/1.1 200 ")
    told: Any = say(address, head + b"Expect: 100-continue\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n")[0]
    assert told.startswith(b"HTTP/1.1 415 ")  # before the body is asked for
