"""The whole pipeline by `dvc repro` on a slice of the real stamps, and the service it ends in."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import psutil
import pytest
import yaml
from huggingface_hub import ModelCard
from safetensors.numpy import load_file, save_file

from sensorium.records import BEGIN
from tests.browser import addresses, browsing, scrolling_widths
from tests.conftest import REPOSITORY, SPLIT_OF_SLICE, answers, free_port
from tests.serving.test_service import answered

pytestmark = [pytest.mark.slow, pytest.mark.minutes(8)]
PATIENCE = 300  # seconds
SEARCH = {"trials": 2, "minutes": 5.0, "seed": 0}
SMALL = {"kind": "concat", "width": 64, "layers": 1, "dropout": 0.2}  # a network that learns in seconds


@dataclass
class Workspace:
    """A copy of the repository in which commands are run as a user runs them."""

    root: Path
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.root, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def start(self, *command: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment | environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def ran(self) -> list[str]:
        """The stages that `dvc repro` runs, beside the one that always looks at the data."""
        done = self.run("dvc", "repro")
        assert done.returncode == 0, done.stdout
        return [name for name in re.findall("Running stage '(.*)'", done.stdout) if name != "source"]

    def params(self, **changes: Any) -> None:
        path = self.root / "params.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))

    def json(self, name: str) -> Any:
        return json.loads((self.root / name).read_text())

    def content(self, pattern: str) -> dict[str, bytes]:
        return {str(path.relative_to(self.root)): path.read_bytes() for path in sorted(self.root.glob(pattern))}


@pytest.fixture(scope="module")
def workspace(slice_of_stamps: Path, cache_of_its_own: Path, module_path: Path) -> Workspace:
    root = module_path / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (REPOSITORY / name).is_file() and name != "dvc.lock":
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, root / name)
    environment = os.environ | {
        "SENSORIUM_CACHE": str(cache_of_its_own),
        "BENTOML_HOME": str(module_path / "bentoml"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONUNBUFFERED": "1",
        "SHELL": "/bin/sh",  # of the shells that DVC starts a stage in, one that waits for it rather than become it
    }
    made = Workspace(root, environment)
    made.run("git", "init", "--quiet")
    made.params(
        data={"source": "tuxpaint", "path": str(slice_of_stamps), "languages": ["es", "fr"]},
        split=SPLIT_OF_SLICE,
        search=SEARCH,
        fusion=SMALL,
        evaluation={"bootstrap": 200, "confidence": 0.95, "robustness_rows": 20},
        compress={
            "forms": ["int8-weights-int4-tables"],  # as good on every processor
            "students": {"fusion": [{"kind": "width", "keep": 0.5}]},
            "max_drop": 0.2,  # of thirty rows more cannot be proven
        },
        gate=[
            {"metric": "evaluate.category.accuracy", "min": "evaluate.category.majority.accuracy"},
            {"metric": "evaluate.language.accuracy", "min": 0.6},
            {"metric": "robustness.*.image.*.mild.accuracy", "min": 0.3},
            {
                "metric": "evaluate.category.accuracy",
                "champion": {"margin": 0.05, "confidence": 0.9},
                "if_missing": "pass",
            },
            {"metric": "timings.compress.p95_ms", "max": 5000},
        ],
    )
    done = made.run("dvc", "repro")
    assert done.returncode == 0, done.stdout
    return made


def test_every_stage_leaves_what_the_design_names(workspace: Workspace) -> None:
    manifest, rows = (
        pd.read_parquet(workspace.root / name) for name in ("data/raw/manifest.parquet", "data/prepared/rows.parquet")
    )
    assert len(manifest) == 207
    assert {"id", "text", "image", "speech", "category", "language"} <= set(manifest.columns)
    assert {"split", "category", "language"} <= set(rows.columns)
    quarantine = pd.read_parquet(workspace.root / "data/valid/quarantine.parquet").query("input.isna() & target.isna()")
    assert len(rows) + len(quarantine) == 207
    evaluated = workspace.json("metrics/evaluate.json")
    assert {"accuracy", "macro_precision", "macro_recall", "macro_f1"} <= evaluated["category"].keys()
    assert evaluated["category"]["accuracy"] > evaluated["category"]["majority"]["accuracy"] + 0.2
    assert evaluated["language"]["without"].keys() == {"text", "image", "speech"}
    assert evaluated["language"]["only"]["speech"]["accuracy"] > 0.8
    verdict = workspace.json("metrics/gate.json")
    assert verdict["passed"]
    assert workspace.json("metrics/headline.json") == {
        "category.accuracy": evaluated["category"]["accuracy"],
        "language.accuracy": evaluated["language"]["accuracy"],
        "passed": True,
        "megabytes": workspace.json("metrics/compress.json")["megabytes"],
        "rows": 207,
        "quarantined": len(quarantine),
    }
    assert all({"name", "value", "bound", "passed"} <= rule.keys() for rule in verdict["rules"])
    assert max(workspace.json("metrics/compress.json")["parity"].values()) < 1e-3
    assert workspace.json("models/bento.json")["tag"].startswith("sensorium:")
    assert {path.suffix for path in (workspace.root / "models/trained").iterdir()} == {".safetensors", ".json"}
    tested = pd.read_parquet(workspace.root / "predictions/test.parquet")
    assert len(tested) == (rows["split"] == "test").sum()
    assert (tested.filter(like="category.probability.").sum(axis=1) - 1).abs().max() < 1e-5
    for name in ("data", "search", "evaluation", "compression", "validation"):
        assert (workspace.root / "reports" / name / "index.html").stat().st_size > 1000
    assert (workspace.root / "reports/evaluation/category.png").read_bytes().startswith(b"\x89PNG")
    unjudged = [rule for rule in verdict["rules"] if "reason" in rule]
    assert [rule["reason"].split(";")[0] for rule in unjudged] == ["there is no champion yet"]


def test_the_report_of_the_run_is_one_page_that_needs_nothing_else(workspace: Workspace) -> None:
    page = (workspace.root / "reports/index.html").read_text()
    assert "The gate passed" in page
    assert re.search(r"<title>clone\d* · \d+ \w+ \d{4} · category [\d.]+%, language [\d.]+%, gate passed · ", page)
    assert not re.findall(r"""src=["'](?!data:)|url\((?!#)|@import|<script|<link""", page)
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert headings == ["Verdict", "Data", "Splits", "Search", "Training", "Evaluation", "Compression", "Lineage"]
    for sort in ('class="words"', "data:image/webp;base64,", "data:audio/ogg;base64,", "<svg"):
        assert sort in page
    about = ModelCard((workspace.root / "reports/model-card.md").read_text()).data
    figures = {(result.task_name, result.metric_type): result.metric_value for result in about.eval_results or []}
    evaluated = workspace.json("metrics/evaluate.json")
    assert figures["category from text, image, speech", "accuracy"] == evaluated["category"]["accuracy"]


