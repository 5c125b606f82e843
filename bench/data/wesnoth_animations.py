"""Animations of units of the game Battle for Wesnoth: what a unit does, by its frames, its motion and its description.

From Debian's wesnoth-1.16-data (GPL-2). Frames are files `UNIT-ACTION-3.png`; those of four and more become a clip.
"""

import io
import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
from PIL import Image

from bench.data.pictures import require
from bench.data.wesnoth import PACKAGE, ROOT, TOP_LEVEL

NUMBERED = re.compile(r"(.+?)-?(\d+)\.png")
ACTIONS = {  # words of a file's name; the first that is found says what is done
    "death": ("die", "death", "dying"),
    "ranged": ("ranged", "bow", "throw", "inhale", "shoot", "sling", "crossbow", "thunderstick", "magic"),
    "idle": ("idle", "stand", "standing", "bob", "breathe"),
    "move": ("run", "fly", "flying", "takeoff", "land", "move", "moving", "walk", "swim", "leading"),
    "attack": ("attack", "melee", "sword", "blade", "staff", "spear", "axe", "claws", "bite", "pincer", "slam"),
}
FEWEST, LASTS = 4, 100  # frames, and milliseconds of each
PARAMS: dict[str, Any] = {
    "inputs": {
        "frames": {"kind": "video", "column": "clip"},
        "motion": {"kind": "video", "column": "clip", "encoder": "motion", "frames": 16},
        "text": {"kind": "text", "encoder": "minilm"},
    },
    "targets": {"action": {"kind": "class"}},
    "split": {"group": ["unit"]},
}


def write(folder: Path) -> None:
    """Writes the table and its clips into a folder."""
    require(ROOT, PACKAGE)
    rows = []
    for name, unit, action, frames in _animations():
        path = folder / "clips" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_clip(frames))
        rows.append({"id": name, "clip": f"clips/{name}.png", "unit": unit, "action": action})
    texts = dict(_texts())
    table = pd.DataFrame(rows)
    table.assign(text=table["unit"].map(texts)).to_parquet(folder / "table.parquet", index=False)


def _animations() -> Iterator[tuple[str, str, str, Sequence[Path]]]:
    """Names, units, actions and frames."""
    found: dict[Path, list[tuple[int, Path]]] = {}
    for path in sorted((ROOT / "images/units").rglob("*.png")):
        if named := NUMBERED.fullmatch(path.name):
            found.setdefault(path.with_name(named[1]), []).append((int(named[2]), path))
    for stem, frames in found.items():
        words = re.split(r"[-+_]", stem.name)
        action = next((action for action, known in ACTIONS.items() if set(known) & set(words)), None)
        if action and len(frames) >= FEWEST:
            name = "-".join(stem.relative_to(ROOT / "images/units").parts)
            unit = f"{stem.parent.name}/{words[0]}"
            yield name, unit, action, [path for _, path in sorted(frames)]


def _clip(frames: Sequence[Path]) -> bytes:
    """An animated PNG; smaller frames stand in the middle, as the game draws them."""
    pictures = [Image.open(path).convert("RGBA") for path in frames]
    size = max(one.width for one in pictures), max(one.height for one in pictures)
    written = io.BytesIO()
    with av.open(written, "w", format="apng") as output:
        stream: Any = output.add_stream("apng", rate=1000 // LASTS)
        stream.width, stream.height, stream.pix_fmt = *size, "rgba"
        for place, picture in enumerate(pictures):
            whole = Image.new("RGBA", size)
            whole.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
            frame = av.VideoFrame.from_ndarray(np.asarray(whole), format="rgba")
            frame.pts, frame.time_base = place, Fraction(LASTS, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return written.getvalue()


def _texts() -> Iterator[tuple[str, str]]:
    """Descriptions by unit, as its pictures are called."""
    for path in sorted((ROOT / "units").rglob("*.cfg")):
        facts = dict(TOP_LEVEL.findall(path.read_text(encoding="utf-8").partition("[female]")[0])[::-1])
        picture = Path(facts.get("image", "").split("~")[0])
        if picture.suffix == ".png" and "description" in facts:
            yield f"{picture.parent.name}/{re.split(r'[-+_.]', picture.name)[0]}", facts["description"]
