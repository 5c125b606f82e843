"""Drawings of the Open Clip Art Library: their keywords, by title and picture.

From Debian's openclipart-svg (mostly public domain). Keywords of fewer than 40 drawings are left out.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from sensorium.decoding import drawing
from sensorium.decoding.limited import run
from sensorium.errors import BadInput

ROOT = Path("/usr/share/openclipart/svg")
PACKAGE = "openclipart-svg"
TITLE = re.compile(r"<dc:title>([^<]+)</dc:title>")
KEYWORD = re.compile(r"<rdf:li>([^<]+)</rdf:li>")
COMMON, DRAWINGS = 40, 3000
PARAMS: dict[str, Any] = {
    "inputs": {
        "title": {"kind": "text", "encoder": "minilm"},
        "picture": {"kind": "image", "encoder": "efficientnet-lite0"},
    },
    "targets": {"keywords": {"kind": "multilabel", "separator": ";"}},
    "split": {"stratify": None, "group": ["title", "picture"]},
}


def write(folder: Path) -> None:
    """Writes the table and the drawn pictures into a folder."""
    found = [(path, *_read(path)) for path in sorted(ROOT.rglob("*.svg"))]
    counts = Counter(word for _, _, words in found for word in words)
    tagged = [(path, title, common) for path, title, words in found if (common := _common(words, counts)) and title]
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (path, title, words) in enumerate(tagged[:: max(1, len(tagged) // DRAWINGS)]):
        picture = f"pictures/{number:05d}.png"
        drawn = _drawn(path, folder / picture)
        rows.append({"id": str(path.relative_to(ROOT)), "title": title, "picture": picture if drawn else None,
                     "keywords": ";".join(words)})  # fmt: skip
    pd.DataFrame(rows).to_parquet(folder / "table.parquet", index=False)


def _read(path: Path) -> tuple[str, list[str]]:
    content = path.read_text(encoding="utf-8", errors="replace")
    title = TITLE.search(content)
    words = {word.strip().casefold().replace(";", " ") for word in KEYWORD.findall(content)}
    return (title[1].strip() if title else ""), sorted(words - {""})


def _common(words: list[str], counts: Counter[str]) -> list[str]:
    return [word for word in words if counts[word] >= COMMON]


def _drawn(path: Path, target: Path) -> bool:
    try:
        target.write_bytes(run(drawing.read, path.read_bytes(), drawing.LIMITS))
    except BadInput:
        return False
    return True
