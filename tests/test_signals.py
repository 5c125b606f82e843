"""Signals through the whole chain: in cells and in files, from a table of a user's own to a service and back."""

import io
import json
import shlex
import shutil
from collections.abc import Iterator
from contextlib import chdir, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sensorium import params, paths
from sensorium.client import Client
from sensorium.commands import predict_table, summary
from sensorium.dataset.features import read_features
from sensorium.files import read_json
from sensorium.runtime import settings
from sensorium.stages import compress, embed, evaluate, gate, ingest, prepare, report, search, train, validate
from tests.conftest import REPOSITORY, Project
from tests.extremes import saved
from tests.serving.conftest import listening, serving

pytestmark = pytest.mark.slow
RATE, PEOPLE = 20, 30
CHANCE = np.random.default_rng(0)


def wave(is_fast: bool, seconds: float) -> np.ndarray:
    times = np.arange(int(seconds * RATE)) / RATE
    return np.sin(2 * np.pi * (3 if is_fast else 1) * times) + CHANCE.normal(0, 0.3, len(times))


def rows() -> Iterator[tuple[dict[str, Any], dict[str, bytes]]]:
    """Four rows a person, with the files that they name; of any row only one of both signals may be there."""
    for number in range(4 * PEOPLE):
        is_fast, seconds = number % 2 == 0, 4 + number % 5
        left, right, file = (wave(is_fast, seconds).round(3).tolist() for _ in range(3))
        left[7] = None
        yield (
            {
                "id": f"r{number}",
                "person": number // 4,
                "left": json.dumps(left) if number % 4 else None,
                "right": " ".join(map(str, right)) if number % 4 else None,
                "trace": f"{number}.csv" if number % 4 != 1 else None,
                "pace": "fast" if is_fast else "slow",
            },
            {f"{number}.csv": "\n".join(["volt", *map(str, file)]).encode()},
        )
    odd = {"id": "ragged", "person": 0, "left": "1 2 3", "right": "1 2", "trace": "0.csv", "pace": "fast"}
    yield odd, {}
    yield (
        odd | {"id": "pickle", "left": None, "right": None, "trace": "it.npy"},
        {"it.npy": saved(np.array([print]), allow_pickle=True)},
    )


