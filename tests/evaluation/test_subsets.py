from sensorium.evaluation.subsets import subsets


def test_each_missing_then_each_alone() -> None:
    assert list(subsets(["a", "b"])) == [
        (("without", "a"), {"a"}),
        (("without", "b"), {"b"}),
        (("only", "a"), {"b"}),
        (("only", "b"), {"a"}),
    ]
    assert list(subsets(["a"])) == []
