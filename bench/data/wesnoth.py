"""Units of the game Battle for Wesnoth: their hit points, their cost and their race, by text, picture and columns.

From Debian's wesnoth-1.16-data (GPL-2).
"""

import re
from pathlib import Path
from typing import Any

from bench.data.pictures import require, write_table

ROOT = Path("/usr/share/games/wesnoth/1.16/data/core")
PACKAGE = "wesnoth-1.16-data"
TOP_LEVEL = re.compile(r'^    (\w+)=\s*_?\s*"?([^"\n]*)', re.MULTILINE)
STRIKES = re.compile(r"damage=(\d+)\s+number=(\d+)")
PARAMS: dict[str, Any] = {
    "inputs": {
        "text": {"kind": "text", "encoder": "minilm"},
        "picture": {"kind": "image", "encoder": "efficientnet-lite0"},
        "facts": {
            "kind": "tabular",
            "numbers": ["level", "movement", "experience", "attacks", "damage"],
            "categories": ["alignment", "movement_type", "usage"],
        },
    },
    "targets": {"hitpoints": {"kind": "number"}, "cost": {"kind": "number"}, "race": {"kind": "class"}},
    "split": {"stratify": None, "group": ["text", "picture"]},
}


def write(folder: Path) -> None:
    """Writes the table and its pictures into a folder."""
    require(ROOT, PACKAGE)
    rows = [row for path in sorted((ROOT / "units").rglob("*.cfg")) if (row := _row(path))]
    write_table(rows, ROOT / "images", folder)


def _row(path: Path) -> dict[str, Any] | None:
    content = path.read_text(encoding="utf-8")
    facts = dict(TOP_LEVEL.findall(content.partition("[female]")[0])[::-1])
    if not {"id", "race", "description"} <= facts.keys() or not _number(facts.get("cost")):
        return None
    image = facts.get("image", "").split("~")[0]
    strikes = [int(damage) * int(number) for damage, number in STRIKES.findall(content)]
    return {
        "id": facts["id"],
        "text": facts["description"],
        "picture": f"pictures/{image}" if (ROOT / "images" / image).is_file() and image else None,
        **{name: _number(facts.get(name)) for name in ("level", "movement", "experience")},
        "attacks": float(len(strikes)),
        "damage": float(max(strikes, default=0)),
        **{name: facts.get(name) for name in ("alignment", "movement_type", "usage", "race")},
        "hitpoints": _number(facts.get("hitpoints")),
        "cost": _number(facts["cost"]),
    }


def _number(cell: str | None) -> float | None:
    """Of what is no macro, which other files would explain."""
    return float(cell) if cell and cell.isdigit() else None
