from flows.artifacts import rows, summary

EVALUATED = {
    "colour": {
        "accuracy": 0.9,
        "macro_f1": 0.8,
        "intervals": {"accuracy": [0.85, 0.95]},
        "simpler": {"majority": {"accuracy": 0.4}},
    }
}


def rule(name: str, value: float | None, bound: float | None, sense: str = ">=", **more: object) -> dict[str, object]:
    return {"name": name, "value": value, "bound": bound, "sense": sense, "passed": True, "note": ""} | more


RULES = [
    rule("evaluate.colour.accuracy", 0.9, 0.95, passed=False),
    rule("timings.compress.p95_ms", None, 50, "<=", measured_in="metrics/timings/"),
    rule("slices.colour.*", None, None, reason="none is here", note="none is here"),
    rule("evaluate.colour.f1", 0.9, 0.8, note="beside the champion: may lose 0.02"),
    rule("slices.*", 0.7, 0.6, note="the worst is slices.city.a|b"),
]
AFTER = {
    "validate": {"rows": 1200, "quarantined": 3},
    "evaluate": EVALUATED,
    "gate": {"passed": False, "rules": RULES},
    "timings.compress": {"p95_ms": 12.5},
}


def test_the_summary_tells_data_metrics_against_the_last_run_and_every_rule() -> None:
    before = {"evaluate": {"colour": {"accuracy": 0.88}}}
    assert summary(before, AFTER).splitlines() == [
        "# Train",
        "",
        "**The gate did not pass.**",
        "",
        "1,200 rows came in, 3 of them are in quarantine.",
        "",
        "| target | figure | last run | macro F1 | simplest method |",
        "|---|--:|--:|--:|--:|",
        "| colour | accuracy 0.900 (0.850 to 0.950) | 0.880 (+0.020) | 0.800 | majority 0.400 |",
        "",
        "| rule | value | bound | | |",
        "|---|--:|--:|---|---|",
        "| `evaluate.colour.accuracy` | 0.9 | >= 0.95 | **FAIL** |  |",
        "| `timings.compress.p95_ms` | 12.5 | <= 50 | pass |  |",
        "| `slices.colour.*` |  |  | not judged | none is here |",
        "| `evaluate.colour.f1` | 0.9 | >= 0.8 | pass | beside the champion: may lose 0.02 |",
        "| `slices.*` | 0.7 | >= 0.6 | pass | the worst is slices.city.a\\|b |",
    ]


def test_a_figure_that_is_not_defined_is_left_empty() -> None:
    tags = {"samples_f1": 1.0, "macro_f1": None, "intervals": {"samples_f1": [0.9, 1.0]}}
    said = summary({}, {"evaluate": {"tags": tags | {"simpler": {"commonest": {"samples_f1": 0.4}}}}})
    assert said.endswith("| tags | samples_f1 1.000 (0.900 to 1.000) | none |  | commonest 0.400 |")


def test_a_first_run_has_no_last_one() -> None:
    assert "| none |" in summary({}, AFTER)
    assert {"metric": "evaluate.colour.accuracy", "value": 0.9, "last run": None} in rows({}, AFTER)
    assert {"metric": "timings.compress.p95_ms", "value": 12.5, "last run": 3} in rows(
        {"timings.compress": {"p95_ms": 3}}, AFTER
    )
