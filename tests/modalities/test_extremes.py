"""What a kind accepts bears every later step; what it refuses it refuses in a sentence."""

import math
from typing import Any

import numpy as np
import pytest

from sensorium.dataset.embedding import load_encoder
from sensorium.encoders.encoder import encode_each
from sensorium.encoders.pixels import Pixels
from sensorium.errors import BadInput
from sensorium.modalities import Modality
from sensorium.modalities.modality import STRENGTHS
from tests.extremes import ACCEPTED, REFUSED

FITS = [Pixels(size=224, resize=256, fit=fit, resample=3, mean=[0.0] * 3, std=[1.0] * 3) for fit in ("crop", "stretch")]


@pytest.mark.parametrize(("kind", "raw"), ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_accepted_bears_every_later_step(kind: Modality, raw: Any) -> None:
    value = kind.accept(raw)
    packed = kind.pack(value)
    assert kind.pack(kind.unpack(packed)) == packed
    damaged = [
        corrupt(value, strength, np.random.default_rng(strength))
        for corrupt in kind.corruptions.values()
        for strength in range(len(STRENGTHS))
    ]
    parts = kind.occlusions(value)
    for one in (value, *damaged):
        kind.accept(kind.pack(one))  # as an example or what is kept of a request comes back
        numbers = [said for said in kind.describe(one).values() if not isinstance(said, str)]
        assert all(math.isfinite(number) for number in numbers)
        kind.names(one)
    assert len(kind.show(value, [(part, 0.5) for part, _ in parts])) < 2**20
    encoder = load_encoder(kind)
    for one in (*damaged[::2], *(left for _, left in parts[::9])):
        for preprocess in (encoder.preprocess, *(FITS if kind.kind == "image" else [])):
            assert all(np.isfinite(array).all() for array in preprocess(one).values())
    assert np.isfinite(encode_each(encoder.preprocess, encoder.network, [value])[0]).all()


@pytest.mark.parametrize(("kind", "raw", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_in_a_sentence(kind: Modality, raw: Any, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        kind.accept(raw)
    assert str(caught.value) == sentence
