"""Every command and block of README and docs, typed as it stands in a clone with a slice of the stamps."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sensorium.client import Client
from sensorium.media import Media
from sensorium.modalities import Image
from sensorium.params import Params
from tests.conftest import REPOSITORY, SPLIT_OF_SLICE
from tests.docs.blocks import NAMED, Block, read_blocks
from tests.docs.walk import SERVICE, Walk

# What cannot be typed here, and why; all else is.
NOT_HERE = {
    "make test": "it is what runs this",
    "make lint": "`make test` has just run it",
    "make setup": "`make test` begins with it; the clone of this test shares what it installed",
    "make demo-drift": "tests/test_demo.py plays it",
    "pytest ": "it is what runs this",
    "docker ": "no Docker engine",
    "bentoml containerize": "no Docker engine",
    "dask ": "no second machine; tests/engine/test_conformance.py runs a cluster",
    "/shared/cache": "no disk that machines share",
    "/shared/project": "no disk that machines share",
    "--editable '.[dask]'": "`make test` has installed it",
    "--editable '.[search]'": "tests/training/test_shared_search.py searches on a PostgreSQL server of its own",
    "run_grpc_proxy_server": "it runs until it is ended; tests/training/test_shared_search.py runs one",
    "torchrun ": "tests/training/test_team.py starts two processes",
    "kubectl ": "no cluster; tests/serving/test_kubernetes.py holds the manifests against Kubernetes' own schemas",
    "sensorium.example.com": "no cluster",
    "s3://bucket": "tests/flows/test_remote.py pushes to an S3 of its own",
    "PASSWORD@HOST": "tests/flows/test_postgres.py runs a server on PostgreSQL",
    "sensorium collect && dvc repro && sensorium conclude": "docs/monitoring.md has them in three lines",
    "flow_runs/ID/resume": "tests/flows/test_retrain.py approves and declines",
}
PAGES = [
    REPOSITORY / "README.md",
    *sorted(page for page in (REPOSITORY / "docs").rglob("*.md") if page.name != "tutorial.md"),
    REPOSITORY / "bench/README.md",
]


def here(block: Block) -> bool:
    return not any(words in block.text for words in NOT_HERE)


def commit(walk: Walk) -> None:
    """What a reader does who was told to commit first."""
    walk.place.run("git", "add", "--all")
    walk.place.run("bash", "-c", "git diff --cached --quiet || git commit --quiet --message run")


def change_something(walk: Walk) -> None:
    """Something to commit."""
    with (walk.root / "notes.txt").open("a") as notes:
        notes.write("tried\n")


def another_version(walk: Walk) -> None:
    """A second champion, so that there is one to go back to."""
    settings = yaml.safe_load((walk.root / "params.yaml").read_text())
    walk.replace(serve=settings["serve"] | {"top": settings["serve"].get("top", 1) + 1})
    walk.place.run("dvc", "repro")
    commit(walk)
    walk.place.run("sensorium", "promote")


def back_to_the_commit(walk: Walk) -> None:
    """An experiment leaves its values in the workspace, and an environment for a client its files."""
    walk.place.run("bash", "-c", "git reset --quiet --hard && git clean --quiet --force -d && dvc checkout --force")


def another_champion(walk: Walk) -> None:
    """The same in the tree as it was committed."""
    back_to_the_commit(walk)
    another_version(walk)


def ask_and_tell(walk: Walk) -> None:
    """Requests about pictures that the model was not trained on, with the truth: too few to begin a retrain."""
    rows = pd.read_parquet(walk.root / "data/raw/manifest.parquet").set_index("id")
    split = pd.read_parquet(walk.root / "data/prepared/rows.parquet").set_index("id")["split"]
    tested = rows.loc[split.index[split == "test"]].dropna(subset=["image"]).drop_duplicates("item")
    media = Media.of_folder(walk.root / "data/raw")
    with Client(walk.local(SERVICE)) as client:
        for picture, category in tested[["image", "category"]][:15].itertuples(index=False):
            answer = client.predict(image=media.read(picture, Image.max_bytes))
            client.feedback(answer["request_id"], category=category)
        walk.words["REQUEST_ID"] = answer["request_id"]
    commit(walk)


def name_the_bento(walk: Walk) -> None:
    walk.words["TAG"] = walk.place.json("models/bento.json")["tag"]


BEFORE = {
    "dvc exp run -S fusion.kind=attention report": commit,
    "sensorium promote": back_to_the_commit,
    "sensorium promote v1.0.0": another_champion,
    "sensorium rollback": another_version,
    "sensorium monitor": ask_and_tell,
    "sensorium collect": commit,
    "bentoml serve TAG": name_the_bento,
    "prefect deployment run retrain/local --watch": back_to_the_commit,
    "git add --all && git commit --message run": change_something,
}
AGAIN = "dvc repro"  # where nothing changed it takes two seconds; all else that was typed before is left out


@pytest.fixture(scope="module")
def reader(slice_of_stamps: Path, module_path: Path) -> Iterator[Walk]:
    """A clone whose params.yaml asks for a slice of the stamps, a short search and a small network."""
    words = {"NAME": "ada", "VERSION": "v1.0.0", "REPOSITORY": "."}
    with Walk(module_path / "place", BEFORE, words) as walk:
        walk.replace(
            data={"source": "tuxpaint", "path": str(slice_of_stamps), "languages": ["es", "fr"]},
            split=SPLIT_OF_SLICE,
            search={"trials": 1, "minutes": 5.0, "seed": 0},
            fusion={"kind": "linear", "width": 64, "layers": 1, "dropout": 0.2},  # solved at once
            gate=[{"metric": "evaluate.category.accuracy", "min": "evaluate.category.majority.accuracy"}],
            evaluation={"bootstrap": 200, "confidence": 0.95, "robustness_rows": 0},
            compress={"forms": []},  # of so few rows none could be proven but one that computes the same
            monitor={"keep_content": True},
        )
        frog = next(slice_of_stamps.glob("animals/**/*_desc_fr.ogg"))
        shutil.copy(frog, walk.root / "frog.ogg")
        shutil.copy(frog.with_name(frog.name.replace("_desc_fr.ogg", ".png")), walk.root / "frog.png")
        (walk.root / "in.csv").write_text("text,image\nA small green frog.,frog.png\nA red lorry.,\n")
        with (walk.root / ".git/info/exclude").open("a") as excluded:
            excluded.write("/packaged/\n")  # a model that a page fetches: nobody would commit it
        commit(walk)
        walk.place.run("git", "init", "--quiet", "--bare", "../origin")
        walk.place.run("git", "remote", "add", "origin", "../origin")
        walk.place.run("git", "push", "--quiet", "--set-upstream", "origin", "main")
        yield walk


@pytest.mark.slow
@pytest.mark.minutes(10)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_a_page_can_be_typed_as_it_stands(reader: Walk, page: Path) -> None:
    for block in read_blocks(page, REPOSITORY):
        if block.language == "yaml":
            checked(block, reader)
        elif here(block) and (block.text == AGAIN or block.text not in reader.done):
            reader.type(block)


def checked(block: Block, reader: Walk) -> None:
    """Holds keys of params.yaml against what reads them; any others are a deployment's, which is deployed."""
    wanted = yaml.safe_load(block.text)
    if wanted.keys() <= Params.model_fields.keys():
        shipped = yaml.safe_load((REPOSITORY / "params.yaml").read_text()) | {"gate": []}  # of the stamps' own inputs
        Params.model_validate(shipped | wanted)
        return
    path = reader.root / "prefect.yaml"
    before = path.read_text()
    path.write_text(before.replace("    triggers:\n", f"{block.text}    triggers:\n"))
    assert path.read_text() != before
    reader.place.run("prefect", "--no-prompt", "deploy", "--all")
    path.write_text(before)


@pytest.mark.slow
def test_what_the_commands_of_the_readme_said(reader: Walk) -> None:
    said = reader.done
    assert "gate     passed" in said["make run"]
    assert json.loads(said["curl -F 'text=A small green frog.' localhost:3000/predict"])["inputs"] == ["text"]
    assert len(pd.read_parquet(reader.root / "out.parquet")) == 2


def test_what_is_left_out_is_in_some_page() -> None:
    """A reason for what is not there any more would hide the next command of that name."""
    commands = [block.text for page in PAGES for block in read_blocks(page, REPOSITORY)]
    assert [words for words in NOT_HERE if not any(words in command for command in commands)] == []
    assert len(commands) > 100
    assert sum(block.language != NAMED for page in PAGES for block in read_blocks(page, REPOSITORY)) > 60
