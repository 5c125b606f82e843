"""Outfits and ships of the game Endless Sky: what does it cost, by its text, its columns and its picture?

From Debian's endless-sky-data (GPL-3+, pictures CC-BY-SA).
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.data.pictures import require, write_table

ROOT = Path("/usr/share/games/endless-sky")
PACKAGE = "endless-sky-data"
WORD = re.compile(r'"([^"]*)"|`([^`]*)`|(\S+)')
COLUMNS = {
    "outfit": ["mass", "outfit space", "weapon capacity", "engine capacity", "energy capacity", "energy generation",
               "heat generation", "shield generation", "thrust", "turn", "cooling"],
    "ship": ["mass", "hull", "shields", "drag", "heat dissipation", "required crew", "bunks", "cargo space",
             "fuel capacity", "outfit space", "weapon capacity", "engine capacity"],
}  # fmt: skip
NUMBERS = list(dict.fromkeys(name for names in COLUMNS.values() for name in names))
PARAMS: dict[str, Any] = {
    "inputs": {
        "text": {"kind": "text", "encoder": "minilm"},
        "picture": {"kind": "image", "encoder": "efficientnet-lite0"},
        "facts": {"kind": "tabular", "numbers": NUMBERS, "categories": ["sort", "category"]},
    },
    "targets": {"cost": {"kind": "number"}},
    "split": {"stratify": None, "group": ["text", "picture"]},
}


def write(folder: Path) -> None:
    """Writes the table and its pictures into a folder."""
    require(ROOT, PACKAGE)
    rows = [row for row in (_row(*item) for item in _items()) if row]
    write_table(rows, ROOT / "images", folder)


def _items() -> Iterator[tuple[str, str, dict[str, list[str]]]]:
    """Sort, name and the words behind each key of every outfit and ship."""
    for path in sorted((ROOT / "data").rglob("*.txt")):
        found: tuple[str, str, dict[str, list[str]]] | None = None
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            words = ["".join(parts) for parts in WORD.findall(line.split("#")[0])]
            if not words:
                continue
            if not line.startswith("\t"):
                if found:
                    yield found
                found = (words[0], words[1], {}) if words[0] in COLUMNS and len(words) == 2 else None
            elif found and len(words) > 1:
                found[2].setdefault(words[0], []).append(words[1])
        if found:
            yield found


def _row(sort: str, name: str, facts: dict[str, list[str]]) -> dict[str, Any] | None:
    if "cost" not in facts or float(facts["cost"][0]) <= 0:
        return None
    picture = next(iter(facts.get("thumbnail", facts.get("sprite", []))), "")
    file = next((ROOT / "images").glob(f"{picture}*.[pj][np]g"), None) if picture else None
    numbers = {column: float(facts[column][0]) if column in facts else None for column in NUMBERS}
    return {
        "id": f"{sort} {name}",
        "text": " ".join(facts.get("description", [])) or None,
        "picture": f"pictures/{file.relative_to(ROOT / 'images')}" if file else None,
        "sort": sort,
        "category": next(iter(facts.get("category", [])), None),
        "cost": float(facts["cost"][0]),
        **numbers,
    }
