from typing import Any

import pytest
from pydantic import ValidationError

from sensorium.evaluation.gates import Comparison, Rule, RuleResult, check_rules, with_its_time
from sensorium.evaluation.lookup import Unmeasured
from sensorium.targets import LearntClass
from sensorium.targets.class_.figures import figures
from tests.targets.test_class_figures import random_predictions

FIGURES = {
    "evaluate": {
        "colour": {
            "accuracy": 0.8,
            "majority": {"accuracy": 0.4},
            "without": {"note": {"accuracy": 0.5}},
        }
    },
    "slices": {
        "colour": {
            "seconds": {"0.5 to 1.5": {"accuracy": 0.7}, "1.5 to 9": {"accuracy": 0.9, "rows": 40}},
            "sold": {"true": {"accuracy": 0.8}},
            "year": {"1": {"accuracy": 0.8}},
            "Größe": {"é": {"accuracy": 0.8}},
        }
    },
    "timings": {"compress": {"p95_ms": 12.5}},
}


def test_figures_are_known_by_the_names_that_they_are_measured_under() -> None:
    assert tuple(figures(random_predictions(50, 3, 0))) == LearntClass.figure_names


def alone(rule: Rule) -> Comparison:
    raise Unmeasured("there is no champion yet")


def judged(**rule: Any) -> RuleResult:
    return check_rules([Rule(**rule)], FIGURES, alone)[0]


def test_bounds_are_numbers_or_other_figures_and_reaching_one_is_enough() -> None:
    found = check_rules(
        [
            Rule(metric="evaluate.colour.accuracy", min=0.8),
            Rule(metric="evaluate.colour.accuracy", min="evaluate.colour.majority.accuracy"),
            Rule(metric="evaluate.colour.without.note.accuracy", min=0.6),
            Rule(metric="timings.compress.p95_ms", max=12),
        ],
        FIGURES,
        alone,
    )
    assert [(rule.value, rule.sense, rule.bound, rule.passed) for rule in found] == [
        (0.8, ">=", 0.8, True),
        (0.8, ">=", 0.4, True),
        (0.5, ">=", 0.6, False),
        (12.5, "<=", 12.0, False),
    ]
    assert [round(rule.slack or 0, 6) for rule in found] == [0, 0.4, -0.1, -0.5]
    assert [rule.is_timing for rule in found] == [False, False, False, True]


def test_of_all_that_a_star_fits_the_worst_is_judged() -> None:
    low = judged(metric="slices.colour.*.*.accuracy", min=0.75)
    assert (low.value, low.passed, low.at) == (0.7, False, "slices.colour.seconds.0.5 to 1.5.accuracy")
    high = judged(metric="slices.*.seconds.*.accuracy", max=0.95)
    assert (high.value, high.passed, high.at) == (0.9, True, "slices.colour.seconds.1.5 to 9.accuracy")


def test_a_key_may_have_dots_in_it() -> None:
    assert judged(metric="slices.colour.seconds.1.5 to 9.accuracy", min=0.5).value == 0.9


@pytest.mark.parametrize("address", ["sold.true", "sold.True", "year.1", "year.1.0", "Größe.é", "Größe.e\u0301"])
def test_a_value_may_be_named_as_a_table_spells_it(address: str) -> None:
    assert judged(metric=f"slices.colour.{address}.accuracy", min=0.5).value == 0.8


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ('slices.t."a.b".c.accuracy', 0.1),
        ('slices.t.a."b.c".accuracy', 0.2),
        ('slices."t"."clinical notes".*.accuracy', 0.3),
        ("slices.t.clinical notes.x.accuracy", 0.3),
        (r'slices.t."say \"hi\"".x.accuracy', 0.4),
        ('slices.t."*".x.accuracy', 0.5),
        (r'slices.t."line\nbreak".x.accuracy', 0.6),
        ('slices.t."prix (€)"."1.5 to 9".accuracy', 0.7),
    ],
)
def test_a_key_in_quotes_is_that_key_whatever_is_in_it(address: str, value: float) -> None:
    columns = {
        "a.b": {"c": {"accuracy": 0.1}},
        "a": {"b.c": {"accuracy": 0.2}},
        "clinical notes": {"x": {"accuracy": 0.3}},
        'say "hi"': {"x": {"accuracy": 0.4}},
        "*": {"x": {"accuracy": 0.5}},
        "line\nbreak": {"x": {"accuracy": 0.6}},
        "prix (€)": {"1.5 to 9": {"accuracy": 0.7}},
    }
    (found,) = check_rules([Rule(metric=address, min=0)], {"slices": {"t": columns}}, alone)
    assert (found.value, found.reason) == (value, None)
    assert "\n" not in (found.at or "")


@pytest.mark.parametrize("if_missing", ["fail", "pass"])
@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (
            {"metric": "evaluate.colour.roc_auc", "min": 0.5},
            "evaluate.colour.roc_auc is not measured: there is no 'roc_auc', here are accuracy, majority, without",
        ),
        (
            {"metric": "evaluate.colour", "min": 0.5},
            "evaluate.colour is not measured: it is no number: it holds accuracy, majority, without",
        ),
        (
            {"metric": "slices.colour.city.*.accuracy", "max": 0.5},
            "slices.colour.city.*.accuracy is not measured: no figure fits it",
        ),
        (
            {"metric": "evaluate.colour.accuracy", "min": "evaluate.colour.baseline.accuracy"},
            "evaluate.colour.baseline.accuracy is not measured: there is no 'baseline', "
            "here are accuracy, majority, without",
        ),
        ({"metric": "evaluate.colour.accuracy", "champion": {}}, "there is no champion yet"),
    ],
)
def test_what_cannot_be_judged_says_so_and_does_what_params_say(
    rule: dict[str, Any], reason: str, if_missing: str
) -> None:
    found = judged(**rule, if_missing=if_missing)
    assert (found.value, found.reason, found.passed) == (None, reason, if_missing == "pass")


