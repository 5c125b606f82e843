import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.metrics import average_precision_score, f1_score

from sensorium.errors import BadInput
from sensorium.spelling import is_missing, spelled
from sensorium.targets import LearntMultilabel, Multilabel
from sensorium.targets.multilabel.calibration import fit_thresholds
from sensorium.targets.multilabel.figures import PredictedTags
from sensorium.targets.multilabel.strata import rarest

KNOWN = LearntMultilabel(("cat", "dog"), (0.5, 0.25), (0.5, 0.2))


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("dog; cat", ["cat", "dog"]),
        ("dog;;  dog ; ", ["dog"]),
        (["dog", "", None, 1.0, True], ["1", "dog", "true"]),
        ('["🎉", "a;b"]', ["a;b", "🎉"]),
        ("[]", []),
        ([], []),
        (";", []),
        ("[not json", ["[not json"]),
        (f"dog;{'x' * 300}", ["dog"]),
    ],
)
def test_a_cell_is_a_list_or_tags_with_a_separator(cell: object, tags: list[str]) -> None:
    assert Multilabel().parse(cell) == tags


@pytest.mark.parametrize("cell", ["['a', 'b']", "[a, b]", '{"a": 1}', "[1, [2]", '["a"', "[[a]]"])
def test_a_list_that_is_none_of_json_is_no_tag(cell: str) -> None:
    with pytest.raises(BadInput) as caught:
        Multilabel().parse(cell)
    assert caught.value.advised == (
        f'{cell!r} looks like a list, but is none that JSON knows: write ["a", "b"], '
        "or the tags with ';' between them"
    )
    assert Multilabel().parse("[draft]; [final]; [1] note, too") == ["[1] note, too", "[draft]", "[final]"]


def test_an_empty_list_is_known_and_a_missing_cell_is_not() -> None:
    assert [is_missing(cell) for cell in ([], np.array([]), "[]", None, "")] == [False, False, False, True, True]
    assert spelled(np.array(["b ", 1.0, None], object)) == '["b", "1"]'
    values = Multilabel().column_of(pd.Series(["[]", None, "dog"], dtype=object))
    assert values.tolist() == ["[]", None, '["dog"]']
    assert KNOWN.truth(values).tolist() == [[0, 0], [-1, -1], [0, 1]]


def test_what_is_left_out_is_said() -> None:
    cells = [*["dog,cat"] * 6, "seldom", "y" * 201]
    assert [*Multilabel(min_rows=2).doubts(cells)] == [
        "1 of 2 tags are in fewer than 2 rows and are not learnt, such as 'seldom'; their rows are, with their other "
        "tags",
        f"tags of more than 200 letters are left out, 1 of them, such as '{'y' * 40}...'",
        "no row has more than one tag: `kind: class` predicts one of several classes",
    ]
    assert [*Multilabel(min_rows=1).doubts(["dog;cat"], missing=2)] == [
        "2 of 3 rows have an empty cell, which says that their tags are not known: write [] where a row has none"
    ]
    assert [*Multilabel(min_rows=1).doubts(["dog;cat", "[]"], missing=2)] == []
    assert [*Multilabel(min_rows=1).doubts(["dog,cat", "cat,cow"])] == [
        "no row has more than one tag: `kind: class` predicts one of several classes; most hold ',', which "
        "`separator: ','` would divide"
    ]


def test_rare_tags_are_not_learnt_and_their_rows_are() -> None:
    values = Multilabel().column_of(pd.Series(["dog"] * 5 + ["dog; seldom"], dtype=object))
    learnt = Multilabel().learn(values, np.ones(6, bool))
    assert (learnt.tags, learnt.frequencies) == (("dog",), (1.0,))
    assert learnt.truth(values).tolist() == [[1]] * 6


def test_rows_are_spread_by_their_rarest_tag_that_enough_have() -> None:
    has = np.zeros((30, 3), bool)
    has[:, 0], has[:8, 1], has[:3, 2] = True, True, True  # common, rarer, too rare
    assert rarest(has).tolist() == [1] * 8 + [0] * 22
    assert rarest(np.zeros((2, 3), bool)).tolist() == [3, 3]


def test_figures_are_scikit_learns() -> None:
    random = np.random.default_rng(0)
    truth, probabilities = random.integers(0, 2, (40, 3)), random.random((40, 3)).round(1)
    truth[0], probabilities[0] = 0, 0.1
    decided = probabilities > 0.45
    found = PredictedTags(truth, decided, probabilities, np.arange(40) // 2)
    figures = found.figures()
    assert figures["micro_f1"] == pytest.approx(f1_score(truth, decided, average="micro"))
    assert figures["macro_f1"] == pytest.approx(f1_score(truth, decided, average="macro"))
    assert figures["samples_f1"] == pytest.approx(f1_score(truth, decided, average="samples", zero_division=1))
    assert figures["map"] == pytest.approx(average_precision_score(truth, probabilities, average="macro"))
    samples = found.resample(400)
    for name, value in figures.items():
        assert value is not None
        assert np.quantile(samples[name], 0.001) <= value <= np.quantile(samples[name], 0.999)


def test_a_threshold_of_a_rare_tag_is_drawn_to_that_of_all() -> None:
    truth, probabilities = np.zeros((1000, 2), int), np.full((1000, 2), 0.02)
    truth[:400, 0], probabilities[:400, 0] = 1, 0.33  # found from 0.05 to 0.3: the middle is 0.175
    truth[:2, 1], probabilities[:2, 1] = 1, 0.92
    common, rare = fit_thresholds(probabilities, truth)
    assert common == pytest.approx(0.175)
    assert rare == pytest.approx((2 * 0.475 + 20 * 0.175) / 22)


def test_each_tag_is_said_from_its_own_threshold() -> None:
    prediction = KNOWN.predict(np.log([[1.0, 1 / 3]]))[0]  # probabilities of 0.5 and 0.25
    assert KNOWN.answer(prediction, 0.4, 3) == {"labels": ["cat", "dog"], "probabilities": {"cat": 0.5, "dog": 0.25}}
    none = KNOWN.predict(np.log([[0.9, 0.1]]))
    assert KNOWN.answer(none[0], 0.4, 3)["labels"] == []
    assert KNOWN.scores(none, np.array([[0, 0]])).tolist() == [1.0]


def test_a_label_is_a_list_of_tags() -> None:
    assert KNOWN.read_label(["b", "a ", "b"]) == ["a", "b"]
    assert KNOWN.read_label('["a"]') == ["a"]
    assert KNOWN.unknown(["cat", "cow"]) == ["cow"]
    assert KNOWN.score(["cat", "dog"], '["dog"]') == pytest.approx(2 / 3)
    for label, why in (("dog", "is expected, such as"), (3, "a list of tags is expected"), (["x" * 201], "1 to")):
        with pytest.raises(BadInput, match=why):
            KNOWN.read_label(label)


def test_tags_that_are_all_too_rare_are_nothing_to_learn() -> None:
    cells = pd.Series(["a;b", "c;d", "[]", None], dtype=object)
    assert Multilabel().learnable(cells, 5) == 1
    assert Multilabel().nothing_to_learn(cells, 5) == (
        "no tag that differs is in 5 rows, so there is nothing to learn; lower its min_rows"
    )
    assert Multilabel(min_rows=1).learnable(cells, 5) == 3


def test_white_space_cannot_separate_tags_that_are_read_with_single_blanks() -> None:
    with pytest.raises(ValidationError, match="write a mark such as ';' between them"):
        Multilabel(separator="\t")
    assert Multilabel(separator=", ").parse("a, b") == ["a", "b"]
