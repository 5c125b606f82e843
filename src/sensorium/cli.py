"""The `sensorium` command: a table of plain functions, each importing what it needs when it is called."""

import atexit
import os
import sys
from importlib import metadata

import typer

from sensorium.disk_full import explain
from sensorium.errors import UserError
from sensorium.extras import run_with_extra
from sensorium.memory import keep_freed
from sensorium.parent_death import end_with_parent
from sensorium.terminal import guard_stdout, plain

STAGES = "Stages of dvc.yaml, in order"

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"sensorium {metadata.version('sensorium')}")
        raise typer.Exit


@app.callback()
def describe(
    _: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    """Models over several kinds of input at once: from data to a served, gated model."""


@app.command(rich_help_panel=STAGES)
def source() -> None:
    """Look whether the data or an encoder has changed."""
    _stage("source")


@app.command(rich_help_panel=STAGES)
def ingest() -> None:
    """Read the source's rows and media."""
    _stage("ingest")


@app.command(rich_help_panel=STAGES)
def validate() -> None:
    """Ask every row; quarantine what fails, with the reason."""
    _stage("validate")


@app.command(rich_help_panel=STAGES)
def prepare() -> None:
    """Clean the inputs, divide the rows into splits."""
    _stage("prepare")


@app.command(rich_help_panel=STAGES)
def embed(name: str = typer.Argument(metavar="INPUT", help="an input of params.yaml")) -> None:
    """Encode an input's values; only what is new."""
    _stage("embed", name)


@app.command(rich_help_panel=STAGES)
def search() -> None:
    """Try hyper-parameters; a killed search goes on."""
    _stage("search")


@app.command(rich_help_panel=STAGES)
def train() -> None:
    """Fit the network with the best hyper-parameters."""
    _stage("train")


@app.command(rich_help_panel=STAGES)
def evaluate() -> None:
    """Evaluate it: with all inputs, without each, with each alone."""
    _stage("evaluate")


@app.command(rich_help_panel=STAGES)
def compress() -> None:
    """Export to ONNX, keep the best small form."""
    _stage("compress")


@app.command(rich_help_panel=STAGES)
def gate() -> None:
    """Check the metrics against the rules of the gate."""
    _stage("gate")


@app.command(rich_help_panel=STAGES)
def report() -> None:
    """Put the whole run on one page."""
    _stage("report")


@app.command(rich_help_panel=STAGES)
def package() -> None:
    """Make a Bento, if the gate passed."""
    _stage("package")


@app.command()
def models(version: str = typer.Argument(None, help="all about one version, such as v1.0.0")) -> None:
    """Show the registered model versions and their stages."""
    _command("models", version)


@app.command()
def leaderboard() -> None:
    """Compare experiments: scores, size, latency, verdict, and what differs."""
    _command("leaderboard")


@app.command()
def promote(
    version: str = typer.Argument(None, help="an earlier version; else the committed model, registered if it is new"),
    challenger: bool = typer.Option(False, "--challenger", help="make it challenger rather than champion"),
) -> None:
    """Make a model the champion that new ones must beat."""
    _command("promote", version, challenger)


@app.command()
def rollback() -> None:
    """Make the previous champion champion again."""
    _command("rollback")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def predict(
    context: typer.Context,
    url: str = typer.Option(None, help="of the service; else $SENSORIUM_URL, else port 3000 of this machine"),
    table: str = typer.Option(None, help="a .csv, .jsonl or .parquet file, answered here without a service"),
    out: str = typer.Option(None, help="where the table's answers go: a .csv, .jsonl or .parquet file"),
) -> None:
    """Ask the running service about one sample, or answer a whole table.

    One sample: --INPUT VALUE for any inputs (after -- where one is called url, table, out or help), of a service that
    runs.

    A table: --table in.csv --out out.parquet, by the model that make serve would serve, on all cores of this machine.
    Inputs are read from the columns of their names; media are paths beside the table. Typed again, it goes on where
    a run was killed.
    """
    if table or out:
        _command("predict_table", table, out, context.args, url)
    else:
        _command("predict", context.args, url)


@app.command()
def monitor(hours: float = typer.Option(None, help="how far back; else monitor.hours of params.yaml")) -> None:
    """Check the logged predictions for drift from the model's reference."""
    _command("monitor", hours, extra="monitor")


@app.command()
def collect(
    reason: str = typer.Argument("by hand", help="drift, feedback or by hand"),
    check: str = typer.Option(None, help="id of the check that asks for it"),
) -> None:
    """Begin a retrain: make a data version of the feedback."""
    _command("collect", reason, check)


@app.command()
def conclude(
    declined: str = typer.Option(None, help="why the new model is declined"),
    failed: str = typer.Option(None, help="why the run failed"),
) -> None:
    """End a retrain: promote its model, or keep the champion."""
    _command("conclude", declined, failed)


@app.command()
def trace(request_id: str = typer.Argument(help="of a prediction")) -> None:
    """Show the model, data and commit behind a prediction, its feedback, and the retrain that learnt from it."""
    _command("trace", request_id)


@app.command()
def key(name: str = typer.Argument(help="of its owner")) -> None:
    """Make an API key for the service."""
    _command("key", name)


@app.command()
def fetch() -> None:
    """Bring the data and weights that params.yaml needs."""
    _command("fetch", extra="train")


@app.command()
def summary() -> None:
    """Show the last run and what to type next."""
    _command("summary")


@app.command()
def schema() -> None:
    """Write params.schema.json, for editors."""
    _command("schema")


def main() -> None:
    """Runs the command; a user's mistake is one sentence on standard error and status 2 (accidents have 1)."""
    try:
        app()
    except SystemExit as end:  # how typer ends
        _leave(end.code if isinstance(end.code, int) else bool(end.code))
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        message = explain(error) or (str(error) if isinstance(error, UserError) else "")
        if not message:
            raise
        print(f"error: {plain(message)}", file=sys.stderr)
        _leave(2)


def _leave(status: int) -> None:
    """Ends the process when all is written, before C++ does: Arrow's threads abort some that are over (arrow#34314)."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _stage(name: str, *arguments: str) -> None:
    guard_stdout()
    if "DVC_STAGE" in os.environ:  # by hand, a command may outlive the shell that started it
        end_with_parent()
    keep_freed()
    run_with_extra("train", f"sensorium.stages.{name}", *arguments)


def _command(name: str, *arguments: object, extra: str = "workspace") -> None:
    guard_stdout()
    run_with_extra(extra, f"sensorium.commands.{name}", *arguments)
