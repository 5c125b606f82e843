"""Requests of test rows, changed or not, sent to the service in this process, and what it logs."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
from rich.progress import track
from starlette.testclient import TestClient

from sensorium import params, paths
from sensorium.dataset.columns import TEST
from sensorium.dataset.rows import of_split, read_table
from sensorium.media import Media, MediaWriter
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from sensorium.monitoring.log.window import read_window
from sensorium.runtime.predictor import Predictor
from sensorium.serving.app import create_app, start
from sensorium.serving.deployment import Deployment, champion_folder
from sensorium.serving.journal import SALT
from sensorium.serving.live import Workers
from sensorium.sources.tuxpaint import TuxPaint

STRANGE = "bg"  # a language that the model was not trained on
Raws = dict[str, Any]
Rows = Mapping[str, Raws]  # raw values by the row's number


def logs(folder: Path) -> dict[str, pd.DataFrame]:
    """What a check reads of the log of each sort of request, with what it was about; made where it is not there."""
    inputs, table = params.load().inputs, test_rows()
    sorts: dict[str, Callable[[], Rows]] = {
        "plain": lambda: read(table, inputs, paths.RAW),
        "strange": lambda: _spoken(table, inputs),
        "dim": lambda: _damaged(table, inputs, "image", "darkness", "mild"),
        "dark": lambda: _damaged(table, inputs, "image", "darkness", "medium"),
        "shortened": lambda: _damaged(table, inputs, "text", "truncation", "mild"),
        "truncated": lambda: _damaged(table, inputs, "text", "truncation", "medium"),
        "quiet": lambda: _damaged(table, inputs, "speech", "gain", "mild"),
        "without speech": lambda: _without(read(table, inputs, paths.RAW), "speech"),
        "without text": lambda: _without(read(table, inputs, paths.RAW), "text"),
    }
    version = Predictor.load(champion_folder()).version
    found = {}
    for name, make in sorts.items():
        if not (folder / name).is_dir():
            ask(make(), folder / name, folder / SALT, name)
        window = read_window(folder / name, version, 24 * 365, datetime.now(UTC))
        asked = table.loc[window.rows["request_id"].astype(int)].reset_index(drop=True)
        window.rows[["category", "item"]] = asked[["category", "item"]]
        found[name] = window.rows
    return found


def test_rows() -> pd.DataFrame:
    """The rows of the test split as the source gave them."""
    wanted = of_split(read_table(), TEST)["id"]
    return pd.read_parquet(paths.RAW / "manifest.parquet").set_index("id").loc[wanted].reset_index()


def read(table: pd.DataFrame, inputs: Mapping[str, Modality], folder: Path) -> Rows:
    """The raw values of rows, numbered; their media are in a folder's shards."""
    files = Media.of_folder(folder)
    rows = {}
    for number, (_, row) in enumerate(table.iterrows()):
        raws = {name: kind.raw(row, name, files) for name, kind in inputs.items()}
        rows[str(number)] = {name: raw for name, raw in raws.items() if raw is not None}
    return rows


def complete_rows() -> list[Raws]:
    """The raw values of the test rows that have every input."""
    inputs = params.load().inputs
    return [raws for raws in read(test_rows(), inputs, paths.RAW).values() if raws.keys() == inputs.keys()]


def _spoken(table: pd.DataFrame, inputs: Mapping[str, Modality]) -> Rows:
    """The items of rows, each said once in a language that is new; numbered as an item's first row."""
    with TemporaryDirectory() as folder:
        with MediaWriter(Path(folder)) as media:
            strange = TuxPaint(languages=[STRANGE]).read(inputs, media)
        items = table.reset_index().drop_duplicates("item").set_index("item")["index"]
        strange = strange[strange["item"].isin(items.index)]
        rows = read(strange, inputs, Path(folder))
        return {str(items[item]): raws for item, raws in zip(strange["item"], rows.values(), strict=True)}


def _without(rows: Rows, name: str) -> Rows:
    return {number: {key: raw for key, raw in raws.items() if key != name} for number, raws in rows.items()}


def _damaged(table: pd.DataFrame, inputs: Mapping[str, Modality], name: str, corruption: str, strength: str) -> Rows:
    """The rows with one input damaged."""
    kind, random = inputs[name], np.random.default_rng(0)
    rows = {number: dict(raws) for number, raws in read(table, inputs, paths.RAW).items()}
    for raws in rows.values():
        value = kind.corruptions[corruption](kind.accept(raws[name]), STRENGTHS.index(strength), random)
        raws[name] = kind.pack(value) if kind.is_file else value
    return rows


def ask(rows: Rows, folder: Path, salt: Path, what: str) -> None:
    """Sends all rows to a service with a log of its own; all logs mark equal values alike."""
    beside = folder.with_suffix(".begun")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    if salt.is_file():
        shutil.copy(salt, beside / SALT)
    with _serving(beside) as client:
        shutil.copy(beside / SALT, salt)
        for number, raws in track(rows.items(), f"requests: {what}", transient=True):
            files = {name: (name, raw) for name, raw in raws.items() if isinstance(raw, bytes)}
            texts = {name: raw for name, raw in raws.items() if name not in files}
            answer = client.post("/predict", data=texts, files=files, headers={"X-Request-ID": number})
            if answer.status_code != 200:
                print(f"{what} {number}: {answer.text}")
    beside.rename(folder)


@contextmanager
def _serving(log: Path) -> Iterator[TestClient]:
    """A client of the whole application."""
    app = create_app()
    deployment = Deployment(Workers(1, "a"), Workers(1, "b"), champion_folder, lambda: None)
    start(app, deployment, log, {})
    with TestClient(app, base_url="http://localhost", client=("127.0.0.1", 50_000)) as client:
        yield client
