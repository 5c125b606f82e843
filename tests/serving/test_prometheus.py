"""Rules and dashboard against a real Prometheus that scrapes the real service."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml

from sensorium.runtime import artefact, profile, settings
from sensorium.serving import keys
from sensorium.serving.places import MOST_BODIES
from tests.conftest import REPOSITORY, answers, free_port
from tests.serving.test_grafana import DASHBOARD, PANELS, RULES, panel

NAME = re.compile(r"\b(?:sensorium_[a-z_]+|up)\b(?!:)")
PATIENCE = 60  # seconds
KEY = "sk_of_the_test"
BATCH, RATE = 25, 500  # samples
SHED = 20  # requests, twice

needs_prometheus = pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("promtool")),
    reason="prometheus and promtool are not on PATH (Debian: apt-get install prometheus)",
)


@needs_prometheus
@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", "prometheus.yml"),
        ("check", "config", "cluster.yml"),
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts.test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_finds_nothing(command: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *command], cwd=RULES.parent, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@dataclass
class Observed:
    """The service, and a Prometheus that looks at it.

    Attributes:
        service: where it listens.
        prometheus: where it listens.
        version: the champion's.
        before: when all that is counted had been counted once.
        after: when the rest of the requests had been counted.
    """

    service: httpx.Client
    prometheus: httpx.Client
    version: str
    before: float = 0
    after: float = 0

    def ask(self, expression: str, at: float | None = None) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        asked = {"query": expression} | ({} if at is None else {"time": f"{at:.3f}"})
        answer = self.prometheus.get("/api/v1/query", params=asked).json()
        assert answer["status"] == "success", (expression, answer)
        return answer["data"]["result"]

    def shown(self, expression: str) -> list[dict[str, Any]]:
        """What an expression of the dashboard gives for exactly the time between ``before`` and ``after``."""
        window = f"{round(1000 * (self.after - self.before))}ms"
        for name, value in {"instance": ".*", "version": ".*", "target": ".*"}.items():
            expression = expression.replace(f"${name}", value)
        for name in ("$__rate_interval", "$__range", "$__interval"):
            expression = expression.replace(name, window)
        assert "$" not in expression
        return self.ask(expression, self.after)

    def of(self, title: str, *by: str, target: int = 0) -> dict[str, float]:
        """What a panel shows, by the values of labels."""
        rows = self.shown(panel(title)["targets"][target]["expr"])
        return {" ".join(row["metric"][name] for name in by): float(row["value"][1]) for row in rows}

    def rules(self) -> dict[str, dict[str, Any]]:
        """How Prometheus fares with every rule."""
        groups = self.prometheus.get("/api/v1/rules").json()["data"]["groups"]
        return {rule["name"]: rule for group in groups for rule in group["rules"]}

    def metrics(self) -> str:
        return self.service.get("/metrics").text

    def counted(self, name: str) -> float:
        """The sum of a metric over its labels, from the service itself."""
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", self.metrics(), re.M))

    def scrape(self) -> float:
        """Waits for two more scrapes; the time of the last."""
        begun = self._last()
        wait_for(lambda: self._last() > begun)
        begun = self._last()
        wait_for(lambda: self._last() > begun)
        return self._last()

    def _last(self) -> float:
        rows = self.ask('timestamp(sensorium_log_failures_total{job="sensorium"})')
        return float(rows[0]["value"][1]) if rows else 0.0

    def work(self, wrong: int, right: int, batches: int) -> None:
        """Sends requests of every sort."""
        for number in range(right + wrong):
            answer = self.post("/predict", note=f"a frog {number}")
            self.settle()
            said = answer.json()["targets"]["label"]["probabilities"]
            truth = max(said, key=said.get) if number < right else "maybe"
            told = self.post("/feedback", request_id=answer.json()["request_id"], labels={"label": truth})
            assert (answer.status_code, told.status_code) == (200, 202), told.text
        assert self.post("/explain", note="a frog", car={"age": 3}).status_code == 200
        assert self.post("/predict", smell="x").status_code == 400
        for _ in range(batches):
            answer = self.post("/predict_batch", samples=[{"note": "a frog"}] * BATCH)
            assert answer.status_code == 200, answer.text
            self.settle()
        assert self.post("/predict_batch", samples=[{"note": "a frog"}] * RATE).status_code == 429
        with self.busy():
            for _ in range(SHED):
                assert self.post("/predict", note="a frog").status_code == 503

    def settle(self) -> None:
        """Waits until the challenger has seen all that the champion has."""
        wait_for(lambda: self.counted("sensorium_shadow_total") == self.counted("sensorium_predictions_total"))

    def post(self, path: str, **content: Any) -> httpx.Response:
        return self.service.post(path, json=content)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """As many bodies as may be on their way are, and do not come."""
        place = (self.service.base_url.host, self.service.base_url.port)
        words = f"POST /predict_batch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}\r\n"
        held = [socket.create_connection(place) for _ in range(MOST_BODIES)]
        begun = b" " * 20_000  # so much is waited for 40 seconds longer, on a busy machine too
        for one in held:
            one.sendall(f"{words}Content-Type: application/json\r\nContent-Length: 20009\r\n\r\n".encode() + begun)
        wait_for(lambda: self.counted("sensorium_bodies_coming") == MOST_BODIES)
        yield
        for one in held:
            one.sendall(b'{"car":1}')
            assert b"400 Bad Request" in one.recv(1000)
            one.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


@contextmanager
def running(command: Sequence[str], log: Path, ready: Callable[[], bool], **environment: str) -> Iterator[None]:
    """A process in its own session, until the block ends."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command, cwd=REPOSITORY, env=os.environ | environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        wait_for(lambda: ready() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(PATIENCE)


