import numpy as np
import pandas as pd

from sensorium.dataset.split import assign, groups

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


def test_rows_that_share_a_value_by_any_way_are_one_group() -> None:
    table = pd.DataFrame({"item": ["a", "a", "b", "c", "d"], "text": ["x", "y", "y", "z", None]})
    assert groups(table, ["item", "text"]).tolist() == [0, 0, 0, 1, 2]
    assert groups(table, ["item"]).tolist() == [0, 0, 1, 2, 3]


def test_missing_values_join_nothing() -> None:
    table = pd.DataFrame({"text": [None, None, "x", "x"]})
    assert groups(table, ["text"]).tolist() == [0, 1, 2, 2]
    assert groups(table, []).tolist() == [0, 1, 2, 3]


def test_shares_are_kept_in_every_stratum_and_groups_stay_whole() -> None:
    random = np.random.default_rng(0)
    group = random.integers(0, 400, 2000)
    stratum = np.where(group % 4 == 0, "rare", "common")
    split = assign(group, stratum, SHARES, seed=0)
    for value in ("rare", "common"):
        for name, share in SHARES.items():
            assert abs((split[stratum == value] == name).mean() - share) < 0.02
    assert pd.DataFrame({"group": group, "split": split}).groupby("group")["split"].nunique().max() == 1


def test_the_seed_decides() -> None:
    group, stratum = np.arange(100), np.zeros(100)
    assert (assign(group, stratum, SHARES, 1) == assign(group, stratum, SHARES, 1)).all()
    assert (assign(group, stratum, SHARES, 1) != assign(group, stratum, SHARES, 2)).any()


def test_five_rows_of_a_stratum_reach_every_split() -> None:
    split = assign(np.arange(5), np.array(["x"] * 5), SHARES, 0)
    assert sorted(split) == ["test", "train", "train", "train", "val"]
