"""Encoders that are trained here, through the stages that make features."""

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sensorium import params, paths
from sensorium.dataset.features import read_features
from sensorium.engine import Dask
from sensorium.errors import UserError
from sensorium.modalities import Text
from sensorium.prepared import load_params
from sensorium.stages import embed, ingest, prepare, validate
from tests.conftest import Project
from tests.engine.away import away_from

WORDS = ["stone", "river", "cloud", "lamp", "chair", "paper", "glass", "wind", "road", "tree", "salt", "bread", "wool"]


def rows(count: int) -> list[dict[str, Any]]:
    """Texts of which one word tells the mood; the price tells nothing."""
    chance = random.Random(0)
    found = []
    for number in range(count):
        mood = "glad" if number % 2 else "sad"
        text = [*chance.sample(WORDS, 5), {"glad": "sunny", "sad": "rainy"}[mood]]
        chance.shuffle(text)
        twice = number % 5 == 4  # the same value in two rows, which may be of two splits
        found.append({"note": found[-2]["note"] if twice else " ".join(text), "mood": mood, "price": chance.random()})
    return found


def embedded(project: Project, table: list[dict[str, Any]], cache: str = "cache") -> tuple[np.ndarray, pd.DataFrame]:
    """Features of the notes, a row for each row of the table that is returned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SENSORIUM_CACHE", str(project.root / cache))
        project.write(table)
        for stage in (ingest, validate, prepare):
            stage.run()
        embed.run("note")
    digests, features = read_features(paths.EMBEDDINGS / "note")
    prepared = pd.read_parquet(paths.PREPARED / "rows.parquet")
    place = {digest: number for number, digest in enumerate(digests)}
    return features[[place[digest] for digest in prepared["note"]], 0], prepared


@pytest.fixture
def project(project: Project) -> Project:
    encoder = {"name": "bag", "width": 16, "epochs": 2}
    project.params |= {
        "inputs": {"note": {"kind": "text", "encoder": encoder}},
        "targets": {"mood": {"kind": "class"}, "price": {"kind": "number"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2, "group": []},
    }
    return project


def test_workers_that_share_a_store_read_by_it_as_this_process_does(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setattr("sensorium.engine.local.START", 1e9)
    project.params["inputs"]["note"]["encoder"]["epochs"] = 1
    features, _ = embedded(project, rows(60))
    encoder = {path.name: path.read_bytes() for path in (paths.EMBEDDINGS / "note/encoder").iterdir()}
    monkeypatch.setattr(Dask, "_results", away_from(project.root, tmp_path_factory.mktemp("worker")))
    project.params["engine"] = {"kind": "dask", "address": "tcp://127.0.0.1:1", "share": "s3://pieces/mine"}
    again, _ = embedded(project, rows(60), "other")
    assert again.tobytes() == features.tobytes()
    assert {path.name: path.read_bytes() for path in (paths.EMBEDDINGS / "note/encoder").iterdir()} == encoder


def test_features_are_the_answers_of_encoders_that_did_not_see_the_row(project: Project) -> None:
    project.params["inputs"]["note"]["encoder"]["epochs"] = 30
    features, prepared = embedded(project, rows(200))
    right = (features[:, 1] > features[:, 0]) == (prepared["mood"] == "sad")
    for split in ("train", "val", "test"):
        assert right[prepared["split"] == split].mean() > 0.9
    kind = load_params().inputs["note"]
    assert isinstance(kind, Text)
    encoder, manifest = kind.load_encoder(), pd.read_parquet(paths.VALID / "manifest.parquet").set_index("id")
    served = np.concatenate(
        [
            encoder.network(encoder.preprocess.collate([encoder.preprocess(manifest.loc[row, "note"])]))[0]
            for row in prepared["id"]
        ]
    )
    same = np.abs(served - features).max(1) < 1e-4
    of_others = set(prepared["note"][prepared["split"] != "train"])
    assert same.tolist() == prepared["note"].isin(of_others).tolist()
    assert 0 < same[prepared["split"] == "train"].sum() < 60


def test_the_same_again_to_the_bit_and_only_what_is_missing(project: Project) -> None:
    first, _ = embedded(project, rows(80))
    weights = (paths.EMBEDDINGS / "note/encoder/weights.safetensors").read_bytes()
    made = sorted((project.root / "cache/trained").glob("*/*/*.safetensors"))
    assert len(made) == 6
    before = {path: path.stat().st_mtime_ns for path in made}
    shutil.rmtree(made[2].parent)  # as if it had been killed there
    second, _ = embedded(project, rows(80))
    assert [path for path in made if path.stat().st_mtime_ns != before[path]] == [made[2]]
    third, _ = embedded(project, rows(80), "other")
    for again in (second, third):
        np.testing.assert_array_equal(first, again)
    assert (paths.EMBEDDINGS / "note/encoder/weights.safetensors").read_bytes() == weights
    relabelled = [row | {"mood": "glad" if number % 3 else "sad"} for number, row in enumerate(rows(80))]
    assert np.abs(embedded(project, relabelled)[0] - first).max() > 1e-3


def test_files_that_were_changed_are_not_read(project: Project) -> None:
    embedded(project, rows(60))
    (paths.EMBEDDINGS / "note/encoder/tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match=r"note/encoder/tokenizer.json is not as it was written; run `dvc repro`"):
        load_params().inputs["note"].load_encoder()


def test_rows_without_labels_teach_nothing(project: Project) -> None:
    project.params["targets"] = {"mood": {"kind": "class"}}
    table = rows(60)
    embedded(project, table)
    labels = pd.read_parquet(paths.PREPARED / "note/labels.parquet")
    labels.assign(**{"target.mood": None}).to_parquet(paths.PREPARED / "note/labels.parquet")
    with pytest.raises(UserError, match="inputs.note: no labelled training rows of several groups have this "):
        embed.run("note")


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ({"name": "minilm"}, "'minilm' is not trained here, and has no settings; bag, convolutions, gru, lstm, "),
        ({"name": "gru", "width": 30}, "multiple of 4"),
        ({"name": "gru", "wdth": 32}, r"unknown key 'wdth' \(did you mean 'width'\?\)"),
        ("gruu", "there is no encoder 'gruu'"),
    ],
)
def test_what_cannot_be_trained(project: Project, encoder: Any, message: str) -> None:
    project.params["inputs"]["note"]["encoder"] = encoder
    project.write()
    with pytest.raises(UserError, match=message):
        params.load()


def test_a_name_alone_has_the_settings_that_most_want(project: Project) -> None:
    project.params["inputs"]["note"]["encoder"] = "lstm"
    project.write()
    training = params.load().inputs["note"].training
    assert training is not None
    assert (training.name, training.width, training.epochs, training.trained) == ("lstm", 64, None, None)
    assert Path("params.yaml").is_file()
