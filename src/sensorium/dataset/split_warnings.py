"""Which targets the test rows will carry no verdict on, found out before any work was done for it."""

from collections.abc import Iterator, Mapping

import pandas as pd

from sensorium.dataset.columns import GROUP, SPLIT, TEST
from sensorium.stats.enough import unjudged
from sensorium.targets import Target

MOST_NAMED = 6  # classes in a sentence


def split_warnings(rows: pd.DataFrame, targets: Mapping[str, Target]) -> Iterator[str]:
    """A sentence for each target that test rows cannot judge, or of which they lack a class.

    Args:
        rows: with their split and group, and a column a target.
        targets: as declared.
    """
    strata = pd.DataFrame({name: kind.strata(rows[name]) for name, kind in targets.items()})
    for target in targets:
        known = rows[[SPLIT, GROUP]].join(strata[target]).dropna()
        test = known[known[SPLIT] == TEST]
        if why := unjudged(test[GROUP].to_numpy(), pd.factorize(test[target])[0]):
            yield (
                f"{target} cannot be judged by its test rows ({why}): its figures will have no intervals, and rules of "
                "the gate on them do what their if_missing says; more rows, or another split.group, would change that."
            )
        elif absent := sorted(set(known[target]) - set(test[target])):
            more = f" and {len(absent) - MOST_NAMED} more" if len(absent) > MOST_NAMED else ""
            yield (
                f"no test row is of the {target} {', '.join(map(repr, absent[:MOST_NAMED]))}{more}: nothing will be "
                "known of how well they are told; more groups of them would change that."
            )
