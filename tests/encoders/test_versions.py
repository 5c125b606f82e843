"""Features are kept under the versions of what made them: who changes that raises its version, and the figures here."""

import hashlib

import numpy as np
import pytest

from sensorium.encoders.encoder import encode
from sensorium.modalities import Audio, Image, Modality, Tabular, Text

KINDS: list[Modality] = [Text(), Image(), Audio(), Tabular(numbers=["age"], categories=["colour"])]
FEATURES = {  # of an example: how many, their length and their sum
    "transformer texts 1": (384, 6.5956, 1.6878),
    "efficientnet-lite0 1": (1280, 9.3765, 76.8897),
    "speech-embedding 1": (256, 154.9172, 600.9938),
    "columns 2": (3, 1.7321, 3.0),
}
DAMAGED = {  # by kind of input and its `damage`: a digest of all forms of an example
    ("text", 1): "7048d7bf89fa",
    ("image", 1): "7faa947637da",
    ("audio", 1): "d43cb2229313",
    ("tabular", 1): "9baf5096b8f9",
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_version_of_an_encoder_gives_these_features(kind: Modality) -> None:
    encoder = kind.load_encoder()
    features = encode(encoder.preprocess, encoder.network, [kind.accept(kind.example())])
    count, length, total = FEATURES[encoder.version]
    assert features.size == count
    assert (np.linalg.norm(features), features.sum()) == pytest.approx((length, total), rel=1e-3)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_version_of_damage_gives_these_values(kind: Modality) -> None:
    value, digest = kind.accept(kind.example()), hashlib.sha256()
    for damage in kind.corruptions.values():
        for strength in range(3):
            damaged = damage(value, strength, np.random.default_rng(0))
            digest.update(np.asarray(damaged).tobytes() if kind.is_file else repr(damaged).encode())
    assert digest.hexdigest()[:12] == DAMAGED[kind.kind, kind.damage]
