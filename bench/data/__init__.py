"""Data sets of other people that Debian's and Python's packages carry, as tables that Sensorium reads.

Each module has `write(folder)`, which writes `table.parquet` and the media it names, and `PARAMS`, what params.yaml
says of it beside the shipped one. `python -m bench.data wesnoth my/units` writes one and prints its params.
"""
