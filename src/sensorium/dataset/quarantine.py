"""Takes out of a table what cannot be used: rows, labels and inputs, each kept with its reason."""

from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from sensorium.dataset.columns import ID, apart
from sensorium.dataset.validation import Loss


def quarantine(
    table: pd.DataFrame, losses: Sequence[Loss], inputs: Collection[str], labels: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows that are used, without the labels that are not; and what was lost, each with its reason and its row.

    Args:
        table: all rows.
        losses: what they lose.
        inputs: by name.
        labels: by target, the column that its labels stand in.
    """
    valid = table.drop(index=[loss.row for loss in losses if loss.about is None])
    for target, column in labels.items():
        lost = valid.index.isin([loss.row for loss in losses if loss.about == target])
        valid[column] = valid[column].mask(lost, None)
    own = pd.DataFrame(
        {
            ID: [table.at[loss.row, ID] for loss in losses],
            "input": [loss.about if loss.about in inputs else None for loss in losses],
            "target": [loss.about if loss.about in labels else None for loss in losses],
            "reason": [loss.reason for loss in losses],
        },
        dtype=object,
    )
    rows = apart(table, [ID]).loc[[loss.row for loss in losses]].reset_index(drop=True)
    return valid, pd.concat([own, rows], axis=1)
