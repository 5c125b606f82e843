"""schema: the JSON schema of params.yaml, for editors."""

from pathlib import Path

from sensorium import params
from sensorium.files import write_json

FILE = Path("params.schema.json")


def run() -> None:
    """Writes params.schema.json."""
    write_json(FILE, params.schema())
