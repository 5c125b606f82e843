from sensorium.monitoring.drift.detection import Finding
from sensorium.monitoring.drift.words import answer, drifted, listed, rejected, too_few
from sensorium.monitoring.feedback.performance import Performance
from sensorium.targets import LearntClass, LearntNumber

INPUTS = ["text", "image", "speech"]


def finding(about: str, what: str, drifted: bool, words: str, effect: float = 0.5) -> Finding:
    return Finding(about, what, 0.0001 if drifted else 0.5, effect, drifted, words)


def test_what_drifted_and_how_comes_first_then_what_did_not() -> None:
    findings = [
        finding("speech", "embedding", True, "unlike what it was", 0.9),
        finding("speech", "seconds", True, "40% shorter", 0.6),
        finding("speech", "loudness", True, "6 dB quieter", 0.7),
        finding("speech", "silence", False, "more silence"),
        finding("image", "brightness", False, "5% darker"),
        finding("kind", "predictions", True, "the answer is cat in 80% (was 50%)"),
        finding("kind", "confidence", True, "confidence is 0.5 (was 0.9)"),
    ]
    assert drifted(findings, INPUTS) == ["speech"]
    assert answer(findings, INPUTS, {}) == [
        "Speech drifted: 6 dB quieter, 40% shorter; text and image did not.",
        "The answers for kind changed: the answer is cat in 80% (was 50%), confidence is 0.5 (was 0.9).",
    ]


def test_inputs_that_drifted_alike_are_named_together() -> None:
    findings = [finding(name, "brightness", True, "55% darker") for name in ("frames", "motion")]
    assert answer(findings, ["frames", "text", "motion"], {}) == [
        "Frames and motion drifted: 55% darker; text did not."
    ]


def test_how_much_shorter_is_said_beside_larger_changes() -> None:
    findings = [
        finding("clip", "brightness", True, "55% darker", 0.9),
        finding("clip", "contrast", True, "40% lower in contrast", 0.8),
        finding("clip", "size", True, "30% smaller", 0.7),
        finding("clip", "seconds", True, "40% shorter", 0.3),
    ]
    assert answer(findings, ["clip"], {}) == ["Clip drifted: 55% darker, 40% lower in contrast, 40% shorter."]
    findings[3] = finding("clip", "seconds", False, "4% shorter", 0.03)
    assert answer(findings, ["clip"], {}) == ["Clip drifted: 55% darker, 40% lower in contrast, 30% smaller."]


def test_an_embedding_alone() -> None:
    found = answer([finding("text", "embedding", True, "unlike what it was")], ["text"], {})
    assert found == ["Text drifted: its embeddings differ from the reference, its descriptors do not."]


def test_nothing_drifted() -> None:
    assert answer([], ["text"], {}) == ["Nothing drifted: text is as in the reference."]
    assert answer([], INPUTS, {}) == ["Nothing drifted: text, image and speech are as in the reference."]


def test_what_feedback_says() -> None:
    told = Performance(LearntClass, 40, 0.25, (0.14, 0.4), {"bg": 0.5}, 0.98, None, unknown_labels=0.5)
    nothing = Performance(LearntClass, 0, None, None, {}, 0.9, 0.8)
    assert answer([], ["text"], {"language": told, "kind": nothing})[1:] == [
        "By feedback, language is right in 25% of 40 answers (interval 14% to 40%; on the reference in 98%), and 50% "
        "are 'bg', which the model has no class for."
    ]


def test_what_feedback_says_of_a_number() -> None:
    told = Performance(LearntNumber, 40, 12.346, (10.1, 14.5), {}, 9.8, None, 45.25)
    single = Performance(LearntNumber, 1, 3.0, None, {}, None, None, 5.0)
    assert answer([], ["text"], {"price": told, "weight": single})[1:] == [
        "By feedback, price is off by 12.35 on average in 40 answers (interval 10.1 to 14.5; on the reference by 9.8; "
        "always the same answer by 45.25).",
        "By feedback, weight is off by 3 on average in 1 answer (always the same answer by 5).",
    ]


def test_of_many_classes_that_the_model_does_not_know_three_are_named() -> None:
    def said(*unknown: str) -> str:
        shares = dict.fromkeys(unknown, 1 / len(unknown))
        told = Performance(LearntClass, 40, 0.0, (0.0, 0.1), shares, None, None, unknown_labels=1.0)
        return answer([], ["text"], {"language": told})[1].split(", and ")[1]

    assert said("a", "b", "c") == "100% are 'a', 'b' and 'c', which the model has no class for."
    assert said(*"abcd") == "100% are 'a', 'b', 'c' and 1 other, which the model has no class for."
    assert said(*"abcde") == "100% are 'a', 'b', 'c' and 2 others, which the model has no class for."


def test_too_few() -> None:
    assert too_few(24, "m1", 0, 0, []) == (
        "The model m1 predicted nothing in the last 24 hours; nothing can be told of drift."
    )
    assert too_few(0.5, "m1", 1, 1, ["text"]) == (
        "1 prediction in the last 0.5 hours; 30 are needed to tell drift from chance."
    )
    assert too_few(24, "m1", 1000, 29, ["text", "image"]) == (
        "1,000 predictions in the last 24 hours, but only 29 that differ in text and image; 30 are needed to tell "
        "drift from chance."
    )


def test_what_is_rejected() -> None:
    assert rejected({"it is a flood": 2000, "nobody asked": 1}) == [
        "2,000 labels of feedback rejected: it is a flood.",
        "1 label of feedback rejected: nobody asked.",
    ]


def test_lists() -> None:
    assert [listed(["a", "b", "c"][:count]) for count in range(4)] == ["", "a", "a and b", "a, b and c"]
