import numpy as np
import pandas as pd

from sensorium.dataset.split import assign, groups, strata, with_every_class

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
    labels = pd.DataFrame({"t": ["a", "b", "b", "b", "c", "a", None]})
    assert with_every_class(split, group, labels).tolist() == ["train", "val", "val", "train", "train", "train", "val"]
    assert with_every_class(split, group, pd.DataFrame({"t": ["a"] * 7})).tolist() == split.tolist()


def test_a_class_of_three_groups_reaches_every_split() -> None:
    split = np.array(["train"] * 3 + ["train", "test", "val"] * 4)
    labels = pd.DataFrame({"t": ["a"] * 3 + ["b"] * 12, "u": ["c"] * 15})
    found = with_every_class(split, np.array([0, 1, 2, *range(3, 15)]), labels)
    assert sorted(found[:3]) == ["test", "train", "val"]
    assert found[3:].tolist() == split[3:].tolist()
    two = with_every_class(split, np.array([0, 0, 2, *range(3, 15)]), labels)
    assert two.tolist() == split.tolist()  # of two groups training needs what it has


def test_all_targets_are_spread_evenly_as_far_as_enough_groups_share_their_classes() -> None:
    kinds = pd.DataFrame({"kind": ["cat", "dog"] * 40, "size": ["small"] * 40 + ["large"] * 20 + [None] * 20})
    labels = kinds.assign(name=[f"name {number}" for number in range(80)])  # of which each is alone
    group = np.arange(80)
    split = assign(group, strata(labels, group), group, SHARES, 0)
    found = kinds.fillna("none").assign(split=split).value_counts(["kind", "size", "split"]).unstack("split")
    counts = found.loc[:, ["train", "val", "test"]].to_numpy().tolist()
    assert all(sorted(one) in ([1, 2, 7], [3, 3, 14]) for one in counts)  # none is short of its share
    assert strata(labels[["kind"]], group).tolist() == labels["kind"].tolist()


def test_a_few_rows_more_move_no_more_than_a_few_of_a_small_table() -> None:
    """What feedback on a handful of rows does to sixty."""
    moved = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        labels, names = (
            pd.DataFrame({"t": random.choice(["a", "b", "c"], 65)}),
            np.array([f"row {n}" for n in range(65)]),
        )
        whole, part = (
            assign(np.arange(n), strata(labels[:n], np.arange(n)), names[:n], SHARES, seed) for n in (65, 60)
        )
        moved.append((whole[:60] != part).mean())
    assert np.mean(moved) < 0.06
    assert max(moved) < 0.12
