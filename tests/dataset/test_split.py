import numpy as np
import pandas as pd

from sensorium.dataset.split import assign, groups, with_every_class

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
    split = assign(group, stratum, group, SHARES, seed=0)
    for value in ("rare", "common"):
        for name, share in SHARES.items():
            assert abs((split[stratum == value] == name).mean() - share) < 0.02
    assert pd.DataFrame({"group": group, "split": split}).groupby("group")["split"].nunique().max() == 1


def test_the_seed_decides() -> None:
    group, stratum = np.arange(100), np.zeros(100)
    assert (assign(group, stratum, group, SHARES, 1) == assign(group, stratum, group, SHARES, 1)).all()
    assert (assign(group, stratum, group, SHARES, 1) != assign(group, stratum, group, SHARES, 2)).any()


def test_five_rows_of_a_stratum_reach_every_split() -> None:
    split = assign(np.arange(5), np.array(["x"] * 5), np.arange(5), SHARES, 0)
    assert sorted(split) == ["test", "train", "train", "train", "val"]


def test_as_rows_are_added_nearly_all_stay_where_they_were() -> None:
    names = np.array([f"item {number}" for number in range(1000)])
    whole = assign(np.arange(1000), np.zeros(1000), names, SHARES, 0)
    for share in (0.5, 0.9):
        kept = np.random.default_rng(0).random(1000) < share
        part = assign(np.arange(kept.sum()), np.zeros(kept.sum()), names[kept], SHARES, 0)
        assert (part == whole[kept]).mean() > 0.95


def test_a_group_that_gets_more_rows_stays_where_it_was() -> None:
    names = np.arange(300)
    before = assign(names, np.zeros(300), names, SHARES, 0)
    rows = np.repeat(names, 3)
    after = assign(rows[::-1], np.zeros(900), rows[::-1], SHARES, 0)
    assert (after[::3] == before[::-1]).all()


def test_many_strata_of_two_groups_reach_every_split_and_training_first() -> None:
    group = np.arange(200)
    split = assign(group, group // 2, group, SHARES, 0)
    assert pd.Series(split).value_counts()["train"] == 100
    assert set(split) == {"train", "val", "test"}
    assert all("train" in split[at : at + 2] for at in range(0, 200, 2))


def test_a_class_without_a_training_row_gives_its_smallest_group_to_training() -> None:
    split = np.array(["train", "val", "val", "test", "test", "test", "val"])
    group = np.array([0, 1, 1, 2, 3, 3, 4])
    label = pd.Series(["a", "b", "b", "b", "c", "a", None])
    assert with_every_class(split, group, label).tolist() == ["train", "val", "val", "train", "train", "train", "val"]
    assert with_every_class(split, group, pd.Series(["a"] * 7)).tolist() == split.tolist()
