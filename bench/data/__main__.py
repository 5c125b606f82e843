"""Writes one of the data sets into a folder, and prints what params.yaml says of it."""

import sys
from importlib import import_module
from pathlib import Path

import yaml

NAMES = ("endless_sky", "snippets", "wesnoth")

if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in NAMES:
        raise SystemExit(f"usage: python -m bench.data {{{','.join(NAMES)}}} FOLDER")
    chosen, folder = import_module(f"bench.data.{sys.argv[1]}"), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    chosen.write(folder)
    data = {"data": {"source": "manifest", "path": str(folder / "table.parquet")}}
    print(yaml.safe_dump(data | chosen.PARAMS, sort_keys=False), end="")
