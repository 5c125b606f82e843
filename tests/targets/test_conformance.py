"""What every kind of target must do, run over every kind: a new one is a case in `CASES`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
import torch

from sensorium.compression.export import export_network
from sensorium.compression.uncompressed import TorchFusion
from sensorium.errors import BadInput
from sensorium.models.network import Network, NetworkConfig, load, save
from sensorium.models.onnx_network import OnnxNetwork
from sensorium.targets import (
    KINDS,
    CalibrationRows,
    Class,
    Features,
    Learnt,
    Multilabel,
    Number,
    Target,
    kind_of,
    learnt,
    logged_in,
)
from sensorium.training.data import Rows
from sensorium.training.fit import fit
from sensorium.training.forward import predict
from sensorium.training.loop import TrainConfig
from tests.targets.toy import Toy

ROWS = 120
HOW = TrainConfig(
    learning_rate=0.01, weight_decay=0.0, input_dropout=0.3, label_smoothing=0.0, batch_size=16, epochs=1, patience=1,
    seed=0,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A kind with some cells.

    Attributes:
        target: as declared.
        cells: of rows, as a table has them; some are missing.
        bad: a cell that cannot be learnt beside these, and what is said of it.
        constant: cells that leave nothing to learn.
        label: what a person may tell that no prediction agrees with, and what is none.
    """

    target: Target
    cells: Callable[[np.random.Generator], list[Any]]
    bad: tuple[Any, str]
    constant: list[Any]
    label: tuple[Any, Any]


def _tags(random: np.random.Generator) -> str:
    """A cell as a table of text has it; now and then one of no tags."""
    return "; ".join(tag for tag in ("dog", "cat", "5") if random.random() < 0.5) or "[]"


CASES = {
    "class": Case(
        Class(),
        lambda random: [*random.choice(["dog", "cat", "5"], ROWS - 10), *[None] * 10],
        ("seen once", "fewer than 5 rows are of class 'seen once'"),
        ["dog"] * 20,
        ("a new one", ["dog"]),
    ),
    "multilabel": Case(
        Multilabel(),
        lambda random: [*(_tags(random) for _ in range(ROWS - 10)), *[None] * 10],
        ("[[1]]", "'[[1]]' holds a list or an object within the list: write one list of texts"),
        ["dog; cat"] * 20,
        (["a new one"], 7),
    ),
    "number": Case(
        Number(),
        lambda random: [*map(str, np.exp(random.normal(size=ROWS - 10) * 2 + 5)), *[None] * 10],
        ("12 kg", "'12 kg' is more than a number: write the number alone, all in one unit"),
        ["7.5"] * 20,
        (1e9, "a dozen"),
    ),
    "toy": Case(
        Toy(),
        lambda random: [*random.choice(["yes", "no"], ROWS - 10), *[None] * 10],
        ("perhaps", "yes or no is expected"),
        ["yes"] * 20,
        ("no", "perhaps"),
    ),
}


