"""Drawings of the Open Clip Art Library: their keywords, by title and picture.

From Debian's openclipart-svg (mostly public domain). Of drawings with the same title the first is taken, since hundreds
are variants of one. Keywords of fewer than 30 of these are left out, and so are drawings without any that is left;
every other of the rest is drawn.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from bench.data.pictures import FOLDER, require
from sensorium.decoding import drawing
from sensorium.decoding.limited import run
from sensorium.errors import BadInput

ROOT = Path("/usr/share/openclipart/svg")
PACKAGE = "openclipart-svg"
TITLE = re.compile(r"<dc:title>([^<]+)</dc:title>")
KEYWORD = re.compile(r"<rdf:li>([^<]+)</rdf:li>")
COMMON, EVERY = 30, 2
PARAMS: dict[str, Any] = {
    "inputs": {
        "title": {"kind": "text", "encoder": "minilm"},
        "picture": {"kind": "image", "encoder": "efficientnet-lite0"},
    },
    "targets": {"keywords": {"kind": "multilabel"}},
    "split": {"stratify": "keywords", "group": ["title", "picture"]},
}


def write(folder: Path) -> None:
    """Draws the pictures and writes the table into a folder."""
    require(ROOT, PACKAGE)
    titled: dict[str, tuple[Path, list[str]]] = {}
    for path in sorted(ROOT.rglob("*.svg")):
        title, words = _read(path)
        titled.setdefault(title, (path, words))
    titled.pop("", None)
    counts = Counter(word for _, words in titled.values() for word in words)
    tagged = [(path, title, common) for title, (path, words) in titled.items() if (common := _common(words, counts))]
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (path, title, words) in enumerate(tagged[::EVERY]):
        picture = f"{FOLDER}/{number:04d}.png"
        drawn = _draw(path, folder / picture)
        name = str(path.relative_to(ROOT))
        rows.append({"id": name, "title": title, "picture": picture if drawn else None, "keywords": words})
    pd.DataFrame(rows).to_parquet(folder / "table.parquet", index=False)


def _read(path: Path) -> tuple[str, list[str]]:
    """Title and keywords of a drawing."""
    content = path.read_text(encoding="utf-8", errors="replace")
    title = TITLE.search(content)
    words = {word.strip().casefold() for word in KEYWORD.findall(content)}
    return (title[1].strip() if title else ""), sorted(words - {""})


def _common(words: list[str], counts: Counter[str]) -> list[str]:
    return [word for word in words if counts[word] >= COMMON]


def _draw(path: Path, target: Path) -> bool:
    """Whether it could be drawn."""
    try:
        target.write_bytes(run(drawing.read, path.read_bytes(), drawing.LIMITS))
    except BadInput:
        return False
    return True
