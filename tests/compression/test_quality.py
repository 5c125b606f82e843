import numpy as np

from sensorium.compression.quality import Evaluator, similarity
from sensorium.targets import LearntClass

TARGETS = {"t": LearntClass(("no", "yes"))}


def logits(answers: list[int]) -> np.ndarray:
    return np.eye(2)[answers]


def evaluator(labels: list[int], before: list[int]) -> Evaluator:
    return Evaluator(TARGETS, {"t": np.array(labels)}, {"t": logits(before)}, np.arange(len(labels)), 1000, 0.95)


def test_the_same_answers_gain_nothing() -> None:
    found = evaluator([0, 1] * 500, [0, 1] * 499 + [1, 0]).evaluate({"t": logits([0, 1] * 499 + [1, 0])})["t"]
    assert (found.figure, found.gain) == (0.998, 0)
    assert (round(found.low, 4), round(found.high, 4)) == (-0.0038, 0.0038)


def test_a_few_rows_without_a_change_prove_little() -> None:
    found = evaluator([0, 1, 1, 0, 1], [0, 1, 0, 0, 1]).evaluate({"t": logits([0, 1, 0, 0, 1])})["t"]
    assert (found.gain, round(found.low, 2), round(found.high, 2)) == (0, -0.43, 0.43)
    four = evaluator([0, 1, 1, 0], [0, 1, 0, 0]).evaluate({"t": logits([0, 1, 0, 0])})["t"]
    assert (four.gain, four.low, four.high) == (0, -1, 1)  # and fewer than five nothing


def test_what_computes_the_same_needs_no_rows_to_prove_it() -> None:
    one = evaluator([0, 1, 1, 0], [0, 1, 0, 0])
    found = one.evaluate({"t": logits([0, 1, 0, 0])}, exact=True)["t"]
    assert (found.figure, found.gain, found.low, found.high) == (0.75, 0, 0, 0)
    assert one.evaluate({"t": logits([0, 1, 0, 1])}, exact=True)["t"].gain == -0.25  # seen


def test_the_difference_is_paired() -> None:
    labels = [0] * 100
    before = [0] * 60 + [1] * 40
    after = [0] * 62 + [1] * 38
    found = evaluator(labels, before).evaluate({"t": logits(after)})["t"]
    assert (found.figure, round(found.gain, 6)) == (0.62, 0.02)
    assert (round(found.low, 3), round(found.high, 3)) == (
        -0.017,
        0.057,
    )  # two rows of a hundred; unpaired it would be thirteen


def test_rows_of_a_group_are_drawn_together() -> None:
    one = Evaluator(
        TARGETS, {"t": np.zeros(120, int)}, {"t": logits([1] * 120)}, np.repeat(np.arange(6), 20), 1000, 0.95
    )
    found = one.evaluate({"t": logits([0] * 60 + [1] * 60)})["t"]
    assert (found.gain, found.low, found.high) == (0.5, 0.0, 1.0)


def test_rows_without_a_label_do_not_count() -> None:
    assert evaluator([-1, -1], [0, 0]).evaluate({"t": logits([1, 1])}) == {}
    assert evaluator([-1, 1], [0, 0]).evaluate({"t": logits([0, 1])})["t"].figure == 1


def test_similarity_is_the_mean_cosine() -> None:
    one = np.array([[[1.0, 0.0]], [[0.0, 2.0]]])
    assert similarity(one, np.array([[[3.0, 0.0]], [[1.0, 0.0]]])) == 0.5
    assert similarity(np.zeros((1, 2)), np.ones((1, 2))) == 0
    assert similarity(np.zeros((0, 2)), np.zeros((0, 2))) == 1
