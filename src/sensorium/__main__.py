"""``python -m sensorium`` is the `sensorium` command."""

from sensorium.cli import main

main()
