import numpy as np
import pytest

from sensorium.encoders.encoder import encode, encode_arrays
from sensorium.encoders.tokenize import Tokenize
from sensorium.errors import BadInput
from sensorium.modalities import Text


def test_clean_is_composed_and_single_spaced() -> None:
    assert Text().clean("  Cafe\u0301\x00\n au\tlait ") == "Caf\u00e9 au lait"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (5, "a text is expected, not int"),
        (b"\xff\xfe", "the text is not UTF-8"),
        (" \n", "the text is empty"),
        ("a" * (2**20 + 1), "the text is longer than 1048576 characters"),
    ],
)
def test_what_cannot_be_read_says_why(raw: object, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        Text().accept(raw)
    assert str(caught.value) == sentence


def test_minilm_puts_like_to_like() -> None:
    encoder = Text().load_encoder()
    values = ["A small green frog.", "A toad in a pond.", "The minutes of the tax committee."]
    features = encode(encoder.preprocess, encoder.network, values)
    frog, toad, taxes = features[:, 0] / np.linalg.norm(features[:, 0], axis=1, keepdims=True)
    assert frog @ toad > frog @ taxes + 0.2


def test_texts_are_cut_to_max_tokens() -> None:
    preprocess = Text(max_tokens=8).load_encoder().preprocess
    assert preprocess("word " * 100)["input_ids"].shape == (8,)


def test_texts_of_similar_length_run_together_and_come_back_in_their_order() -> None:
    seen = []

    def network(batch: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(batch["input_ids"].shape)
        return batch["input_ids"][:, :1, None]

    preprocess = Tokenize({}, pad_id=0)
    lengths = [9, 4, 12, 5, 30, 6, 7]
    samples = [{name: np.full(length, length) for name in ("input_ids", "attention_mask")} for length in lengths]
    assert encode_arrays(preprocess, network, samples)[:, 0, 0].tolist() == lengths  # type: ignore[arg-type]
    assert seen == [(3, 6), (2, 9), (1, 12), (1, 30)]


def test_of_a_long_text_only_so_much_is_cut_into_tokens_as_can_be_read() -> None:
    preprocess = Text(max_tokens=8).load_encoder().preprocess
    ids = preprocess("frog " * 200_000)["input_ids"].tolist()
    assert ids == preprocess("frog frog frog frog frog frog frog frog frog")["input_ids"].tolist() != []
    assert preprocess("x" * 2**20)["input_ids"].tolist() == [101, 100, 102]  # one unknown word, however long
