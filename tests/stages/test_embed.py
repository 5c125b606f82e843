import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sensorium.dataset.features import read_features
from sensorium.errors import UserError
from sensorium.stages import embed, ingest, prepare, validate
from tests.conftest import Project


def test_ten_new_rows_embed_ten(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    rows = [{"note": f"note {number // 2}", "label": "xy"[number % 2]} for number in range(40)]

    def embedded(count: int) -> str:
        project.write(rows[:count])
        for stage in (ingest, validate, prepare):
            stage.run()
        embed.run("note")
        return next(line for line in capsys.readouterr().out.splitlines() if line.startswith("embed"))

    assert embedded(20) == "embed note: 10 distinct values, 10 new to minilm"
    assert embedded(20) == "embed note: 10 distinct values, 0 new to minilm"
    assert embedded(40) == "embed note: 20 distinct values, 10 new to minilm"
    digests, features = read_features(Path("data/embeddings/note"))
    assert (len(digests), features.shape, features.dtype) == (20, (20, 1, 384), np.float32)
    assert set(digests) == set(pd.read_parquet("data/prepared/rows.parquet")["note"])


def test_flipped_bits_in_the_cache_change_no_feature(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    project.params["inputs"] = {"facts": {"kind": "tabular", "numbers": ["a", "b"]}}
    project.write([{"a": number, "b": number**0.5, "label": "xy"[number % 2]} for number in range(60)])
    for stage in (ingest, validate, prepare):
        stage.run()
    embed.run("facts")
    digests, right = read_features(Path("data/embeddings/facts"))
    (file,) = (project.root / "cache/features").glob("*.records1")
    whole, broken = file.read_bytes(), 0
    for seed in range(40):
        chance, changed = random.Random(seed), bytearray(whole)
        for _ in range(200):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.write_bytes(changed)
        capsys.readouterr()
        embed.run("facts")
        said = capsys.readouterr()
        broken += f"warning: {file} was damaged; it is kept as {file.name}.damaged, its " in said.err
        assert ", 0 new" not in said.out
        found = read_features(Path("data/embeddings/facts"))
        assert found[0] == digests
        np.testing.assert_array_equal(found[1], right)
    assert broken == 40


def test_an_input_that_is_not_declared(project: Project) -> None:
    project.write()
    with pytest.raises(UserError, match="there is no input 'smell' in params.yaml; there is note"):
        embed.run("smell")
