"""The `sensorium` command: a table of plain functions, each importing what it needs when it is called."""

import os
import sys
from importlib import import_module

import typer

from sensorium.errors import UserError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=import_module("sensorium").__doc__
)


@app.command()
def fetch() -> None:
    """Bring the data and the encoders' weights that params.yaml asks for (once; `make setup` does it)."""
    _stage("fetch")


@app.command()
def ingest() -> None:
    """Read the source's rows and media into data/raw."""
    _stage("ingest")


@app.command()
def validate() -> None:
    """Ask every row what it must answer; quarantine those that fail, with the reason."""
    _stage("validate")


@app.command()
def prepare() -> None:
    """Clean every input's values and divide the rows into train, val and test."""
    _stage("prepare")


@app.command()
def embed(name: str = typer.Argument(metavar="INPUT", help="an input of params.yaml")) -> None:
    """Encode an input's values by its frozen encoder; only what is new."""
    _stage("embed", name)


@app.command()
def search() -> None:
    """Try hyper-parameters on the cached features; a killed search goes on where it was."""
    _stage("search")


@app.command()
def train() -> None:
    """Fit the network with the best hyper-parameters."""
    _stage("train")


@app.command()
def evaluate() -> None:
    """Measure the network on the test rows: with all inputs, each missing, each alone."""
    _stage("evaluate")


@app.command()
def compress() -> None:
    """Export to ONNX, try int8, keep the best that loses too little."""
    _stage("compress")


@app.command()
def gate() -> None:
    """Hold the metrics against the rules in params.yaml."""
    _stage("gate")


@app.command()
def package() -> None:
    """Make a Bento of the compressed model, if the gate passed."""
    _stage("package")


@app.command()
def summary() -> None:
    """Show the last run: data, metrics, verdict, size, and what to type next."""
    _stage("summary")


@app.command()
def schema() -> None:
    """Write params.schema.json, by which editors complete params.yaml."""
    _stage("schema")


def main() -> None:
    """Runs the command; a user's mistake is one sentence on standard error and status 1."""
    try:
        app()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        os._exit(1)


def _stage(name: str, *arguments: str) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import_module(f"sensorium.stages.{name}").run(*arguments)