def test_pages_fit_a_telephone_ask_nobody_and_lead_to_each_other(workspace: Workspace) -> None:
    reports = workspace.root / "reports"
    main = reports / "index.html"
    below = [reports / name / "index.html" for name in ("data", "search", "evaluation", "compression", "validation")]
    docs = [path for path in (reports / "validation").rglob("*.html") if path not in below]
    assert len(docs) == 2
    pages = (main, *below, *docs)
    with browsing() as browser:
        assert [(page, width) for page in pages for width in scrolling_widths(page, browser)] == []
        leads = {page: addresses(page, browser) for page in pages}
    assert leads[main] == {*below, reports / "model-card.md"}
    assert all(main in leads[page] for page in (*below, *docs))
    assert leads[reports / "validation/index.html"] == {main, *docs}
    assert all(path.is_file() for paths in leads.values() for path in paths)


def test_every_prediction_is_explained(workspace: Workspace) -> None:
    tested = pd.read_parquet(workspace.root / "predictions/test.parquet")
    shares = pd.read_parquet(workspace.root / "data/prepared/rows.parquet")
    shares = shares.loc[shares["split"] == "train", "category"].value_counts(normalize=True)
    summed = tested.filter(like="category.shapley.").sum(axis=1)
    said = tested.filter(like="category.probability.").max(axis=1)
    assert (summed - (said - tested["category.predicted"].map(shares))).abs().max() < 1e-5
    attribution = workspace.json("metrics/evaluate.json")["language"]["attribution"]
    assert max(attribution, key=lambda name: attribution[name]["share"]) == "speech"


