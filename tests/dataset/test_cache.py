from pathlib import Path

import numpy as np
import pytest

from sensorium.dataset.cache import FeatureCache, code_of, fingerprint
from sensorium.modalities.encoder import Encoder
from sensorium.modalities.tabular import Columns
from sensorium.models.pretrained import AsToken, TorchNetwork


def test_what_was_put_is_found_by_another(tmp_path: Path) -> None:
    features = {"a": np.float32([[1, 2]]), "b": np.float32([[3, 4], [5, 6]])}
    FeatureCache(tmp_path, "minilm").put(features)
    found = FeatureCache(tmp_path, "minilm").get(["b", "c", "a"])
    assert sorted(found) == ["a", "b"]
    assert found["b"].tolist() == [[3, 4], [5, 6]]
    assert FeatureCache(tmp_path, "another").known(["a"]) == set()


def test_more_digests_than_one_statement_takes(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path, "minilm")
    cache.put({str(number): np.float32([[number]]) for number in range(1201)})
    assert len(cache.known([str(number) for number in range(3000)])) == 1201


def test_the_fingerprint_changes_with_weights_constants_and_code(tmp_path: Path) -> None:
    weights, code = tmp_path / "weights", tmp_path / "code.py"
    weights.write_text("1")
    code.write_text("1")

    def of(number: str) -> str:
        return fingerprint(Encoder(Columns(numbers=[number], categories=[]), TorchNetwork(AsToken()), (weights,)), code)

    first = of("age")
    assert of("age") == first
    assert of("price") != first
    weights.write_text("2")
    second = of("age")
    code.write_text("2")
    assert len({first, second, of("age")}) == 3


def test_features_of_one_version_of_a_library_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(Columns(numbers=["age"], categories=[]), TorchNetwork(AsToken()))
    first = fingerprint(encoder)
    monkeypatch.setattr("sensorium.dataset.cache.version", lambda _: "9.9")
    assert fingerprint(encoder) != first


def test_the_code_of_an_encoder_is_all_that_it_is_built_on() -> None:
    names = {path.stem for path in code_of("sensorium.modalities.audio")}
    assert {"audio", "encoder", "modality", "spectrogram", "speech_embedding", "onnx_network"} <= names
    assert not names & {"text", "image", "network", "embedding", "concat"}