@pytest.mark.parametrize(("low", "margin", "passed"), [(-0.02, 0.02, True), (-0.03, 0.02, False), (0.0, 0.0, True)])
def test_against_the_champion_the_least_gain_is_held_against_the_margin(
    low: float, margin: float, passed: bool
) -> None:
    rule = Rule(metric="evaluate.colour.accuracy", champion={"margin": margin})
    found = check_rules([rule], FIGURES, lambda _: Comparison(0.81, 0.8, low))[0]
    assert (found.value, found.bound, found.margin, found.low, found.passed) == (0.81, 0.8, margin, low, passed)
    assert (found.sense, found.slack) == (">=", low + margin)
    error = Rule(metric="evaluate.price.mae", champion={"margin": margin})
    assert check_rules([error], FIGURES, lambda _: Comparison(2.1, 2.5, low))[0].sense == "<="


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (
            {"min": 0.5, "max": 0.9},
            "the rule on evaluate.colour.accuracy has min and max; one of min, max and",
        ),
        ({}, "has none of them; one of min, max and champion is needed"),
        ({"metric": "evaluate.colour.acuracy", "min": 0.5}, r"no figure 'acuracy' \(did you mean 'accuracy'\?\)"),
        ({"metric": "evalute.colour.accuracy", "min": 0.5}, r"FILE.KEY.KEY, of .* \(did you mean 'evaluate'\?\)"),
        ({"metric": "evaluate", "min": 0.5}, "'evaluate' is no figure's address"),
        ({"min": "much"}, "'much' is neither a number"),
        ({"min": "slices.colour.*.accuracy"}, r"a bound is one figure, without \*"),
        ({"min": float("nan")}, "Input should be a finite number"),
        ({"metric": "compress.megabytes", "champion": {}}, "is about evaluate.TARGET.FIGURE, which 'compress.meg"),
        ({"metric": "evaluate.*.accuracy", "champion": {}}, "is about evaluate.TARGET.FIGURE"),
        ({"min": 0.5, "if_missing": "shrug"}, "Input should be 'fail' or 'pass'"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(rule: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Rule(**({"metric": "evaluate.colour.accuracy"} | rule))


def test_a_rule_on_a_time_gets_its_value_from_the_file_of_times() -> None:
    rule = {
        "name": "timings.compress.*",
        "at": "timings.compress.p95_ms",
        "value": None,
        "measured_in": "metrics/timings/",
    }
    assert with_its_time(rule, {"p50_ms": 8, "p95_ms": 12.5})["value"] == 12.5
    assert with_its_time({"name": "timings.compress.p1_ms", "value": None}, {})["value"] is None


ONE_GROUP = {
    "evaluate": {
        "colour": {"accuracy": 0.9, "rows": 45, "unjudged": "one group of 45 rows", "majority": {"accuracy": 0.4}},
        "size": {"accuracy": 0.9},
    },
    "subsets": {"size": {"a": {"accuracy": 0.7}, "b": {"accuracy": 1.0, "rows": 3, "unjudged": "3 rows"}}},
    "slices": {"unjudged": {"colour": "one group of 45 rows"}, "colour": {"city": {"Ulm": {"accuracy": 0.9}}}},
    "compress": {"accuracy": {"colour": 0.9, "size": 0.9}, "unjudged": {"colour": "one group of 45 rows"}},
}


@pytest.mark.parametrize("if_missing", ["fail", "pass"])
@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"metric": "evaluate.colour.accuracy", "min": 0.5}, "one group of 45 rows"),
        ({"metric": "evaluate.colour.majority.accuracy", "max": 0.5}, "one group of 45 rows"),
        ({"metric": "evaluate.size.accuracy", "min": "evaluate.colour.majority.accuracy"}, "one group of 45 rows"),
        ({"metric": "slices.colour.city.*.accuracy", "min": 0.5}, "one group of 45 rows"),
        ({"metric": "compress.accuracy.colour", "min": 0.5}, "one group of 45 rows"),
        ({"metric": "subsets.size.b.accuracy", "min": 0.5}, "3 rows"),
        (
            {"metric": "subsets.size.*.accuracy", "min": 0.5},
            "subsets.size.b.accuracy: 3 rows; those that can be judged keep the bound",
        ),
        (
            {"metric": "evaluate.*.accuracy", "min": 0.5},
            "evaluate.colour.accuracy: one group of 45 rows; those that can be judged keep the bound",
        ),
    ],
)
def test_figures_of_rows_that_carry_no_verdict_are_not_judged(
    rule: dict[str, Any], reason: str, if_missing: str
) -> None:
    found = check_rules([Rule(**rule, if_missing=if_missing)], ONE_GROUP, alone)[0]
    assert (found.value, found.reason, found.passed) == (None, reason, if_missing == "pass")


def test_a_figure_that_breaks_a_bound_decides_whatever_cannot_be_judged_beside_it() -> None:
    rules = [
        Rule(metric="subsets.size.*.accuracy", min=0.8, if_missing="pass"),
        Rule(metric="evaluate.colour.rows", min=40),
        Rule(metric="compress.accuracy.size", min=0.8),
    ]
    assert [(one.value, one.passed) for one in check_rules(rules, ONE_GROUP, alone)] == [
        (0.7, False),
        (45, True),
        (0.9, True),
    ]
