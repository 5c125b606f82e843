"""Tables whose pictures a package of Debian has."""

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

FOLDER = "pictures"


def write_table(rows: list[dict[str, Any]], images: Path, folder: Path) -> None:
    """Writes rows, the first of each id, and copies their pictures.

    Args:
        rows: with `picture`, a path below `pictures/`, or nothing.
        images: the folder that pictures are below of.
        folder: to write into.
    """
    for picture in {row["picture"] for row in rows if row["picture"]}:
        target = folder / picture
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(images / Path(picture).relative_to(FOLDER), target)
    pd.DataFrame(rows).drop_duplicates("id").to_parquet(folder / "table.parquet", index=False)


def require(root: Path, package: str) -> None:
    """Ends with a sentence if a package of Debian is not installed."""
    if not root.is_dir():
        raise SystemExit(f"error: {root} is not there; `apt-get install {package}` brings it.")