@pytest.fixture(autouse=True)
def with_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding a kind is naming it in the table of kinds."""
    monkeypatch.setitem(KINDS, "toy", Toy)


def test_every_kind_has_a_case() -> None:
    assert CASES.keys() == KINDS.keys()


OPTIONS = {"balanced class": replace(CASES["class"], target=Class(balance=1.0, focal=2.0))}


@pytest.mark.parametrize("case", [pytest.param(case, id=kind) for kind, case in (CASES | OPTIONS).items()])
class TestConformance:
    @pytest.fixture
    def cells(self, case: Case) -> pd.Series:
        return pd.Series(case.cells(np.random.default_rng(0)), dtype=object)

    @pytest.fixture
    def values(self, case: Case, cells: pd.Series) -> pd.Series:
        return case.target.column_of(cells)

    @pytest.fixture
    def known(self, case: Case, values: pd.Series) -> Learnt:
        return case.target.learn(values, np.arange(ROWS) % 2 == 0)

    @pytest.fixture
    def truth(self, known: Learnt, values: pd.Series) -> np.ndarray:
        return known.truth(values)

    @pytest.fixture
    def outputs(self, known: Learnt) -> np.ndarray:
        return np.random.default_rng(1).normal(size=(ROWS, known.outputs)).astype(np.float32)

    def test_cells_that_cannot_be_learnt_say_why(self, case: Case, cells: pd.Series) -> None:
        cell, sentence = case.bad
        problems = case.target.problems(pd.Series([*cells, cell], dtype=object), np.ones(ROWS + 1, bool), 5)
        assert [problem.advised for problem in problems if problem] == [sentence]
        assert problems[-1] is not None
        assert case.target.learnable(pd.Series(case.constant), 5) == 1
        assert "so there is nothing to learn" in case.target.nothing_to_learn(pd.Series(case.constant), 5)
        assert all(isinstance(one, str) for one in case.target.doubts(list(cells.dropna())))
        json.dumps(case.target.count(cells))

    def test_splits_have_some_of_every_stratum(self, case: Case, values: pd.Series) -> None:
        strata = case.target.strata(values)
        assert strata.isna().tolist() == values.isna().tolist()
        assert 2 <= strata.nunique() <= 10

    def test_what_was_learnt_travels_as_json(self, known: Learnt) -> None:
        again = learnt(json.loads(json.dumps(known.state)))
        assert (again, again.state) == (known, known.state)

    def test_a_target_counts_as_much_as_it_is_told_to(self, case: Case, values: pd.Series) -> None:
        heavy = case.target.model_copy(update={"weight": 3.0}).learn(values, np.ones(ROWS, bool))
        assert learnt(json.loads(json.dumps(heavy.state))).weight == 3.0

    def test_truth_is_known_where_the_cell_is_not_missing(
        self, known: Learnt, truth: np.ndarray, values: pd.Series
    ) -> None:
        assert known.known(truth).tolist() == values.notna().tolist()
        assert known.known(torch.from_numpy(truth)).tolist() == values.notna().tolist()
        assert len(np.unique(known.strata(truth))) > 2

    def test_descending_the_loss_brings_predictions_near_the_truth(self, known: Learnt, truth: np.ndarray) -> None:
        rows = known.known(truth)
        true, weights = torch.from_numpy(truth[rows]), torch.zeros(int(rows.sum()), known.outputs, requires_grad=True)
        optimiser = torch.optim.Adam([weights], 0.2)
        first = known.loss(weights, true).item()
        for _ in range(200):
            optimiser.zero_grad()
            loss = known.loss(weights, true)
            loss.backward()
            optimiser.step()
        assert loss.item() < first / 3
        before, after = (
            known.scores(known.brief(known.predict(one)), truth[rows]).mean()
            for one in (np.zeros_like(weights.detach().numpy()), weights.detach().numpy())
        )
        assert after > before
        assert known.least_loss(weights.detach(), true) <= loss.item() + 1e-6
        together = known.losses(torch.stack([weights.detach()] * 2, dim=1), true)
        torch.testing.assert_close(together.mean(0), torch.stack([known.loss(weights.detach(), true)] * 2).to(together))
        assert known.divergence(weights, weights).item() == pytest.approx(0, abs=1e-6)
        assert known.divergence(weights, weights + 1 + torch.arange(known.outputs)).item() > 0

    def test_calibration_keeps_the_form(self, known: Learnt, truth: np.ndarray, outputs: np.ndarray) -> None:
        rows = CalibrationRows(outputs, np.zeros((ROWS, 2)), truth)
        calibrated, divisors = known.calibrated([rows], 1.0)
        assert type(calibrated) is type(known)
        assert divisors.shape == (3,)
        judged = calibrated.judged(calibrated.predict(outputs), truth, np.arange(ROWS))
        assert set(judged.honesty()) == set(known.honesty_figures)
        assert set(calibrated.calibration(np.ones(ROWS))) == set(known.calibration_figures)
        assert calibrated.uncalibrated(outputs, np.ones(ROWS)).shape == (ROWS, len(known.columns))

    def test_figures_have_their_names_and_intervals(
        self, known: Learnt, truth: np.ndarray, outputs: np.ndarray
    ) -> None:
        predictions, groups = known.predict(outputs), np.arange(ROWS) // 2
        judged = known.judged(predictions, truth, groups)
        figures, samples = judged.figures(), judged.resample(50)
        assert tuple(figures) == known.figure_names
        assert samples.keys() == figures.keys()
        assert {len(of) for of in samples.values()} == {50}
        assert {known.main, *known.lower_is_better, *known.unbounded, *known.compared} <= figures.keys()
        assert kind_of(figures) is type(known)
        assert figures[known.main] == pytest.approx(known.figure_of(judged.scores.mean()))
        rows = known.known(truth)
        brief = known.brief(predictions)
        np.testing.assert_allclose(known.scores(brief, truth)[rows], judged.scores)
        assert tuple(known.of_subset(brief[rows], truth[rows], groups[rows])) == known.subset_figures
        assert known.worth(predictions, brief).shape == (ROWS,)
        assert known.gain_unit(figures | dict.fromkeys(known.baselines, figures)) > 0

    def test_the_simplest_methods_are_beside(self, known: Learnt, truth: np.ndarray) -> None:
        rows = known.known(truth)
        x = np.random.default_rng(2).normal(size=(ROWS, 3))
        features = Features((x[rows], truth[rows]), (x[rows][:30], truth[rows][:30]), x, truth)
        found = known.simplest(features)
        assert found.keys() == known.baselines.keys()
        for predictions in found.values():
            assert np.isfinite(known.judged(predictions, truth, np.arange(ROWS)).figures()[known.main])  # type: ignore[arg-type]
        np.testing.assert_allclose(next(iter(found.values()))[0], known.prior(truth), rtol=0.3)

    def test_an_answer_is_as_openapi_has_it(self, known: Learnt, outputs: np.ndarray) -> None:
        predictions = known.predict(outputs[:4])
        answer = json.loads(json.dumps(known.answer(predictions[3], 0.0, 3)))
        jsonschema.validate(answer, known.openapi())
        explained = json.loads(json.dumps(known.attribution(["a", "b"], predictions)))
        for contribution in (explained["base"], *explained["attribution"].values()):
            jsonschema.validate(contribution, known.openapi_of_contribution())
        assert not known.abstains(predictions[0], 0.0)
        json.dumps([known.description(0.0), known.recorded(predictions[0]), known.remembered(predictions[0])])
        assert isinstance(known.counted_as(predictions[0]), str)
        assert {len(cells) for cells in known.logged(predictions).values()} == {4}
        assert {len(cells) for cells in known.cells(predictions).values()} == {4}

    def test_a_label_that_is_told_is_of_its_kind(self, case: Case, known: Learnt, outputs: np.ndarray) -> None:
        good, bad = case.label
        assert known.read_label(good) == known.read_label(known.read_label(good))
        jsonschema.validate(good, known.openapi_of_label())
        known.read_label(known.example_label())
        with pytest.raises(BadInput, match="."):
            known.read_label(bad)
        remembered = json.loads(json.dumps(known.remembered(known.predict(outputs)[0])))
        assert known.agrees(remembered, remembered)
        assert not known.agrees(remembered, known.read_label(good))

    def test_the_log_says_again_what_was_predicted(self, known: Learnt, outputs: np.ndarray) -> None:
        predictions = known.predict(outputs[:1])
        line = {key: {"t": written} for key, written in known.recorded(predictions[0]).items()}
        line = json.loads(json.dumps(line))
        assert line.keys() == known.line.keys()
        assert list(logged_in(line)) == [("t", type(known))]
        recalled = known.recalled(line, "t")
        assert known.agrees(known.remembered(predictions[0]), recalled)
        compared, logged = known.compared_of(line, "t"), known.logged(predictions)
        assert list(compared) == list(logged) == list(known.drifts)
        for name, cell in compared.items():
            assert cell == logged[name][0] or cell == pytest.approx(logged[name][0], abs=1e-6)
        assert all(known.traced(line, "t"))
        same = [known.score(recalled, compared[next(iter(known.drifts))])] * 3
        low, high = known.interval(np.array(same), 0.95) or (0.0, 0.0)
        assert low <= known.figure_of(same[0]) <= high

    def test_the_served_form_predicts_what_the_trained_one_does(
        self, known: Learnt, outputs: np.ndarray, tmp_path: Any
    ) -> None:
        torch.manual_seed(0)
        network = Network(NetworkConfig({"a": 3}, {"t": known.state}, "concat", 8, 1, 0.0)).eval()
        save(network, tmp_path)
        assert load(tmp_path).targets == {"t": known}
        export_network(network, tmp_path / "fusion.onnx", {"a": 1})
        batch = {"features.a": np.random.default_rng(0).normal(size=(5, 1, 3)).astype(np.float32)}
        batch["mask.a"] = np.ones((5, 1), np.float32)
        forms = TorchFusion(network), OnnxNetwork(tmp_path / "fusion.onnx")
        trained, served = (form.outputs(batch)["logits.t"] for form in forms)
        assert trained.shape == (5, known.outputs)
        np.testing.assert_allclose(known.predict(served), known.predict(trained), rtol=1e-4)

    def test_the_linear_network_learns_it_from_inputs_that_may_be_missing(
        self, known: Learnt, truth: np.ndarray
    ) -> None:
        true = torch.from_numpy(truth)
        telling = torch.nn.functional.pad(torch.nan_to_num(true.float().view(ROWS, -1)), (0, 1))
        random = torch.Generator().manual_seed(0)
        features = {"telling": telling[:, None], "noise": torch.randn(ROWS, 1, 3, generator=random)}
        items = {
            name: torch.where(torch.arange(ROWS) % 7 == place, -1, torch.arange(ROWS))
            for place, name in enumerate(features)
        }
        seen = Rows(features, items, {"t": true}, torch.arange(ROWS))
        dims = {name: of.shape[-1] for name, of in features.items()}
        config = NetworkConfig(dims, {"t": known.state}, "linear", 8, 1, 0.0)
        fitted = fit(config, HOW, seen, seen)
        rows = known.known(true)
        alone = Network(config).eval()
        learnt_loss, chance = (
            known.loss(predict(one, seen)["t"][rows], true[rows]).item() for one in (fitted.network, alone)
        )
        assert learnt_loss < chance

    def test_two_models_are_held_against_each_other(
        self, known: Learnt, values: pd.Series, truth: np.ndarray, outputs: np.ndarray
    ) -> None:
        predictions = known.predict(outputs)
        judges, same, ours, theirs = known.side_by_side(known, predictions, predictions, values)
        assert judges[0].known(same).tolist() == known.known(truth).tolist()
        np.testing.assert_array_equal(ours, theirs)

    def test_a_person_is_shown_rows_of_different_groups(
        self, known: Learnt, truth: np.ndarray, outputs: np.ndarray
    ) -> None:
        predictions, groups = known.predict(outputs), np.arange(ROWS) // 3
        chosen = known.examples(predictions, truth, groups)
        assert 1 <= len(chosen) == len(set(groups[chosen])) <= 6
        for row in chosen:
            assert known.shown_truth(truth[row])
            assert all(0 <= share <= 1 for _, share in known.shown(predictions[row]))
            assert known.is_right(predictions[row], truth[row]) in (True, False)
