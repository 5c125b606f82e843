import pandas as pd
import pytest

from sensorium.modalities.descriptors import Comparative
from sensorium.monitoring.drift import effects
from sensorium.monitoring.drift.cells import OTHER

LOUD = Comparative("quieter", "louder", "loudness (dB)", "dB")


def test_numbers_are_said_as_a_person_would() -> None:
    before, now = pd.Series([10.0, 10, 10, None]), pd.Series([6.0, 6, 6])
    assert (
        effects.of_numbers("seconds", before, now, Comparative("shorter", "longer", "seconds")).words == "40% shorter"
    )
    assert effects.of_numbers("seconds", now, before, Comparative("shorter", "longer", "seconds")).words == "67% longer"
    assert effects.of_numbers("loudness", before, now, LOUD).words == "4 dB quieter"
    assert effects.of_numbers("price", before, now, None).words == "price is 6 (was 10)"
    assert (
        effects.of_numbers("price", before, pd.Series([9.0, 10, 11]), None).words == "price is distributed differently"
    )
    share = effects.of_numbers(
        "unknown", pd.Series([0.0, 0, 0, 1]), pd.Series([1.0, 1]), Comparative("", "new", "share", "points")
    )
    assert share.words == "new (100%, was 25%)"
    assert share.effect == 0.75


def test_categories_and_flags() -> None:
    moved = effects.of_categories("language", pd.Series(["en", "en", "fr", "de"]), pd.Series(["fr", "fr", None, "en"]))
    assert moved.words == "language is fr in 67% (was 25%)"
    assert moved.effect == pytest.approx(0.4167, abs=1e-4)
    gone = effects.of_flags(pd.Series([True, True, True, True]), pd.Series([True, False]))
    assert (gone.effect, gone.words) == (0.5, "missing in 50% of requests (was 0%)")


def test_the_rare_ones_together_have_a_name_that_reads() -> None:
    before, now = pd.Series([OTHER] * 4 + ["en"]), pd.Series(["en"] * 5)
    assert effects.of_categories("language", before, now).words == "language is a rarer one in 0% (was 80%)"


def test_nothing_to_compare() -> None:
    empty = pd.Series(dtype=float)
    assert effects.of_numbers("x", empty, pd.Series([1.0]), None) == effects.NONE
    assert effects.of_categories("x", empty, empty) == effects.NONE
    assert effects.of_flags(empty, empty) == effects.NONE