def test_the_summary_is_printed(workspace: Workspace) -> None:
    shown = workspace.run("sensorium", "summary").stdout
    assert "gate     passed" in shown
    assert "make serve" in shown
    assert "learning Feedback is taken, but cannot be learnt from: monitor.keep_content is off" in shown


def test_with_nothing_changed_nothing_runs(workspace: Workspace) -> None:
    before = (workspace.root / "dvc.lock").read_bytes()
    assert workspace.ran() == []
    assert (workspace.root / "dvc.lock").read_bytes() == before


def test_a_second_full_run_gives_the_same_metrics_to_the_byte(workspace: Workspace) -> None:
    before = workspace.content("metrics/*.json")
    journal = workspace.root / "models/search/journal.log"
    journal.unlink()
    again = workspace.run("dvc", "repro", "--force", "--no-run-cache")
    assert again.returncode == 0, again.stdout
    assert again.stdout.count("Running stage") == 14
    assert "new to minilm" in again.stdout and ", 0 new to minilm" in again.stdout
    assert len(before) == 8
    assert workspace.content("metrics/*.json") == before


@dataclass
class Served:
    """A running service."""

    process: subprocess.Popen[str]
    address: str

    def predict(self, **request: Any) -> httpx.Response:
        return httpx.post(f"{self.address}/predict", timeout=30, **request)


@contextmanager
def serving(workspace: Workspace, *what: str) -> Iterator[Served]:
    """Runs `bentoml serve` until the block ends."""
    port = free_port()
    process = workspace.start("bentoml", "serve", *what, "--port", str(port))
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        yield Served(process, f"http://127.0.0.1:{port}")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.fixture(scope="module")
def served(workspace: Workspace) -> Iterator[Served]:
    """The service of the workspace."""
    with serving(workspace) as running:
        yield running


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def test_the_running_service_reads_a_real_picture_and_voice(
    workspace: Workspace, served: Served, slice_of_stamps: Path
) -> None:
    rows = pd.read_parquet(workspace.root / "data/prepared/rows.parquet")
    trained = rows[rows["split"] == "train"]
    row = trained[(trained["category"] == "animals") & (trained["language"] == "fr")].iloc[0]
    item = slice_of_stamps / row["column.item"]
    picture, voice = item.with_name(f"{item.name}.png"), item.with_name(f"{item.name}_desc_fr.ogg")
    answer = served.predict(files={"image": picture.read_bytes(), "speech": voice.read_bytes()})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["inputs"] == ["image", "speech"]
    assert told["model_version"] == workspace.json("models/bento.json")["model_version"]
    assert told["targets"]["category"]["label"] == "animals"
    assert told["targets"]["language"]["label"] == "fr"
    text_only = served.predict(json={"text": "A red lorry."}).json()
    assert text_only["targets"]["category"]["label"] == "vehicles"
    refused = served.predict(files={"image": b"hello"})
    assert (refused.status_code, refused.json()["error"].split(" (")[0]) == (400, "image: not a picture")


def test_the_service_has_no_torch_in_it(served: Served) -> None:
    leader = psutil.Process(served.process.pid)
    maps = [Path(f"/proc/{process.pid}/maps").read_text() for process in [leader, *leader.children(recursive=True)]]
    assert any("onnxruntime" in text for text in maps)
    assert not any("libtorch" in text for text in maps)


def test_the_examples_of_the_documentation_run_as_they_stand(
    served: Served, slice_of_stamps: Path, tmp_path: Path
) -> None:
    frog = next(slice_of_stamps.glob("animals/**/*_desc_fr.ogg"))
    shutil.copy(frog, tmp_path / "frog.ogg")
    shutil.copy(frog.with_name(frog.name.replace("_desc_fr.ogg", ".png")), tmp_path / "frog.png")
    shell = re.findall(r"```bash\n(.*?)```", (REPOSITORY / "docs/serving.md").read_text(), re.DOTALL)
    curls = [line for block in shell for line in block.splitlines() if line.startswith("curl ")]
    assert len(curls) == 7
    answers = []
    for curl in curls:
        command = curl.replace("curl ", "curl --silent --show-error --fail ").replace(
            "localhost:3000", served.address.removeprefix("http://")
        )
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (curl, done.stderr)
        answers.append(json.loads(done.stdout))
    assert answers[0]["inputs"] == ["text", "image", "speech"]
    assert answers[0]["targets"]["category"]["label"] == "animals"
    assert [one["targets"]["category"]["label"] for one in answers[2]["answers"]] == ["animals", "vehicles"]
    assert set(answers[3]["targets"]["category"]["shares"]) == {"text", "image"}
    assert answers[5]["correct"] == {"category": answers[4]["targets"]["category"]["label"] == "animals"}
    assert re.fullmatch(r"[0-9a-f]{32}(\.dir)?", answers[6]["lineage"]["data"])


