"""Writes one of the data sets into a folder, and prints what params.yaml says of it."""

import argparse
from importlib import import_module
from pathlib import Path

import yaml

NAMES = ("digits", "endless_sky", "open_clip_art", "snippets", "watch", "wesnoth", "wesnoth_animations")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.data", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    chosen = import_module(f"bench.data.{asked.name}")
    asked.folder.mkdir(parents=True, exist_ok=True)
    chosen.write(asked.folder)
    data = {"data": {"source": "manifest", "path": str(asked.folder / "table.parquet")}}
    print(yaml.safe_dump(data | chosen.PARAMS, sort_keys=False), end="")
