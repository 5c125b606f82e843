"""Which targets the test rows will carry no verdict on, found out before any work was done for it."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from sensorium.dataset.columns import GROUP, SPLIT, TEST, TRAIN
from sensorium.stats.enough import unjudged
from sensorium.targets import Target

MOST_NAMED = 6  # classes or tags in a sentence


def split_warnings(rows: pd.DataFrame, targets: Mapping[str, Target]) -> Iterator[str]:
    """A sentence for each target that test rows cannot judge, or of which they or training rows lack a part.

    Args:
        rows: with their split and group, and a column a target.
        targets: as declared.
    """
    for target, kind in targets.items():
        known = rows[rows[target].notna()]
        test = known[known[SPLIT] == TEST]
        unlearnt = kind.unlearnt(rows[target], (rows[SPLIT] == TRAIN).to_numpy())
        if unlearnt:
            yield (
                f"too few training rows have the {target} {_named(unlearnt)}: they are not learnt; more rows of them "
                "would change that."
            )
        if why := unjudged(test[GROUP].to_numpy(), pd.factorize(test[target])[0]):
            yield (
                f"{target} cannot be judged by its test rows ({why}): its figures will have no intervals, and rules of "
                "the gate on them do what their if_missing says; more rows, or another split.group, would change that."
            )
            continue
        parts = kind.learnt.parts(known[target])
        if absent := sorted(set(parts) - set(parts[parts.index.isin(test.index)]) - set(unlearnt)):
            yield (
                f"no test row is of the {target} {_named(absent)}: nothing will be known of how well they are told; "
                "more groups of them would change that."
            )


def _named(names: Sequence[str]) -> str:
    """The first few of them."""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(map(repr, names[:MOST_NAMED])) + more
