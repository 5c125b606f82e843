import pytest

from sensorium.compression.proof import Proof, proof
from sensorium.compression.quality import Evaluator
from sensorium.compression.settings import Compress, Student
from tests.compression.test_quality import evaluator, logits


def of(rows: int, **settings: object) -> Proof:
    return proof({"colour": 2000, "size": rows}, 0.95, Compress(**settings), scores="accuracy")  # type: ignore[arg-type]


@pytest.mark.parametrize(("max_drop", "needed"), [(0.01, 381), (0.02, 189), (0.1, 35), (0.3, 9)])
def test_as_many_rows_are_needed_as_prove_it_if_none_changes(max_drop: float, needed: int) -> None:
    assert of(9, max_drop=max_drop).needed == needed
    assert [of(rows, max_drop=max_drop).is_possible for rows in (needed - 1, needed)] == [False, True]
    for rows, proven in ((needed - 1, False), (needed, True)):
        same = [0, 1] * rows
        found = evaluator(same[:rows], same[:rows]).evaluate({"t": logits(same[:rows])})["t"]
        assert (found.low >= -max_drop) == proven


def test_where_nothing_can_be_proven_only_what_computes_the_same_is_tried() -> None:
    asked = {"forms": ["optimised", "int8"], "students": {"fusion": [Student(kind="width", keep=0.5)]}}
    assert of(381, **asked).tried == Compress(**asked)  # type: ignore[arg-type]
    left = of(24, **asked).tried
    assert (left.forms, left.students, left.max_drop) == (["optimised"], {}, 0.01)


def test_it_says_why_and_what_would_change_it() -> None:
    assert of(381).words() == ""
    assert of(24).words() == (
        "24 test rows have size; it takes 381 to prove that no more than 0.01 of accuracy is lost (compress.max_drop), "
        "even if no answer changes. So no smaller network is taught or tried, only forms that compute the same. More "
        "rows, or a max_drop of 0.14, would change that."
    )
    assert of(24, max_drop=0.14).is_possible
    assert (
        "A larger compress.rows, or a max_drop of 0.04, would" in proof({"size": 100}, 0.95, Compress(rows=100)).words()
    )
    assert of(24, max_drop=0.0).words() == (
        "compress.max_drop is 0, which no number of test rows can prove, so only forms that compute the same are "
        "tried. With 0.14 more would be."
    )
    assert proof({"size": 0}, 0.95, Compress()).words() == (
        "No test row has size, which proves nothing: only forms that compute the same are tried."
    )


def test_rows_without_a_label_prove_nothing() -> None:
    known = evaluator([0, 1, -1], [0, 1, 0])
    labels = known.labels | {"u": known.labels["t"] * 0 - 1}
    targets = known.targets | {"u": known.targets["t"]}
    both = Evaluator(targets, labels, known.uncompressed, known.groups, 100, 0.95)
    assert both.labelled == {"t": 2}
    assert not proof({}, 0.95, Compress(max_drop=0.9)).is_possible
