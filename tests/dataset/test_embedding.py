from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sensorium import paths
from sensorium.dataset import embedding, frozen
from sensorium.dataset.cache import FeatureCache, fingerprint
from sensorium.dataset.items import digest, digests, write_shard
from sensorium.errors import UserError
from sensorium.modalities import Tabular

FACTS = Tabular(numbers=["a", "b", "c", "d"])


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> embedding.Job:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    packed = [FACTS.pack({"a": n / 4, "b": 1.0, "c": 2.0, "d": 3.0}) for n in range(5)]
    items = {digest(one): one for one in packed}
    write_shard(tmp_path, 0, items, {})
    return embedding.Job(FACTS, tmp_path, list(items))


def test_what_is_embedded_is_never_embedded_again(job: embedding.Job) -> None:
    assert embedding.missing(job) == job.digests
    embedding.embed([job], "embedding")
    assert embedding.missing(job) == []
    found = embedding.features(job, {})
    assert list(found) == job.digests
    assert [array[0, 0] for array in found.values()] == [0, 0.25, 0.5, 0.75, 1]


def test_what_is_damaged_between_embedding_and_reading_is_embedded_again(
    job: embedding.Job, capsys: pytest.CaptureFixture
) -> None:
    problems = embedding.embed([job], "embedding")
    (file,) = (paths.cache() / "features").glob("*.records1")
    file.write_bytes(file.read_bytes()[:300] + b"?" + file.read_bytes()[301:])
    assert [array[0, 0] for array in embedding.features(job, problems).values()] == [0, 0.25, 0.5, 0.75, 1]
    assert "its 4 whole records stay in use" in capsys.readouterr().err


def test_a_corrupted_value_has_features_of_its_own_and_the_same_again(job: embedding.Job) -> None:
    spoiled = embedding.Job(FACTS, job.folder, job.digests, "lost columns", 2)
    embedding.embed([job, spoiled], "embedding")
    known = np.stack(list(embedding.features(spoiled, {}).values()))[:, 0, 1::2]  # which columns are known
    assert known.sum(1).tolist() == [1] * 5
    assert embedding.missing(spoiled) == []
    assert embedding.missing(embedding.Job(FACTS, job.folder, job.digests, "lost columns", 1)) == job.digests
    packed = FACTS.pack({"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0})
    assert spoiled.value(digest(packed), packed) == spoiled.value(digest(packed), packed)


def test_features_of_a_few_values_are_those_of_the_job_and_are_kept_too(
    job: embedding.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding.embed([job], "embedding")
    known, new = {"a": 0.25, "b": 1.0, "c": 2.0, "d": 3.0}, {"a": 7.0}
    found = embedding.features_of(FACTS, [new, known, new])
    np.testing.assert_array_equal(found[1], embedding.features(job, {})[job.digests[1]])
    monkeypatch.setattr(embedding, "load_encoder", None)  # nothing is left to encode
    for one, again in zip(found, embedding.features_of(FACTS, [new, known, new]), strict=True):
        np.testing.assert_array_equal(one, again)


def test_embedding_all_values_reads_each_shard_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENSORIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sensorium.engine.local.START", 1e9)  # this process, whose reads are counted, does it all
    names = Tabular(categories=["a"])
    for number in range(8):
        packed = [names.pack({"a": f"{number} {row} ".ljust(900, "x")}) for row in range(256)]
        write_shard(tmp_path, number, {digest(one): one for one in packed}, {})
    job = embedding.Job(names, tmp_path, digests(tmp_path))
    embedding.missing(job)  # the cache and the encoder are opened
    before = bytes_read()
    embedding.embed([job], "embedding")
    of_shards = sum(path.stat().st_size for path in tmp_path.glob("part-*"))
    assert of_shards == pytest.approx(8 * 256 * 970, rel=0.1)
    assert bytes_read() - before < 3 * of_shards  # with what is read of the cache
    assert embedding.missing(job) == []


def bytes_read() -> int:
    """By this process, since it began."""
    return int(Path("/proc/self/io").read_text().split()[1])


def test_a_process_that_outlives_a_command_reads_with_the_encoder_of_the_next(
    job: embedding.Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding.embed([job], "embedding")
    other = replace(frozen.load(FACTS), version="columns 999")
    monkeypatch.setattr(frozen, "load", lambda kind: other)  # as when its folder has changed since
    shard = (job.folder / "part-00000.parquet", job.digests)
    features = paths.cache() / "features"
    piece = embedding.JobPart(job, [shard], FeatureCache(features, fingerprint(other)))
    assert embedding._embed_piece(piece) == {}
    assert embedding.missing(job) == []
    with pytest.raises(UserError, match="reads with another columns than this command; install the same there"):
        embedding._embed_piece(replace(piece, store=FeatureCache(features, "of another machine")))
