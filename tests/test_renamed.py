from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sensorium.dataset.items import read_descriptors
from sensorium.evaluation.gates import Rule
from sensorium.renamed import VALIDATED, with_new_keys, with_old_keys

RENAMED = {"old": "new"}


def test_what_an_earlier_version_wrote_is_read_by_todays_keys() -> None:
    assert with_new_keys({"old": 1, "other": 2}, RENAMED) == {"new": 1, "old": 1, "other": 2}
    assert with_new_keys({"old": 1, "new": 3}, RENAMED) == {"new": 3, "old": 1}
    assert with_new_keys({"other": 2}, RENAMED) == {"other": 2}


def test_what_others_read_has_the_old_keys_too() -> None:
    assert with_old_keys({"new": 1, "other": 2}, RENAMED) == {"new": 1, "old": 1, "other": 2}
    assert with_old_keys({"other": 2}, RENAMED) == {"other": 2}


def test_a_rule_by_the_old_name_of_a_count_is_about_the_new_one() -> None:
    assert Rule(metric="validate.lessened", max=9).metric == "validate.partly_quarantined"
    assert Rule(metric="validate.rows", min="validate.lessened").min == "validate.partly_quarantined"
    assert with_new_keys({"rows": 3, "lessened": 1}, VALIDATED)["partly_quarantined"] == 1


def test_descriptors_that_the_last_version_prepared_are_read(tmp_path: Path) -> None:
    for columns in ({"said.words": [2], "said.said.x": [5]}, {"descriptor.words": [2], "descriptor.said.x": [5]}):
        pq.write_table(pa.table({"digest": ["a"], "packed": [b"x"], **columns}), tmp_path / "part-00000.parquet")
        assert read_descriptors(tmp_path).to_dict() == {"words": {"a": 2}, "said.x": {"a": 5}}