def test_sensorium_predict_asks_the_running_service(workspace: Workspace, served: Served) -> None:
    done = workspace.run("sensorium", "predict", "--url", served.address, "--text", "A small green frog.")
    assert done.returncode == 0, done.stdout
    assert "category: animals" in done.stdout
    wrong = workspace.run("sensorium", "predict", "--url", served.address, "--smell", "x")
    assert (wrong.returncode, wrong.stdout) == (
        2,
        "error: '--smell' is no input of this model; give one or more of --text, --image, --speech.\n",
    )


def test_other_settings_of_serving_make_another_bento_and_reach_the_running_service(
    workspace: Workspace, served: Served
) -> None:
    before = workspace.json("models/bento.json")
    shipped = yaml.safe_load((REPOSITORY / "params.yaml").read_text())["serve"]
    workspace.params(serve={"abstain": 0.99})
    assert workspace.ran() == ["package"]
    after = workspace.json("models/bento.json")
    assert after["model_version"] == before["model_version"]
    assert after["tag"] != before["tag"]
    targets = f"{served.address}/schema"
    wait_for(lambda: httpx.get(targets).json()["targets"]["category"]["abstain"] == 0.99)
    workspace.params(serve=shipped)
    workspace.run("dvc", "repro")
    assert workspace.json("models/bento.json") == before


def test_the_bento_serves_in_an_environment_made_as_its_image_is(
    workspace: Workspace, served: Served, tmp_path: Path
) -> None:
    """What `bentoml containerize` writes into the Dockerfile, without Docker: its packages, its files, its command."""
    bento = workspace.json("models/bento.json")
    store = workspace.environment["BENTOML_HOME"]
    folder = Path(store) / "bentos" / bento["tag"].replace(":", "/")
    dockerfile = (folder / "env/docker/Dockerfile").read_text()
    assert "pip install -r $BENTO_PATH/env/python/requirements.txt" in dockerfile
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 120e6
    image = tmp_path / "image"
    venv.create(image)
    requirements = str(folder / "env/python/requirements.txt")
    pip = [sys.executable, "-m", "pip", "--python", str(image)]
    done = subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", "--requirement", requirements],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not list(image.glob("lib/python*/site-packages/torch"))
    environment = {
        name: value for name, value in workspace.environment.items() if name not in ("SENSORIUM_CACHE", "PYTHONPATH")
    }
    environment |= {"PATH": f"{image / 'bin'}:/usr/bin:/bin", "SENSORIUM_LOG": str(tmp_path / "log")}
    before = answered(served.address)
    with serving(Workspace(tmp_path, environment), str(folder)) as running:
        answer = running.predict(json={"text": "A frog."}).json()
        assert answer["model_version"] == bento["model_version"]
        assert httpx.get(f"{running.address}/ui/").status_code == 200
        assert httpx.get(f"{running.address}/docs").status_code == 200
        assert (answered(running.address), answered(served.address)) == (1, before)


def test_serving_before_anything_is_packaged_is_a_sentence(workspace: Workspace, tmp_path: Path) -> None:
    shutil.copy(workspace.root / "bentofile.yaml", tmp_path)
    done = Workspace(tmp_path, workspace.environment).run("bentoml", "serve", "--port", str(free_port()))
    assert done.returncode != 0
    assert "models/packaged holds no model (manifest.json is missing); run `dvc repro` to make one." in done.stdout


