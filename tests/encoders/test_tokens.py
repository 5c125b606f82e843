import numpy as np
import pytest

from sensorium.encoders.encoder import encode, encode_each
from sensorium.encoders.tokens import filled, is_there, padded, take
from tests.encoders.letters import letters

A, B = np.ones((1, 2), np.float32), np.full((3, 2), 2, np.float32)


def test_values_of_any_length_are_one_array_that_says_what_is_there() -> None:
    features = padded([A, B], 4)
    assert (features.shape, features.dtype) == ((2, 4, 2), np.float32)
    assert is_there(features).tolist() == [[True, False, False, False], [True, True, True, False]]
    assert filled(features)[..., 0].tolist() == [[1, 0, 0, 0], [2, 2, 2, 0]]
    np.testing.assert_array_equal(padded([B, B]), [B, B])


def test_rows_point_into_features_and_lack_what_they_lack() -> None:
    found = take(padded([A, B], 3), np.array([1, -1, 0]))
    assert filled(found)[..., 1].tolist() == [[2, 2, 2], [0, 0, 0], [1, 0, 0]]
    assert is_there(found).sum(1).tolist() == [3, 0, 1]


def test_a_value_has_a_token_and_no_more_than_its_encoder_says() -> None:
    for odd, count in ((B, 3), (A[:0], 0)):
        with pytest.raises(ValueError, match=f"a value has {count} tokens, which are to be from 1 to 2"):
            padded([odd], 2)


def test_an_encoder_gives_each_value_as_many_tokens_as_it_has() -> None:
    encoder = letters()
    values = ["abc", "", "d", "abcdef"]
    found = encode_each(encoder.preprocess, encoder.network, values)
    shapes = [one if isinstance(one, str) else one.shape for one in found]
    assert shapes == [(3, 3), "there is nothing in it that its encoder reads", (1, 3), (4, 3)]
    features = encode(encoder.preprocess, encoder.network, ["abc", "d", "abcdef"])
    assert is_there(features).sum(1).tolist() == [3, 1, 4]
    np.testing.assert_array_equal(features[1], encode(encoder.preprocess, encoder.network, ["d"])[0])
