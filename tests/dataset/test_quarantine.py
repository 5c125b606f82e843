"""One value that an encoder trips over ends no run, and its row does not vanish."""

import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from sensorium.dataset.learnt_targets import learn
from sensorium.dataset.rows import of_split, read_rows, read_table
from sensorium.errors import UserError
from sensorium.evaluation.evidence import Evidence
from sensorium.evaluation.measure import measure
from sensorium.evaluation.occlusion import occlude
from sensorium.evaluation.robustness import predict_corrupted
from sensorium.evaluation.subsets import predict_subsets
from sensorium.modalities import Text
from sensorium.models.network import Network, NetworkConfig
from sensorium.stages import embed, ingest, prepare, validate
from sensorium.targets import Class
from tests.conftest import Project

KNOWN = ["A", "small", "green", "frog", ".", "red", "lorry"]
TRIPS = "it cannot be encoded (Exception: WordLevel error: Missing [UNK] token from the vocabulary)"


@pytest.fixture
def picky(tmp_path: Path) -> str:
    """An encoder whose tokenizer knows seven words and fails at every other."""
    folder = tmp_path / "picky"
    torch.manual_seed(0)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(KNOWN)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    config = BertConfig(
        vocab_size=len(KNOWN), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder)


@pytest.fixture
def prepared(project: Project, picky: str, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Rows of which three hold a text that trips the encoder, one of them nothing else."""
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    project.params["inputs"] = {
        "note": {"kind": "text", "encoder": picky}, "facts": {"kind": "tabular", "numbers": ["age"]}
    }  # fmt: skip
    rows = [
        {
            "id": f"r{number}",
            "note": ("A small frog", "A red lorry")[number % 2],
            "age": number,
            "label": "xy"[number % 2],
        }
        for number in range(60)
    ]
    rows[3]["note"] = rows[4]["note"] = "An elk"
    rows[5] |= {"note": "A moose", "age": None}
    project.write(rows)
    for stage in (ingest, validate, prepare):
        stage.run()
    return project


def test_what_cannot_be_encoded_is_quarantined_with_its_rows(
    prepared: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read_table()
    for _ in range(2):  # what failed once is not forgotten
        embed.run("note")
    embed.run("facts")
    said = capsys.readouterr().out
    kept = Path("data/embeddings/note/quarantine.parquet")
    assert (
        "embed note: 2 values cannot be encoded; in the 3 rows that hold them the input counts as missing "
        f"({kept}). The first: r3: {TRIPS}"
    ) in said
    found = pd.read_parquet(kept)
    assert found["id"].tolist() == ["r3", "r4", "r5"]
    assert set(found["input"]) == {"note"}
    assert set(found["reason"]) == {TRIPS}
    assert pd.read_parquet("data/embeddings/facts/quarantine.parquet").empty
    table = read_table()
    assert sorted(set(before["id"]) - set(table["id"])) == ["r5"]  # which has nothing else
    assert table.set_index("id")["note"].isna().sum() == 2
    rows = read_rows(table, ["note", "facts"], learn(table, {"label": Class()}))
    lost = table["id"].isin(["r3", "r4"]).to_numpy()
    assert ((rows.items["note"] < 0).numpy() == lost).all()
    assert (rows.items["facts"] >= 0).all()


@pytest.fixture
def one_core() -> Iterator[None]:
    """So that no workers are started, which would take longer than what they do."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.usefixtures("one_core")
def test_damaged_and_hidden_parts_that_cannot_be_encoded_are_left_out(prepared: Project, picky: str) -> None:
    embed.run("note")
    embed.run("facts")
    table, inputs = read_table(), {"note": Text(encoder=picky)}
    test, targets = of_split(table, "test"), learn(table, {"label": Class()})
    rows = read_rows(test, ["note", "facts"], targets)
    network = Network(
        NetworkConfig({"note": 8, "facts": 2}, {"label": targets["label"].state}, "concat", 8, 1, 0.0)
    ).eval()
    corrupted = predict_corrupted(network, test, rows, inputs, Path("data/prepared"))
    cut = {change: found.lost for change, found in corrupted.items() if change.corruption == "truncation"}
    lost = next(found.lost for change, found in corrupted.items() if change.address[1:] == ("typos", "severe"))
    assert not any(of_rows.any() for of_rows in cut.values())
    has = test["note"].notna().to_numpy()
    unread = int(lost[has].sum())
    assert 0 < unread <= has.sum()
    logits = {"label": network(rows.batch(slice(None))[0], rows.batch(slice(None))[1])["label"].detach().numpy()}
    prior, certain = {"label": torch.full((2,), 0.5).numpy()}, {"label": torch.ones(len(rows)).numpy()}
    evidence = Evidence(
        rows, rows, rows, test["group"].to_numpy(), pd.DataFrame(index=test.index), logits, certain,
        predict_subsets(network, rows, prior), torch.arange(len(test)).numpy(), corrupted,
    )  # fmt: skip
    figures = measure(evidence, "label", targets["label"], 50, 0.95).figures["robustness"]["note"]
    assert "unreadable" not in figures["truncation"]["severe"]
    severe = figures["typos"].get("severe", {"unreadable": unread, "rows": 0})
    assert (severe["unreadable"], severe["rows"]) == (unread, has.sum() - unread)
    weights = occlude(network, inputs, {"note": "A red lorry"}, "label")
    assert [part for part, _ in weights["note"]] == [0, 1, 2]


def test_an_encoder_that_reads_nothing_ends_the_stage_with_a_sentence(prepared: Project, picky: str) -> None:
    rows = [{"note": f"elk {number}", "age": number, "label": "xy"[number % 2]} for number in range(40)]
    prepared.write(rows)
    for stage in (ingest, validate, prepare):
        stage.run()
    with pytest.raises(UserError) as caught:
        embed.run("note")
    assert str(caught.value) == (
        f"inputs.note: {picky} can encode none of the 40 values; of the first: {TRIPS}. Choose another encoder in "
        "params.yaml."
    )