def test_a_gate_that_fails_packages_nothing_and_keeps_what_was(workspace: Workspace) -> None:
    kept = workspace.content("models/packaged/**/*.onnx")
    rules = yaml.safe_load((workspace.root / "params.yaml").read_text())["gate"]
    workspace.params(gate=[*rules, {"metric": "evaluate.category.accuracy", "min": 1.01}])
    done = workspace.run("dvc", "repro")
    verdict = workspace.json("metrics/gate.json")
    page = (workspace.root / "reports/index.html").read_text()
    workspace.params(gate=rules)
    assert workspace.run("dvc", "repro").returncode == 0
    assert done.returncode != 0
    assert re.search(
        r"nothing is packaged, the gate did not pass: evaluate.category.accuracy [\d.]+ is below 1.01 "
        r"\(see reports/evaluation/index.html\). reports/index.html has all of it",
        done.stdout,
    )
    assert not verdict["passed"]
    assert "The gate did not pass" in page
    assert kept and workspace.content("models/packaged/**/*.onnx") == kept


def killed(workspace: Workspace, *command: str, when: Callable[[], bool], **environment: str) -> str:
    """Kills dvc alone, as a kill -9 by hand would; what it started must end by itself. Returns what was printed."""
    running = workspace.start(*command, **environment)
    wait_for(lambda: when() or running.poll() is not None)
    assert running.poll() is None, running.communicate()[0]
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    wait_for(lambda: not living(running.pid))
    return running.communicate()[0]


def living(session: int) -> list[int]:
    """The living processes of the session that this process began."""
    found = []
    for number in psutil.pids():
        with suppress(ProcessLookupError):
            if os.getsid(number) == session:
                found.append(number)
    return found


def runs(workspace: Workspace, command: str) -> bool:
    """Whether a command is at work in the workspace."""
    for process in psutil.process_iter(["cmdline", "cwd"]):
        if command in " ".join(process.info["cmdline"] or []) and process.info["cwd"] == str(workspace.root):
            return "dvc" not in " ".join(process.info["cmdline"])
    return False


def embedded(cache: Path) -> int:
    """Values in the features caches of a folder."""
    return sum(path.read_bytes().count(BEGIN) for path in cache.glob("features/*.records1"))


def test_killed_in_embed_it_goes_on_where_it_was(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "weights").symlink_to(Path(workspace.environment["SENSORIUM_CACHE"]) / "weights")
    command = ("dvc", "repro", "--force", "--single-item", "embed@speech")
    killed(workspace, *command, when=lambda: embedded(tmp_path) >= 64, SENSORIUM_CACHE=str(tmp_path))
    had = embedded(tmp_path)
    again = workspace.start(*command, SENSORIUM_CACHE=str(tmp_path))
    output = again.communicate(timeout=PATIENCE)[0]
    assert again.returncode == 0, output
    total, new = (int(word) for word in output.split("embed speech: ")[1].split() if word.rstrip(",").isdigit())
    assert new == total - had < total


def finished_trials(workspace: Workspace) -> int:
    journal = workspace.root / "models/search/journal.log"
    lines = journal.read_text().splitlines() if journal.is_file() else []
    return sum('"state":1' in line or '"state":2' in line for line in lines)


@dataclass(frozen=True)
class Killed:
    """A run with another fusion, killed in search, begun again, killed in train, and begun again.

    Attributes:
        trials: that were asked for.
        had: how many were done when it was killed in search.
        outputs: of the second beginning, and of the last.
    """

    trials: int
    had: int
    outputs: tuple[str, str]

    @property
    def ran(self) -> list[list[str]]:
        """The stages of both, beside the one that always looks at the data."""
        return [re.findall("Running stage '(?!source)(.*)'", output) for output in self.outputs]


@pytest.fixture(scope="module")
def killed_twice(workspace: Workspace) -> Killed:
    trials, command = 4, ("dvc", "repro", "train")
    workspace.params(
        search={"trials": trials, "minutes": 60.0, "seed": 1},
        fusion=SMALL | {"kind": "attention", "width": [64, 128], "dropout": {"low": 0.1, "high": 0.5}},
    )
    before = finished_trials(workspace)
    killed(workspace, *command, when=lambda: finished_trials(workspace) >= before + 1)
    had = finished_trials(workspace) - before
    again = killed(workspace, *command, when=lambda: runs(workspace, "sensorium train"))
    last = workspace.run(*command)
    assert last.returncode == 0, last.stdout
    return Killed(trials, had, (again, last.stdout))