def test_the_example_of_a_watch_is_read(project: Project) -> None:
    shutil.copy(REPOSITORY / "examples/signal.yaml", project.root / "params.yaml")
    channels = params.load().inputs["watch"].columns("watch")
    assert channels == ["ax", "ay", "az", "gx", "gy", "gz"]
    table = [
        {"person": f"person {row % 6}", "exercise": "PEN" if row % 2 else "ROW"}
        | {name: wave(row % 2 == 0, 1 + place).tolist() for name in channels}
        for row, place in enumerate([5, 3] * 12)
    ]
    (project.root / "watch").mkdir()
    pd.DataFrame(table).to_parquet(project.root / "watch/table.parquet")
    for stage in (ingest, validate, prepare):
        stage.run()
    embed.run("watch")
    digests, features = read_features(paths.EMBEDDINGS / "watch")
    assert features.shape == (len(digests), 5, 171)
    assert np.isfinite(features).all()
    written = pd.read_parquet(paths.PREPARED / "rows.parquet").columns
    assert "column.person" in written
    assert not set(channels) & set(written.str.removeprefix("column."))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All stages were run in the working directory."""
    project = Project(tmp_path_factory.mktemp("run"))
    project.params |= {
        "inputs": {
            "hands": {"kind": "signal", "columns": ["left", "right"], "rate": RATE},
            "trace": {"kind": "signal", "rate": RATE, "seconds": 10, "encoder": {"name": "gru", "epochs": 5}},
        },
        "targets": {"pace": {"kind": "class"}},
        "split": {"train": 0.4, "val": 0.3, "test": 0.3, "group": "person"},
        "fusion": {"width": 16},
        "training": {"epochs": 3, "learning_rate": 0.01},
        "search": {"trials": 1},
        "evaluation": {"bootstrap": 100, "robustness_rows": 12},
        "compress": {"students": {}},
    }
    table, files = zip(*rows(), strict=True)
    project.write(list(table), {name: content for some in files for name, content in some.items()})
    with chdir(project.root), redirect_stdout(io.StringIO()):
        for stage in (ingest, validate, prepare):
            stage.run()
        for name in project.params["inputs"]:
            embed.run(name)
        for stage in (search, train, evaluate, compress, gate, report):
            stage.run()
        yield


@pytest.mark.usefixtures("run")
def test_what_cannot_be_read_is_in_quarantine_with_its_reason() -> None:
    lost = pd.read_parquet(paths.VALID / "quarantine.parquet").set_index("id")
    assert lost.loc["ragged", "reason"] == (
        "the columns 'left' and 'right' hold 3 and 2 samples; channels of a series are equally long, with null where "
        "one has a gap"
    )
    assert "the .npy file holds Python objects, which are never opened" in lost.loc["pickle", "reason"]


@pytest.mark.usefixtures("run")
def test_the_model_knows_what_the_signals_tell_and_the_report_shows_where() -> None:
    figures = read_json(Path("metrics/evaluate.json"), "evaluate")
    assert figures["pace"]["accuracy"] > 0.9
    robust = json.dumps(read_json(Path("metrics/robustness.json"), "evaluate"))
    assert all(f'"{damage}"' in robust for damage in ("noise", "gaps", "drift", "lost channel"))
    page = Path("reports/index.html").read_text()
    assert page.count('<svg class="series"') >= 2
    assert 'class="for"' in page


@pytest.mark.usefixtures("run")
def test_a_request_to_paste_names_long_lists_as_a_file() -> None:
    asked = shlex.split(summary._example())
    assert {"hands=<reports/example/hands", "trace=@reports/example/trace.csv"} & set(asked)
    given = [json.loads(path.read_text()) for path in Path("reports/example").glob("hands")]
    assert all(one.keys() == {"left", "right"} and len(one["left"]) > 50 for one in given)


@pytest.mark.usefixtures("run")
def test_a_service_reads_lists_and_files_and_a_table_gets_the_same_answers(tmp_path: Path) -> None:
    model = Path("models/compressed")
    left, right = wave(True, 5), [*wave(True, 4.9).tolist(), None, float("nan")]
    (tmp_path / "one.csv").write_bytes(b"volt\n" + "\n".join(map(str, wave(False, 6))).encode())
    cells = {"left": json.dumps(left.tolist()), "right": json.dumps(right), "trace": "one.csv"}
    pd.DataFrame([cells | {"id": "a"}, {"id": "b", "trace": "one.csv"}]).to_csv(tmp_path / "in.csv", index=False)
    settings.write(model, settings.Settings(keep=settings.Keep(keep_content=True)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENSORIUM_MODEL", str(model))
        predict_table.run(str(tmp_path / "in.csv"), str(tmp_path / "out.parquet"))
        with serving(model, tmp_path / "log") as client, listening(client) as address, Client(address) as sensorium:
            both = sensorium.predict(hands={"left": left, "right": right}, trace=tmp_path / "one.csv")
            one = sensorium.explain(trace=tmp_path / "one.csv")
            promised = client.get("/docs.json").json()["paths"]["/predict"]["post"]["requestBody"]["content"]
            example = client.post("/predict", json=promised["application/json"]["example"])
            (of_batch,) = sensorium.predict_batch([{"hands": {"left": left, "right": right}}])
    assert (both["inputs"], one["inputs"]) == (["hands", "trace"], ["trace"])
    assert example.json()["inputs"] == ["hands", "trace"]
    assert one["targets"]["pace"]["label"] == "slow"
    assert of_batch["targets"]["pace"]["label"] == "fast"
    table = pd.read_parquet(tmp_path / "out.parquet")
    said = [answer["targets"]["pace"]["probabilities"]["fast"] for answer in (both, one)]
    assert table["pace.probability.fast"].tolist() == pytest.approx(said, abs=1e-4)
    lines = (tmp_path / "log" / "predictions.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["descriptors"]["trace"]["frequency"] == pytest.approx(1, abs=0.2)
    assert first["descriptors"]["hands"]["missing"] == pytest.approx(0.01)
    of_feedback(tmp_path / "log" / "content", first["content"])


def of_feedback(content: Path, names: dict[str, str]) -> None:
    """What was kept of a request becomes a row of the data again."""
    before = pd.read_parquet(paths.VALID / "manifest.parquet")
    (paths.FEEDBACK / "media").mkdir(parents=True)
    for name in names.values():
        (paths.FEEDBACK / "media" / name).write_bytes((content / name[:2] / name).read_bytes())
    told = {"id": "told", "request_id": "x", "input.hands": names["hands"], "input.trace": names["trace"]}
    pd.DataFrame([told | {"target.pace": "fast"}]).to_parquet(paths.FEEDBACK / "rows.parquet")
    with redirect_stdout(io.StringIO()):
        ingest.run()
        validate.run()
    after = pd.read_parquet(paths.VALID / "manifest.parquet").set_index("id")
    assert set(after.index) - set(before["id"]) == {"told"}
    assert not after.loc["told", ["left", "right", "trace"]].isna().any()
