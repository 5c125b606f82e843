"""Which parts of a clip and of a series mattered: asked of the service, and shown on the page."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import torch
from starlette.testclient import TestClient

from sensorium.modalities import Modality, Signal, Tabular, Video
from sensorium.runtime.predictor import Predictor
from tests import model
from tests.browser import browsing
from tests.clips import encoded
from tests.serving.conftest import listening, serving

CLIP = encoded()
WAVE = [round(float(one), 3) for one in np.sin(np.arange(60) / 3)]
KINDS: dict[str, Modality] = {
    "film": Video(encoder="motion"),
    "pulse": Signal(columns=["beat"], rate=20),
    "facts": Tabular(numbers=["age"]),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    given = {"film": CLIP, "pulse": {"beat": WAVE}, "facts": {"age": 1}}
    values = {name: kind.accept(given[name]) for name, kind in KINDS.items()}
    readers = model.read(KINDS, values)
    torch.manual_seed(0)
    network = model.small_network(readers, {"label": ["no", "yes"], "size": ["s", "m"]})
    return model.write(readers, values, network, tmp_path_factory.mktemp("within") / "model")


@pytest.fixture(scope="module")
def client(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with serving(folder, tmp_path_factory.mktemp("log")) as one:
        yield one


@pytest.mark.slow
def test_each_part_has_what_hiding_it_takes_from_the_answer(client: TestClient, folder: Path) -> None:
    asked = {"data": {"pulse": json.dumps({"beat": WAVE})}, "files": {"film": ("a.mp4", CLIP)}}
    predictor = Predictor.load(folder)
    sample = predictor.accept({"film": CLIP, "pulse": {"beat": WAVE}})
    before = predictor.predict([sample])[0]
    for name, parts in (("film", 8), ("pulse", 10)):
        answer = client.post(f"/explain/{name}", **asked)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        hidden = KINDS[name].occlusions(sample[name])
        assert len(found["picture"]["parts"]) == len(hidden) == parts
        for target, weights in found["targets"].items():
            decided = before[target].argmax()
            after = [one[target][decided] for one in predictor.predict([{**sample, name: left} for _, left in hidden])]
            assert weights == pytest.approx([before[target][decided] - one for one in after], abs=2e-4)
    assert client.get("/schema").json()["inputs"]["facts"]["is_sketched"] is False
    described = client.get("/docs.json").json()["paths"]["/explain/film"]["post"]
    promised = described["responses"]["200"]["content"]["application/json"]["schema"]
    example = client.post("/explain/film", json=described["requestBody"]["content"]["application/json"]["example"])
    jsonschema.validate(example.json(), promised)


def test_what_has_no_parts_is_refused(client: TestClient) -> None:
    told = {
        "facts": (404, "there are no parts of 'facts' to explain; there are of: film, pulse"),
        "film": (400, "film: it is not given"),
    }
    for name, (status, error) in told.items():
        answer = client.post(f"/explain/{name}", json={"facts": {"age": 1}})
        assert (answer.status_code, answer.json()) == (status, {"error": error})


@pytest.mark.slow
def test_the_page_draws_the_parts_of_what_it_asked_about(client: TestClient) -> None:
    with listening(client) as address, browsing() as browser:
        page, said = browser.new_page(viewport={"width": 390, "height": 844}), []
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{address}/ui/")
        page.locator("[data-input=film] input[type=file]").first.set_input_files(
            {"name": "a.mp4", "mimeType": "video/mp4", "buffer": CLIP}
        )
        page.get_by_label("beat").fill(json.dumps(WAVE))
        page.get_by_role("button", name="Ask the model").click()
        page.get_by_role("button", name="What mattered in film").click()
        page.get_by_role("button", name="What mattered in pulse").click()
        for name in ("film", "pulse"):
            page.locator(f"[data-within={name}] figure").nth(1).wait_for()  # of two targets each
        counted = "['rect', 'image, path'].map((name) => one.querySelectorAll(name).length)"
        drawn = f"all => all.map((one) => {counted})"
        assert page.eval_on_selector_all(".within svg", drawn) == [[8, 1], [8, 1], [10, 1], [10, 1]]
        assert page.locator(".within svg").first.get_attribute("aria-label").endswith(" the answer")
        weights = "all => Math.max(...all.map((one) => Number(one.style.getPropertyValue('--weight'))))"
        assert page.eval_on_selector_all("[data-within=film] figure:first-child rect", weights) == 1
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert said == []
