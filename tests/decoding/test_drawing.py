"""A drawing is what its own bytes say, and cannot hold up the run."""

import io
from pathlib import Path

import pytest
from PIL import Image as Pillow

from sensorium.decoding import drawing
from sensorium.decoding.limited import run
from sensorium.errors import BadInput

HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{}" height="{}">{}</svg>'
)
SQUARE = '<rect width="100" height="100" fill="#00ff00"/>'


def svg(content: str, width: str = "100", height: str = "100") -> bytes:
    return HEAD.format(width, height, content).encode()


def drawn(raw: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(run(drawing.read, raw, drawing.LIMITS))).convert("RGBA")


def test_a_drawing_is_rendered() -> None:
    found = drawn(svg(SQUARE))
    assert (found.size, found.getpixel((160, 160))) == ((320, 320), (0, 255, 0, 255))


@pytest.mark.parametrize("side", ["100", "26.46mm", "75pt", "1.0417in"])
def test_a_drawing_is_as_large_as_it_says_in_any_unit(side: str) -> None:
    found = drawn(svg('<rect width="50%" height="100%" fill="#00ff00"/>', side, side))
    assert (found.size, found.getpixel((100, 160)), found.getpixel((220, 160))) == (
        (320, 320),
        (0, 255, 0, 255),
        (0, 0, 0, 0),
    )


@pytest.mark.parametrize("way", ["{}", "file://{}", "other.png"])
def test_no_reference_is_resolved(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Pillow.new("RGB", (9, 9), (255, 0, 0)).save(tmp_path / "other.png")
    monkeypatch.chdir(tmp_path)
    link = way.format(tmp_path / "other.png")
    found = drawn(svg(f'<image xlink:href="{link}" width="100" height="100"/>'))
    assert found.getpixel((160, 160)) == (0, 0, 0, 0)


def test_no_font_of_the_machine_is_used() -> None:
    found = drawn(svg('<text x="10" y="60" font-size="60">WWW</text>'))
    assert found.getextrema() == ((0, 0),) * 4


HOSTILE = {
    "laughs": b"<!DOCTYPE svg [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
    + svg("<text>&j;</text>"),
    "copies": svg(
        "<defs>"
        + '<g id="a0"><rect width="9" height="9"/></g>'
        + "".join(f'<g id="a{n}">' + f'<use xlink:href="#a{n - 1}"/>' * 10 + "</g>" for n in range(1, 10))
        + '</defs><use xlink:href="#a9"/>'
    ),
    "nesting": svg("<g>" * 200_000 + "</g>" * 200_000),
    "height": svg(SQUARE, "1", "1e9"),
    "no drawing": b"hello",
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_bomb_is_refused_and_the_next_is_drawn(raw: bytes) -> None:
    with pytest.raises(BadInput):
        drawn(raw)
    assert drawn(svg(SQUARE)).size == (320, 320)