def other(folder: Path, target: Path, **reference: np.ndarray) -> Path:
    """The same model under another version, with a reference of drift."""
    shutil.copytree(folder, target)
    (target / artefact.MANIFEST).unlink()
    np.savez(target / profile.FILE, **reference)
    manifest = json.loads((folder / artefact.MANIFEST).read_text())
    artefact.seal(target, {key: value for key, value in manifest.items() if key not in ("version", "files")})
    return target


@pytest.fixture(scope="module")
def observed(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    root = tmp_path_factory.mktemp("observed")
    # Every text lies in the first tenth of the reference, as far from it as the index can tell.
    one_sided = {"note.mean": np.zeros(384), "note.axes": np.zeros((384, 1)), "note.tenths": np.arange(1.0, 10)[None]}
    champion = other(model_folder, root / "champion", **one_sided)
    serve = settings.Serve(abstain={"label": 0.99}, in_flight=2, rate=RATE, samples=RATE)
    settings.write(champion, settings.Settings(serve))
    challenger = other(model_folder, root / "challenger", nothing=np.zeros(1))
    service, prometheus = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
    config = yaml.safe_load((RULES.parent / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [service.removeprefix("http://")]
    shutil.copy(RULES, root)
    (root / "prometheus.yml").write_text(yaml.safe_dump(config))
    environment = {
        "SENSORIUM_MODEL": str(champion),
        "SENSORIUM_CHALLENGER": str(challenger),
        "SENSORIUM_LOG": str(root / "log"),
        "SENSORIUM_API_KEYS": f"tester:{keys.digest(KEY)}",
        "BENTOML_HOME": str(root / "bentoml"),
        "PATH": f"{Path(os.sys.executable).parent}:{os.environ['PATH']}",  # type: ignore[attr-defined]
    }
    serve = ["bentoml", "serve", "--port", service.rpartition(":")[2]]
    watch = ["prometheus", f"--config.file={root / 'prometheus.yml'}", f"--storage.tsdb.path={root / 'data'}"]
    watch.append(f"--web.listen-address={prometheus.removeprefix('http://')}")
    with (
        running(serve, root / "service.log", lambda: answers(f"{service}/readyz"), **environment),
        running(watch, root / "prometheus.log", lambda: answers(f"{prometheus}/-/ready")),
        httpx.Client(base_url=service, headers={"Authorization": f"Bearer {KEY}"}, timeout=30) as client,
        httpx.Client(base_url=prometheus) as asking,
    ):
        version = json.loads((champion / artefact.MANIFEST).read_text())["version"]
        made = Observed(client, asking, version)
        (challenger / artefact.MANIFEST).write_text("broken")  # a switch that fails
        wait_for(lambda: 'outcome="failed"' in made.metrics())
        made.work(wrong=1, right=3, batches=2)
        made.before = made.scrape()
        made.work(wrong=2, right=6, batches=2)
        wait_for(lambda: "sensorium_input_drift{" in made.metrics())
        made.after = made.scrape()
        yield made


@needs_prometheus
@pytest.mark.slow
def test_every_panel_shows_something(observed: Observed) -> None:
    for one in PANELS:
        for target in one["targets"]:
            assert observed.shown(target["expr"]), (one["title"], target["expr"])
    for note in DASHBOARD["annotations"]["list"]:
        assert [row["metric"] for row in observed.shown(note["expr"])] == [{"model_version": observed.version}]


@needs_prometheus
@pytest.mark.slow
def test_variables_offer_what_is_there(observed: Observed) -> None:
    offered = {}
    for one in DASHBOARD["templating"]["list"][1:]:
        metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", one["query"]["query"]).groups()  # type: ignore[union-attr]
        selector = metric.replace("$instance", ".*")
        values = observed.prometheus.get(f"/api/v1/label/{label}/values", params={"match[]": selector}).json()["data"]
        offered[one["name"]] = values
    assert offered["instance"] == [observed.service.base_url.netloc.decode()]
    assert observed.version in offered["version"] and len(offered["version"]) == 2
    assert offered["target"] == ["label", "size"]


@needs_prometheus
@pytest.mark.slow
def test_every_metric_that_is_asked_for_is_served(observed: Observed) -> None:
    expressions = [target["expr"] for one in PANELS for target in one["targets"]]
    expressions += [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    asked = {name for text in expressions for name in NAME.findall(text)}
    served = set(re.findall(r"^(sensorium_\w+)", observed.metrics(), re.M))
    assert len(asked) > 15
    assert asked - served == {"up"}  # which is Prometheus' own


@needs_prometheus
@pytest.mark.slow
def test_prometheus_evaluates_every_rule(observed: Observed) -> None:
    def waiting() -> set[str]:
        return {name for name, rule in observed.rules().items() if rule.get("state") in ("pending", "firing")}

    wait_for(lambda: {"SensoriumSwitchFailed", "SensoriumSheds", "SensoriumInputDrifts"} <= waiting())
    assert not {"SensoriumDown", "SensoriumGone", "SensoriumErrors", "SensoriumLosesRecords"} & waiting()
    rules = observed.rules()
    assert len(rules) == 26
    assert {name: rule.get("lastError") for name, rule in rules.items() if rule["health"] != "ok"} == {}
    recorded = {name for name, rule in rules.items() if rule["type"] == "recording"}
    assert {name for name in recorded if not observed.ask(name)} == set()


@needs_prometheus
@pytest.mark.slow
def test_panels_show_what_was_sent(observed: Observed) -> None:
    seconds = observed.after - observed.before

    def near(values: dict[str, float], each: float = 1.0) -> Any:
        return pytest.approx({name: value / each for name, value in values.items()}, rel=0.001, abs=1e-9)

    by_status = {
        "predict 200": 8, "predict 400": 1, "predict 503": SHED, "explain 200": 1, "feedback 202": 8,
        "predict_batch 400": MOST_BODIES, "predict_batch 200": 2, "predict_batch 429": 1,
    }  # fmt: skip
    assert observed.of("Requests by endpoint and status", "endpoint", "status") == near(by_status, each=seconds)
    assert observed.of("Requests") == near({"": 21 + SHED + MOST_BODIES}, each=seconds)
    assert observed.of("Shed") == near({"": SHED / (21 + SHED + MOST_BODIES)})
    assert observed.of("Errors") == {"": 0}
    assert observed.of("In flight") == {"": 0}
    assert observed.of("Instances") == observed.of("Instances", target=1) == {"": 1}
    models = observed.of("Model in service", "role", "model_version")
    assert models.keys() >= {f"champion {observed.version}"} and len(models) == 2
    assert observed.of("Switches and losses", "role", "outcome")["challenger failed"] == 0
    assert observed.of("Switches and losses", target=1) == {"": 0}

    predicted = observed.of("Predictions by class", "target", "label")
    assert sum(value for name, value in predicted.items() if "label" in name) == pytest.approx(59 / seconds, rel=0.001)
    assert observed.of("Abstentions", "target") == near({"label": 1, "size": 0})
    assert observed.of("Missing inputs", "input") == near({"note": 0, "photo": 1, "sound": 1, "car": 58 / 59})
    assert all(0.3 < value < 1 for value in observed.of("Mean confidence", "target").values())
    assert observed.of("Confidence", "le")["+Inf"] == pytest.approx(118, rel=0.001)

    told = observed.of("Feedback in this time", "target", "outcome")
    assert told == near({"label right": 6, "label wrong": 2, "size right": 0, "size wrong": 0})
    accuracy = observed.of("Accuracy by feedback", "target", "model_version")
    assert accuracy == near({f"label {observed.version}": 0.75})
    assert observed.of("The challenger agrees", "target") == {"label": 1, "size": 1}
    # All in one tenth: 0.9 ln 10 for the full one, 0.099 ln 100 for each of the nine that are empty.
    assert observed.of("Drift now", "input") == near({"note": 0.9 * np.log(10) + 9 * 0.099 * np.log(100)})
