import pytest
from pydantic import ValidationError

from sensorium.errors import UserError
from sensorium.evaluation.gates import Rule, judge

FIGURES = {
    "evaluate": {"colour": {"accuracy": 0.8, "majority": {"accuracy": 0.4}, "without": {"note": {"accuracy": 0.5}}}},
    "timings": {"compress": {"p95_ms": 12.5}},
}


def test_bounds_are_numbers_or_other_figures_and_reaching_one_is_enough() -> None:
    judged = judge(
        [
            Rule(metric="evaluate.colour.accuracy", min=0.8),
            Rule(metric="evaluate.colour.accuracy", min="evaluate.colour.majority.accuracy"),
            Rule(metric="evaluate.colour.without.note.accuracy", min=0.6),
            Rule(metric="timings.compress.p95_ms", max=12),
        ],
        FIGURES,
    )
    assert [(rule.value, rule.sense, rule.bound, rule.passed) for rule in judged] == [
        (0.8, ">=", 0.8, True),
        (0.8, ">=", 0.4, True),
        (0.5, ">=", 0.6, False),
        (12.5, "<=", 12.0, False),
    ]
    assert [rule.is_timing for rule in judged] == [False, False, False, True]


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        ("evaluate.colour.acuracy", r"gate\[0\]: .* there is no 'acuracy'; here are accuracy, majority, without"),
        ("evaluate.colour", r"gate\[0\]: 'evaluate.colour' is no number: it holds accuracy, majority, without"),
    ],
)
def test_a_figure_that_is_not_there(metric: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        judge([Rule(metric=metric, min=0.5)], FIGURES)


def test_a_rule_has_one_bound() -> None:
    with pytest.raises(ValidationError, match="either min or max"):
        Rule(metric="evaluate.colour.accuracy", min=0.5, max=0.9)
