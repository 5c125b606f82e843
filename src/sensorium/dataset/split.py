"""Dividing rows into training, validation and test without a leak."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components


def groups(table: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """A number for every row; rows that share a value in any of the columns, also by way of others, share it.

    A missing value joins nothing.
    """
    rows = np.arange(len(table))
    links = [(rows, rows)]
    for column in columns:
        values = table[column]
        first = pd.Series(rows, index=table.index).groupby(values, dropna=True).transform("first")
        joined = values.notna().to_numpy()
        links.append((rows[joined], first.to_numpy()[joined].astype(int)))
    one, other = (np.concatenate(ends) for ends in zip(*links, strict=True))
    graph = coo_matrix((np.ones(len(one)), (one, other)), shape=(len(table), len(table)))
    return connected_components(graph, directed=False)[1]


def assign(group: np.ndarray, stratum: np.ndarray, shares: Mapping[str, float], seed: int) -> np.ndarray:
    """The split of every row: whole groups go, stratum by stratum, to the split that lacks most rows of it.

    Args:
        group: a number for every row.
        stratum: a value for every row, to be spread evenly; a group counts where most of its rows do.
        shares: split -> its share of the rows, the largest first.
        seed: of the order in which groups are dealt.
    """
    random = np.random.default_rng(seed)
    names, wanted = list(shares), np.array(list(shares.values()))
    frame = pd.DataFrame({"group": group, "stratum": pd.Series(stratum).astype(str)})
    per_group = frame.groupby("group")["stratum"].agg(_commonest)
    sizes = frame.groupby("group").size()
    split_of: dict[int, str] = {}
    for _, members in sorted(per_group.groupby(per_group).groups.items()):
        taken = np.zeros(len(names))
        order = random.permutation(np.asarray(members))
        total = sizes.loc[order].sum()
        for member in order:
            split = int(np.argmax(wanted - taken / total))
            taken[split] += sizes[member]
            split_of[member] = names[split]
    return np.array([split_of[number] for number in group])


def _commonest(values: pd.Series) -> str:
    """The value that most rows have; of several the first in the alphabet."""
    return str(values.value_counts().sort_index().idxmax())
