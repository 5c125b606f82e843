from pathlib import Path

import numpy as np
import pytest

from sensorium.dataset.cache import FeatureCache, fingerprint
from sensorium.encoders.columns import Columns
from sensorium.encoders.encoder import Encoder
from sensorium.encoders.identity import Identity
from sensorium.files import sha256


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


def test_the_fingerprint_changes_with_weights_constants_and_version(tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    weights.write_text("1")

    def of(number: str, version: str = "columns 1") -> str:
        columns = Columns(numbers=[number], categories=[])
        return fingerprint(Encoder(columns, Identity(), version, (weights,)))

    first = of("age")
    assert of("age") == first
    assert len({first, of("price"), of("age", "columns 2")}) == 3
    weights.write_text("2")
    assert of("age") != first


def test_weights_that_were_read_whole_already_are_not_read_again(tmp_path: Path) -> None:
    weights, columns = tmp_path / "weights", Columns(numbers=["age"], categories=[])
    weights.write_text("1")
    first = fingerprint(Encoder(columns, Identity(), "columns 1", (weights,)))
    digest = sha256(weights)
    weights.unlink()
    assert fingerprint(Encoder(columns, Identity(), "columns 1", (weights,), {weights: digest})) == first


def test_features_of_one_version_of_a_library_are_not_those_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = Encoder(Columns(numbers=["age"], categories=[]), Identity(), "columns 1")
    first = fingerprint(encoder)
    monkeypatch.setattr("sensorium.dataset.cache.version", lambda _: "9.9")
    assert fingerprint(encoder) != first
