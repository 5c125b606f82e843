"""Keys that have another name since the last version: the old ones are understood for one version more."""

from collections.abc import Mapping
from typing import Any

RECORDS = {"said": "descriptors", "marks": "hashes"}  # in lines of predictions.jsonl
COLUMNS = {"said": "predicted"}  # of a target, in panels of Evidently's dashboard
PREPARED = {"said.": "descriptor."}  # before names of descriptors, in columns of data/prepared/INPUT
VALIDATED = {"lessened": "partly_quarantined"}  # in metrics/validate.json, and in rules of the gate on it
EXPLANATION = {"shares": "attribution"}  # old to new; the answers of /explain have both


def with_new_keys(found: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """What an earlier version wrote, with today's keys beside the old ones.

    Args:
        found: as it was read.
        renamed: old keys to new ones.
    """
    return {new: found[old] for old, new in renamed.items() if old in found} | dict(found)


def with_old_keys(made: Mapping[str, Any], renamed: Mapping[str, str]) -> dict[str, Any]:
    """What programs of others read, with the old keys beside today's.

    Args:
        made: with today's keys.
        renamed: old keys to new ones.
    """
    return {**made, **{old: made[new] for old, new in renamed.items() if new in made}}
