import pytest

from sensorium.errors import UserError
from sensorium.serving import keys


def test_a_key_is_known_by_its_hash_only() -> None:
    key, other = keys.make(), keys.make()
    assert key.startswith("sk_")
    assert key != other
    names = keys.read({keys.VARIABLE: f"ada:{keys.digest(key)}, bob:{keys.digest(other)}\n"})
    assert names == {keys.digest(key): "ada", keys.digest(other): "bob"}
    assert keys.read({}) == keys.read({keys.VARIABLE: " "}) == {}


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("sk_plain", "an entry is not NAME:HASH; `sensorium key NAME` makes a key and its entry"),
        ("ada:" + "0" * 63, "an entry is not NAME:HASH"),
        (f"ada:{'0' * 64},ada:{'1' * 64}", "the name 'ada' is given twice"),
        (f"ada:{'0' * 64},bob:{'0' * 64}", "'ada' and 'bob' have the same key"),
    ],
)
def test_what_is_no_entry_is_refused_and_not_repeated(value: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as problem:
        keys.read({keys.VARIABLE: value})
    assert "sk_plain" not in str(problem.value)
