"""Experiments compared: the real graph and params of this repository, its stages' work done by a quick stand-in."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sensorium.commands import fetch
from tests.browser import browsing
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.slow, pytest.mark.minutes(2)]

STAND_IN = """
import json, pathlib, sys, yaml
INSIDE = {
    "data/source": ["rows.json", *(f"encoders/{name}.json" for name in ("text", "image", "speech"))],
    "data/valid": ["manifest.parquet", "digests.parquet", "values/file"],
    "data/prepared": ["rows.parquet", "text/items", "image/items", "speech/items"],
    "reports/evaluation": ["confusion/category.csv", "confusion/language.csv"],
}
CURVE, PAIRS = "epoch,validation\\n1,0.5\\n2,0.4\\n", "actual,predicted\\na,a\\nb,a\\nb,b\\n"
HOSTILE = PAIRS.replace("b", "</script><script>hacked = 1</script>")
params = yaml.safe_load(pathlib.Path("params.yaml").read_text())
fusion, top = str(params["fusion"]["kind"]), params["serve"]["top"]
accuracy = {"attention": 0.75, "concat": 0.9}.get(fusion, 0.8)
def target(value):
    figures = {"accuracy": value, "macro_f1": value, "intervals": {"accuracy": [value - 0.06, value + 0.04]}}
    return figures | {"more": {f"figure_{number}": number for number in range(40)}}
content = {
    "metrics/validate.json": {"rows": 900, "quarantined": 20},
    "metrics/evaluate.json": {"category": target(accuracy), "language": target(accuracy + 0.05)},
    "metrics/compress.json": {"megabytes": 12.34},
    "metrics/timings/compress.json": {"p50_ms": 5.67},
    "metrics/gate.json": {"passed": accuracy > 0.78, "rules": []},
    "metrics/headline.json": {"category.accuracy": accuracy, "language.accuracy": accuracy + 0.05,
        "passed": accuracy > 0.78, "megabytes": 12.34, "rows": 900, "quarantined": 20},
    "models/packaged": top,
}
if "models/bento.json" in sys.argv and not content["metrics/gate.json"]["passed"]:
    sys.exit("error: nothing is packaged, the gate did not pass")
for name in sys.argv[1:]:
    path = pathlib.Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = content.get(name, fusion if name.startswith(("models/", "metrics/", "predictions/")) else "the same")
    if path.suffix:
        path.write_text(CURVE if path.suffix == ".csv" else json.dumps(told))
    else:
        for inside in INSIDE.get(name, ["file"]):
            (path / inside).parent.mkdir(parents=True, exist_ok=True)
            pairs = HOSTILE if "language" in inside else PAIRS
            (path / inside).write_text(pairs if inside.endswith(".csv") else json.dumps(told))
