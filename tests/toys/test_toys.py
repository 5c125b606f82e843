"""Kinds that are in no file of the product, only in its tables, and only here: they pass what every kind passes, and go
through the chain to a served model.
"""

import random
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from pydantic import Field, create_model

from sensorium import params
from sensorium.dataset.table_prediction import predict_table
from sensorium.errors import UserError
from sensorium.files import read_json
from sensorium.modalities import KINDS, Tabular
from sensorium.models import network as networks
from sensorium.models.fusion import FUSIONS
from sensorium.prepared import load_params
from sensorium.runtime.predictor import Predictor
from sensorium.runtime.settings import Serve
from sensorium.stages import embed, evaluate, ingest, prepare, search, train, validate
from sensorium.targets import KINDS as TARGETS
from sensorium.targets import OneOf
from tests import model
from tests.browser import browsing
from tests.conftest import Project
from tests.encoders import test_conformance as encoders
from tests.modalities import test_conformance as modalities
from tests.modalities.cases import Case
from tests.models.fusion import test_conformance as fusions
from tests.serving.conftest import listening, serving
from tests.targets.toy import LearntToy, Toy
from tests.toys.averaging import Averaging
from tests.toys.moves import WAYS, Moves

MOVES = Case(
    Moves(),
    ["north 3, east 1, north 2", "west 9", "south 1, south 2"],
    ("north, or so", "moves are expected as in 'north 3, east 1'"),
    " north 3,east 1 , north 2",
)


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that a new kind changes, beside the file that it is in."""
    monkeypatch.setitem(KINDS, "moves", Moves)
    monkeypatch.setitem(FUSIONS, "averaging", f"{Averaging.__module__}:{Averaging.__name__}")


class TestModality(modalities.Conformance):
    @pytest.fixture
    def case(self) -> Case:
        return MOVES

    def test_its_extremes_are_known(self) -> None:
        """Nothing of this kind stands in the list of the others."""


class TestEncoder(encoders.Conformance):
    @pytest.fixture
    def member(self) -> encoders.Member:
        return encoders.Member.of(MOVES, "ends")


class TestFusion(fusions.Conformance):
    @pytest.fixture
    def fused(self, tmp_path: Path) -> fusions.Fused:
        return fusions.Fused("averaging", tmp_path)


def games(count: int) -> list[dict[str, Any]]:
    """Who moved north and who did not; the moves are missing in some rows."""
    chance, rows = random.Random(0), []
    for _ in range(count):
        way = chance.choice(["north", "south"])
        moves = [way, chance.choice(list(WAYS)), way]
        cells = {"game": ", ".join(f"{one} {chance.randint(2, 5)}" for one in moves), "age": chance.random()}
        rows.append(cells | {"won": way == "north", "game": cells["game"] if chance.random() < 0.9 else None})
    return rows


@pytest.mark.slow
def test_a_kind_and_a_fusion_that_only_tests_know_go_to_a_served_model(project: Project) -> None:
    project.params |= {
        "inputs": {"game": {"kind": "moves"}, "facts": {"kind": "tabular", "numbers": ["age"]}},
        "targets": {"won": {"kind": "class"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
        "fusion": {"kind": "averaging", "width": 16},
        "training": {"epochs": 15, "learning_rate": 0.01},
        "search": {"trials": 1},
        "evaluation": {"bootstrap": 100, "robustness_rows": 10},
        "gate": [{"metric": "robustness.won.game.tired.mild.accuracy", "min": 0.5}],
    }
    project.write(games(120))
    for stage in (ingest, validate, prepare):
        stage.run()
    for name in project.params["inputs"]:
        embed.run(name)
    for stage in (search, train, evaluate):
        stage.run()
    assert read_json(project.root / "metrics/evaluate.json", "evaluate")["won"]["only"]["game"]["accuracy"] > 0.9
    assert read_json(project.root / "metrics/robustness.json", "evaluate")["won"]["game"]["tired"].keys()

    kinds = load_params().inputs
    samples = [{"game": "north 4", "facts": {"age": 0.5}}, {"game": "south 3, west 2"}, {"facts": {"age": 0.1}}]
    values = {name: kind.accept(samples[0][name]) for name, kind in kinds.items()}
    trained = networks.load(project.root / "models/trained")
    readers = model.read(kinds, values)
    served = Predictor.load(model.write(readers, values, trained, project.root / "served"))
    answers = served.predict([served.accept(sample) for sample in samples])
    names = served.targets["won"].classes
    assert [names[int(answer["won"].argmax())] for answer in answers[:2]] == ["true", "false"]
    for sample, answer in zip(samples, answers, strict=True):
        features = {name: torch.zeros(1, *readers[name].shape) for name in kinds}
        for name, raw in sample.items():
            encoder = readers[name].encoder
            read = encoder.network(encoder.preprocess.collate([encoder.preprocess(kinds[name].accept(raw))]))
            features[name] = torch.from_numpy(read)
        masks = {name: torch.full(features[name].shape[:2], float(name in sample)) for name in kinds}
        with torch.inference_mode():
            outputs = trained(features, masks)["won"].numpy()
        np.testing.assert_allclose(answer["won"], trained.targets["won"].predict(outputs)[0], atol=1e-4)


@pytest.mark.slow
def test_a_kind_of_target_that_only_tests_know_goes_from_params_to_a_predictor(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TARGETS, "toy", Toy)
    declared = Annotated[OneOf | Toy, Field(discriminator="kind")]  # what naming it in the table makes of params.yaml
    with_toy = create_model("WithToy", __base__=params.Params, targets=(dict[params.Name, declared], ...))
    monkeypatch.setattr(params, "Params", with_toy)
    project.params |= {
        "inputs": {"facts": {"kind": "tabular", "numbers": ["age"]}},
        "targets": {"old": {"kind": "toy"}, "years": {"kind": "number", "column": "weeks"}},
        "split": {"train": 0.6, "val": 0.2, "test": 0.2},
        "fusion": {"width": 16},
        "training": {"epochs": 15, "learning_rate": 0.01},
        "search": {"trials": 1},
        "evaluation": {"bootstrap": 100, "robustness_rows": 0},
    }
    ages = [number / 10 for number in range(120)]
    project.write([{"age": age, "old": "yes" if age > 6 else "no", "weeks": 52 * age} for age in ages])
    for stage in (ingest, validate, prepare):
        stage.run()
    embed.run("facts")
    for stage in (search, train, evaluate):
        stage.run()
    figures = read_json(project.root / "metrics/evaluate.json", "evaluate")
    assert figures["old"]["hits"] > 0.8
    trained, kinds = networks.load(project.root / "models/trained"), load_params().inputs
    values = {"facts": kinds["facts"].accept({"age": 1.0})}
    served = Predictor.load(model.write(model.read(kinds, values), values, trained, project.root / "served"))
    answers = served.predict([served.accept({"facts": {"age": age}}) for age in (1.0, 11.0)])
    said = [served.targets["old"].answer(answer["old"], 0.0, 1) for answer in answers]
    assert said[0]["yes"] < 0.5 < said[1]["yes"]
    columns = predict_table(pa.table({"age": [1.0]}), served, Serve(), project.root)
    assert [name for name in columns if name.startswith("years.")] == ["years.predicted", "years.low", "years.high"]


@pytest.mark.slow
def test_the_page_gives_and_shows_what_it_knows_no_kind_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TARGETS, "toy", Toy)
    kinds = {"game": Moves(), "facts": Tabular(numbers=["age"])}
    values = {name: kind.accept(kind.example()) for name, kind in kinds.items()}
    readers = model.read(kinds, values)
    network = model.small_network(readers, {"very_old": LearntToy(0.5).state}, "averaging")
    folder = model.write(readers, values, network, tmp_path / "model")
    with serving(folder, tmp_path / "log") as client, listening(client) as address, browsing() as browser:
        page, thrown = browser.new_page(viewport={"width": 390, "height": 800}), []
        page.on("pageerror", lambda error: thrown.append(str(error)))
        page.goto(f"{address}/ui/")
        page.get_by_role("textbox", name="game").fill("north 3")
        page.get_by_label("age").fill("7")
        with page.expect_response("**/explain") as waiting:
            page.get_by_role("button", name="Ask the model").click()
        answer = waiting.value.json()["targets"]["very_old"]
        shown = page.locator("[data-target=very_old]")
        shown.get_by_label("The true very old").fill("perhaps")
        lines = {"yes": answer["yes"], "knowing nothing": answer["base"], **answer["attribution"]}
        texts = [line.split() for line in shown.locator("dl div").all_inner_texts()]
        assert {" ".join(words): float(number.replace(",", "")) for *words, number in texts} == pytest.approx(
            lines, rel=1e-3
        )
        assert page.locator("#status").text_content().startswith("very old: yes 0.")
        shown.get_by_role("button", name="Tell").click()
        shown.get_by_text("Yes or no is expected").wait_for()
        shown.get_by_label("The true very old").fill("no")
        shown.get_by_role("button", name="Tell").click()
        shown.get_by_text("Thank you. Noted as no.").wait_for()
        page.locator("footer summary").click()
        assert "very old toy" in " ".join(page.inner_text("footer").split())
        assert (thrown, page.evaluate("document.documentElement.scrollWidth")) == ([], 390)


def test_what_is_in_no_table_is_refused_with_what_is(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.params["fusion"] = {"kind": "averagin"}
    project.write()
    with pytest.raises(UserError, match="there is no kind 'averagin' .did you mean 'averaging'"):
        params.load()
    project.params |= {"fusion": {}, "inputs": {"game": {"kind": "moves"}}}
    project.write()
    assert params.load().inputs == {"game": Moves()}
    monkeypatch.delitem(KINDS, "moves")
    with pytest.raises(UserError, match="'kind' 'moves' is not known; allowed: 'text', 'image', .*'tabular'"):
        params.load()
