"""Drawings of the Open Clip Art Library: their keywords, by title and picture.

From Debian's openclipart-svg (mostly public domain). Keywords of fewer than 60 drawings are left out, and so are
drawings
without any that is left; every third of the others is drawn.
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
COMMON, EVERY = 60, 3
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
    found = [(path, *_read(path)) for path in sorted(ROOT.rglob("*.svg"))]
    counts = Counter(word for _, _, words in found for word in words)
    common = [(path, title, [word for word in words if counts[word] >= COMMON]) for path, title, words in found]
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (path, title, words) in enumerate([one for one in common if one[1] and one[2]][::EVERY]):
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


def _draw(path: Path, target: Path) -> bool:
    """Whether it could be drawn."""
    try:
        target.write_bytes(run(drawing.read, path.read_bytes(), drawing.LIMITS))
    except BadInput:
        return False
    return True
