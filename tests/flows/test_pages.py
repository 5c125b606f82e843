from flows.pages import of_check, of_question, of_retrain
from tests.flows.loop import BEGUN, CHECK, verdict

ENDED = {"outcome": "promoted", "version": "v1.1.0", "why": "the gate passed.", "commit": "0a1b2c", "data": "3d4e5f"}


def test_a_check_opens_with_its_words_and_lists_the_surest_drift_first() -> None:
    assert of_check(CHECK).splitlines() == [
        "# speech drifted: clips are 40% shorter; image and text did not",
        "",
        "1,200 predictions of model abc.",
        "",
        "- 7 requests had no picture.",
        "",
        "| about | what | p | drift below | effect | in words |",
        "|---|---|--:|--:|--:|---|",
        "| speech | s | 1e-09 | 0.01 | 0.9 | **shorter** |",
        "| text | e | 0.4 | 0.01 | 0.02 | no |",
        "",
        "| target | labels told | accuracy | on the reference | estimated |",
        "|---|--:|--:|--:|--:|",
        "| colour | 90 | 0.800 (0.710 to 0.870) | 0.900 | 0.810 |",
        "| shape | 0 | unknown | 0.700 | unknown |",
        "",
        "Feedback: 80 usable, 30 new, 2 rejected.",
        "",
        "Retrain: speech drifted and no retrain ran today.",
    ]


def test_a_check_of_too_little_has_no_tables() -> None:
    assert "|" not in of_check(CHECK | {"tests": [], "performance": {}, "notes": []})


def test_a_retrain_tells_its_story() -> None:
    assert of_retrain(BEGUN, ENDED, verdict(True)).splitlines() == [
        "# Promoted v1.1.0",
        "",
        "the gate passed.",
        "",
        "- Why it began: drift, check 20261122T121314Z. the last retrain was 8 days ago.",
        "- Feedback: 7,405 rows, 30 of them new; data version 3d4e5f",
        "- Commit: 0a1b2c",
        "",
        "**The gate passed.**",
        "",
        "- `evaluate.colour.accuracy` 0.9 (champion 0.88, may lose 0.02): pass",
    ]
    assert "gate" not in of_retrain(BEGUN, ENDED | {"outcome": "failed", "why": "the disk is full."}, None)


def test_a_question_has_verdict_champion_failed_rules_and_report() -> None:
    rules = [
        {"name": "a", "value": 0.5, "bound": 0.6, "sense": ">=", "passed": False},
        {"name": "b", "value": None, "bound": None, "sense": ">=", "passed": True, "reason": "there is no champion"},
        {"name": "c", "value": 0.7, "bound": 0.6, "sense": ">=", "passed": True},
        {"name": "timings.d", "value": None, "bound": 50, "sense": "<=", "passed": False},
    ]
    asked = of_question(BEGUN, {"passed": False, "rules": rules}, "http://reports/index.html")
    assert asked.splitlines()[4:] == [
        "**The gate did not pass.**",
        "",
        "- `a` 0.5, >= 0.6: **FAIL**",
        "- `b`: not judged, there is no champion",
        "- `timings.d`, <= 50: **FAIL**",
        "",
        "[The whole run on one page](http://reports/index.html)",
    ]
