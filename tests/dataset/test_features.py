from pathlib import Path

import numpy as np
import pytest

from sensorium.dataset.features import read_features, write_features


def test_features_that_come_one_by_one_are_the_file_that_numpy_writes(tmp_path: Path) -> None:
    features = np.arange(12, dtype=np.float32).reshape(3, 2, 2)
    write_features(tmp_path, ["a", "b", "c"], iter(features))
    np.save(tmp_path / "whole.npy", features)
    assert (tmp_path / "features.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()
    digests, found = read_features(tmp_path)
    assert digests == ["a", "b", "c"]
    np.testing.assert_array_equal(found, features)


def test_what_is_read_can_be_changed_without_changing_the_file(tmp_path: Path) -> None:
    write_features(tmp_path, ["a"], [np.ones((1, 2), np.float32)])
    read_features(tmp_path)[1][0] = 7
    assert read_features(tmp_path)[1].tolist() == [[[1, 1]]]


def test_features_of_any_length_are_kept_beside_each_other(tmp_path: Path) -> None:
    write_features(tmp_path, ["a", "b"], [np.ones((1, 2), np.float32), np.ones((3, 2), np.float32)], 4)
    assert np.isnan(read_features(tmp_path)[1][..., 0]).sum(1).tolist() == [3, 1]


def test_no_features_and_odd_ones(tmp_path: Path) -> None:
    write_features(tmp_path, [], [])
    digests, found = read_features(tmp_path)
    assert (digests, found.shape) == ([], (0, 1, 1))
    with pytest.raises(ValueError, match=r"features of \(1, 3\) among those of \(1, 2\)"):
        write_features(tmp_path, ["a", "b"], [np.ones((1, 2), np.float32), np.ones((1, 3), np.float32)])