"""


def names(outs: list[Any]) -> list[str]:
    return [out if isinstance(out, str) else next(iter(out)) for out in outs]


class Clone:
    """A clone of this repository whose stages are quick."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
            cwd=REPOSITORY, check=True, capture_output=True, text=True,
        )  # fmt: skip
        for name in listed.stdout.splitlines():
            if (REPOSITORY / name).is_file() and not name.startswith(("docs", "tests", "bench")):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, root / name)
        graph = yaml.safe_load((root / "dvc.yaml").read_text())
        for stage in graph["stages"].values():
            made = stage.get("do", stage)
            outs = [name for kind in ("outs", "metrics", "plots") for name in names(made.get(kind, []))]
            made["cmd"] = " ".join([sys.executable, "stand_in.py", *outs])
        (root / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False))
        (root / "stand_in.py").write_text(STAND_IN)
        self.sh("git", "init", "--quiet")
        self.sh("git", "config", "user.name", "Ada")
        self.sh("git", "config", "user.email", "ada@example.org")

    def sh(self, *command: str, status: int = 0, **environment: str) -> str:
        done = subprocess.run(
            command, cwd=self.root, env=os.environ | environment,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout
        return done.stdout

    def set(self, section: str, **values: Any) -> None:
        """Changes keys of params.yaml."""
        params = yaml.safe_load((self.root / "params.yaml").read_text())
        params[section] |= values
        (self.root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))

    def ran(self) -> list[str]:
        """The stages that `dvc repro` runs, beside the one that always looks at the data."""
        return [name for name in re.findall("Running stage '(.*)'", self.sh("dvc", "repro")) if name != "source"]

    def commit(self) -> None:
        self.sh("git", "add", "--all")
        self.sh("git", "commit", "--quiet", "--message", "run")

    def tidy(self) -> None:
        """Back to what is committed."""
        self.sh("git", "checkout", "--quiet", ".")
        self.sh("dvc", "checkout", "--quiet")

    def leaderboard(self, columns: int = 120) -> list[str]:
        """The lines that `sensorium leaderboard` prints."""
        return self.sh(sys.executable, "-m", "sensorium", "leaderboard", COLUMNS=str(columns)).splitlines()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone with a committed run and experiments: one ended, of one the figures are lost, one failed, one waits."""
    made = Clone(tmp_path_factory.mktemp("clone"))
    made.set("fusion", kind="concat")
    made.ran()
    made.commit()
    made.sh("dvc", "exp", "run", "--name", "attention", "--set-param", "fusion.kind=attention", "report")
    made.tidy()
    made.sh("dvc", "exp", "run", "--name", "lost", "--set-param", "fusion.kind=late", "--set-param", "fusion.width=64")
    evaluated = yaml.safe_load((made.root / "dvc.lock").read_text())["stages"]["evaluate"]["outs"][0]
    assert evaluated["path"] == "metrics/evaluate.json"
    kept = made.root / ".dvc/cache/files/md5" / evaluated["md5"][:2] / evaluated["md5"][2:]
    made.tidy()
    kept.unlink()
    made.sh("dvc", "exp", "run", "--queue", "--name", "fails", "--set-param", "fusion.kind=attention")
    made.sh("dvc", "exp", "run", "--run-all")
    made.sh("dvc", "exp", "run", "--queue", "--name", "waits", "--set-param", "serve.top=5")
    return made


def test_dvc_compares_the_headline_only(clone: Clone) -> None:
    told = clone.sh("dvc", "metrics", "diff", "HEAD", "attention").splitlines()
    assert [" ".join(line.split()[1:]) for line in told] == [
        "Metric HEAD attention Change",
        "category.accuracy 0.9 0.75 -0.15",
        "language.accuracy 0.95 0.8 -0.15",
        "passed True False -1",
    ]
    shown = clone.sh("dvc", "exp", "show", "--no-pager", "--only-changed", "--drop", ".*/", COLUMNS="120").splitlines()
    assert max(map(len, shown)) <= 120
    assert {"Experiment", "category.accuracy", "language.accuracy", "passed"} <= set(shown[1].split())


def test_the_leaderboard_has_the_best_first_and_says_what_differs(clone: Clone) -> None:
    narrow, lines = clone.leaderboard(columns=80), clone.leaderboard(columns=120)
    assert max(map(len, narrow)) <= 80
    assert max(map(len, lines)) <= 120
    shown = [re.sub(r"^[0-9a-f]{8}\b", "COMMIT", " ".join(line.split())) for line in lines[1:] if line.strip()]
    assert shown[2:12] == [
        "last commit category 0.900 [0.84, 0.94] 12.3 5.7 passed",
        "workspace language 0.950 [0.89, 0.99]",
        "attention category 0.750 [0.69, 0.79] 12.3 5.7 failed fusion.kind attention",
        "COMMIT language 0.800 [0.74, 0.84]",
        "lost not in DVC's cache 12.3 5.7 passed fusion.kind late",
        "COMMIT fusion.width 64",
        "waits queued serve.top 5",
        "COMMIT",
        "fails failed fusion.kind attention",
        "COMMIT",
    ]
    assert shown[-1] == "why it failed: dvc queue logs fails"


def test_plots_of_dvc_are_drawn_without_a_network(clone: Clone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clone.root)
    fetch.place_scripts()
    clone.sh("dvc", "plots", "diff", "HEAD", "attention")
    with browsing("--host-resolver-rules=MAP * ~NOTFOUND") as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((clone.root / "dvc_plots/index.html").as_uri())
        page.wait_for_selector("canvas.marks >> nth=1")
        assert "<script>hacked = 1</script>" in page.content()  # but nothing runs it
        assert page.evaluate("window.hacked") is None
        widths = page.evaluate("[...document.querySelectorAll('canvas.marks')].map(one => one.width)")
    assert min(widths) > 300
    assert {url.split(":")[0] for url in asked} == {"file"}


def test_other_settings_of_serving_are_due_for_packaging_alone(clone: Clone) -> None:
    clone.set("serve", top=4)
    assert clone.ran() == ["package"]
    champion = clone.root / "models/champion.json"
    for made, due in (("first", ["gate"]), ("first", []), ("second", ["gate"])):
        champion.write_text(json.dumps({"version": f"v{len(due)}.{made}", "model_version": made}))
        assert clone.ran() == due  # another version of the same model is no reason to judge again
    clone.tidy()


def test_bytecode_beside_the_code_is_no_change(clone: Clone) -> None:
    for folder in ("modalities", "models", "evaluation"):
        (clone.root / "src/sensorium" / folder / "__pycache__").mkdir()
        (clone.root / "src/sensorium" / folder / "__pycache__/a.cpython-311.pyc").write_bytes(b"a")
    assert clone.sh("dvc", "status").split() == ["source:", "always", "changed"]
