from sensorium.renamed import with_new_keys, with_old_keys

RENAMED = {"old": "new"}


def test_what_an_earlier_version_wrote_is_read_by_todays_keys() -> None:
    assert with_new_keys({"old": 1, "other": 2}, RENAMED) == {"new": 1, "old": 1, "other": 2}
    assert with_new_keys({"old": 1, "new": 3}, RENAMED) == {"new": 3, "old": 1}
    assert with_new_keys({"other": 2}, RENAMED) == {"other": 2}


def test_what_others_read_has_the_old_keys_too() -> None:
    assert with_old_keys({"new": 1, "other": 2}, RENAMED) == {"new": 1, "old": 1, "other": 2}
    assert with_old_keys({"other": 2}, RENAMED) == {"other": 2}