def test_killed_in_search_its_trials_count(workspace: Workspace, killed_twice: Killed) -> None:
    assert 1 <= killed_twice.had < killed_twice.trials
    assert f"search: {killed_twice.had} finished trials are in the journal" in killed_twice.outputs[0]
    best = yaml.safe_load((workspace.root / "models/search/best.yaml").read_text())
    assert (best["trials"], best["fusion"]["kind"]) == (killed_twice.trials, "attention")


def test_killed_in_train_it_trains_again_and_a_changed_fusion_embeds_nothing(
    workspace: Workspace, killed_twice: Killed
) -> None:
    assert killed_twice.ran == [["search", "train"], ["train"]]
    assert (workspace.root / "models/trained/network.safetensors").is_file()


def test_settings_that_are_put_back_bring_their_run_back(workspace: Workspace, killed_twice: Killed) -> None:
    kept = workspace.json("models/bento.json")["model_version"]
    workspace.params(search=SEARCH, fusion=SMALL)
    assert set(workspace.ran()) <= {"search", "report"}  # the rest is in DVC's cache of runs
    assert workspace.json("models/bento.json")["model_version"] == kept


def test_a_second_clone_pulls_runs_nothing_and_serves_the_same_model(workspace: Workspace, tmp_path: Path) -> None:
    for command in (
        ["dvc", "remote", "add", "--default", "store", str(tmp_path / "store")],
        ["dvc", "push"],
        ["git", "add", "--all"],
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--message", "run"],
        ["git", "clone", "--quiet", ".", str(tmp_path / "second")],
    ):
        done = workspace.run(*command)
        assert done.returncode == 0, done.stdout
    second = Workspace(tmp_path / "second", workspace.environment)
    assert second.run("dvc", "pull").returncode == 0
    assert second.ran() == []
    with serving(second) as running:
        version = running.predict(json={"text": "A frog."}).json()["model_version"]
    assert version == workspace.json("models/bento.json")["model_version"]


def test_a_worse_model_does_not_pass_the_champion(workspace: Workspace) -> None:
    workspace.run("git", "config", "user.name", "Ada")
    workspace.run("git", "config", "user.email", "ada@example.org")
    workspace.run("git", "add", "--all")
    workspace.run("git", "commit", "--quiet", "--message", "the champion")
    promoted = workspace.run("sensorium", "promote")
    assert promoted.stdout.startswith("promote: v1.0.0 is the champion"), promoted.stdout
    assert workspace.ran() == ["gate", "report", "package"]
    verdict = workspace.json("metrics/gate.json")
    itself = next(rule for rule in verdict["rules"] if "margin" in rule)
    assert (itself["value"], itself["low"], itself["passed"]) == (itself["bound"], 0, True)
    kept = workspace.json("models/bento.json")

    weights = workspace.root / "models/trained/network.safetensors"
    forgotten = {
        name: 0 * one if re.search(r"heads.*weight", name) else one for name, one in load_file(weights).items()
    }
    weights.unlink()
    save_file(forgotten, weights)
    workspace.params(compress={"forms": []})
    committed = workspace.run("dvc", "commit", "--force", "train")
    assert committed.returncode == 0, committed.stdout
    worse = workspace.run("dvc", "repro")
    assert worse.returncode != 0
    assert re.search(
        r"evaluate.category.accuracy [\d.]+ beside the champion's [\d.]+ gains -[\d.]+ at the least", worse.stdout
    )
    verdict = workspace.json("metrics/gate.json")
    assert not verdict["passed"]
    assert verdict["champion"]["version"] == "v1.0.0"
    assert verdict["champion"]["category"]["accuracy"]["gain"][1] < 0
    assert "Against the champion v1.0.0" in (workspace.root / "reports/index.html").read_text()
    assert workspace.json("models/bento.json") == kept
    assert "clean tree" in workspace.run("sensorium", "promote").stdout
    workspace.run("git", "add", "--all")
    workspace.run("git", "commit", "--quiet", "--message", "worse")
    assert "the committed model did not pass the gate" in workspace.run("sensorium", "promote").stdout
    assert re.search(r"v1\.0\.0 +champion", workspace.run("sensorium", "models").stdout)
