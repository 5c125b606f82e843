import os
import random
from pathlib import Path

import pytest

from sensorium import fingerprints


def test_a_damaged_cache_changes_no_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fingerprints, "SETTLED", -1)  # files of just now are remembered, too
    (tmp_path / "data").mkdir()
    for number in range(20):
        (tmp_path / f"data/{number}.txt").write_text(str(number))
    first = fingerprints.fingerprint(fingerprints.below(tmp_path / "data"))
    assert first["files"] == 20
    file = tmp_path / "cache/digests.records1"
    whole = file.read_bytes()
    for seed in range(40):
        chance, changed = random.Random(seed), bytearray(whole)
        for _ in range(100):
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        file.write_bytes([changed, changed[:500], b"", b"no digests"][seed % 4])
        assert fingerprints.fingerprint(fingerprints.below(tmp_path / "data")) == first
    assert "digests.records1 was damaged; it is kept as digests.records1.damaged, its " in capsys.readouterr().err
    (tmp_path / "data/7.txt").write_text("8")
    assert fingerprints.fingerprint(fingerprints.below(tmp_path / "data")) != first


def test_what_was_read_once_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fingerprints, "SETTLED", -1)
    path = tmp_path / os.fsdecode(b"\xff.txt")
    path.write_text("1")
    first = fingerprints.fingerprint({"one": path})
    monkeypatch.setattr(fingerprints, "sha256", lambda _: "another")
    assert fingerprints.fingerprint({"one": path}) == first
    path.write_text("12")
    assert fingerprints.fingerprint({"one": path}) != first
