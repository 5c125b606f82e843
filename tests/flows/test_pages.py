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
        "| target | figure | labels given | by feedback | on the reference | estimated |",
        "|---|---|--:|--:|--:|--:|",
        "| colour | accuracy | 90 | 0.800 (0.710 to 0.870) | 0.900 | 0.810 |",
        "| price | mae | 1 | 8.640 | 4.100 | unknown |",
        "| shape | samples_f1 | 0 | unknown | 0.700 | unknown |",
        "",
        "Feedback: 80 predictions can be learnt from, 30 of them new; 2 labels rejected.",
        "",
        "Retrain: speech drifted and no retrain ran today.",
    ]


def test_a_check_of_too_little_has_no_tables() -> None:
    assert "|" not in of_check(CHECK | {"tests": [], "performance": {}, "notes": []})


def test_one_is_not_many() -> None:
    said = of_check(CHECK | {"predictions": 1, "feedback": {"usable": 1, "new": 1, "rejected": 1}})
    assert "1 prediction of model abc." in said
    assert "Feedback: 1 prediction can be learnt from, 1 of them new; 1 label rejected." in said


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
        "- pass: evaluate.colour.accuracy 0.9 is no worse than 0.88",
    ]
    assert "gate" not in of_retrain(BEGUN, ENDED | {"outcome": "failed", "why": "the disk is full."}, None)


def test_a_question_has_verdict_champion_failed_rules_and_report() -> None:
    rules = [
        {"words": "a 0.5 is below 0.6", "passed": False},
        {"words": "b could not be judged: nothing fits b.*", "passed": True, "reason": "nothing fits b.*"},
        {"words": "c 0.7 reaches 0.6", "passed": True},
        {"words": "timings.d is above 50", "passed": False},
    ]
    asked = of_question(BEGUN, {"passed": False, "rules": rules}, "http://reports/index.html")
    assert asked.splitlines()[4:] == [
        "**The gate did not pass.**",
        "",
        "- **FAIL**: a 0.5 is below 0.6",
        "- pass: b could not be judged: nothing fits b.\\*",
        "- **FAIL**: timings.d is above 50",
        "",
        "[The whole run on one page](http://reports/index.html)",
    ]
