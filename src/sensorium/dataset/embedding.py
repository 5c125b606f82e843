"""Computes features of prepared values, as they are or corrupted; what the cache holds is not computed again."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np

from sensorium import paths
from sensorium.dataset import frozen, items
from sensorium.dataset.cache import FeatureCache, fingerprint
from sensorium.encoders.encoder import Encoder, encode_each, unencoded
from sensorium.engine import HERE, Engine
from sensorium.errors import UserError
from sensorium.modalities import Modality, declared
from sensorium.models.device import processes
from sensorium.shards import shards

BATCH = 32


@dataclass(frozen=True)
class Job:
    """Values of one input to embed.

    Attributes:
        kind: the input as declared.
        folder: its prepared values.
        digests: which of them.
        corruption: what befalls them first, by name; nothing if empty.
        strength: of the corruption, a place in `STRENGTHS`.
    """

    kind: Modality
    folder: Path
    digests: Sequence[str]
    corruption: str = ""
    strength: int = 0

    @property
    def keys(self) -> dict[str, str]:
        """Where the cache keeps the features of each digest."""
        change = f" {self.corruption} {self.strength} {self.kind.damage}" if self.corruption else ""
        return {digest: digest + change for digest in self.digests}

    def value(self, digest: str, packed: bytes) -> object:
        """The value to embed; what chance does to it depends on its content alone."""
        value = self.kind.unpack(packed)
        if not self.corruption:
            return value
        return self.kind.corruptions[self.corruption](value, self.strength, np.random.default_rng(int(digest[:16], 16)))


@dataclass(frozen=True)
class JobPart:
    """Some values of a job.

    Attributes:
        job: it, of these digests alone.
        shards: the files that hold them, each with its digests.
        store: gets their features, by the encoder whose fingerprint it has.
        encoder: the files of one that was trained here, which the job says the folder of.
    """

    job: Job
    shards: Sequence[tuple[Path, Sequence[str]]]
    store: FeatureCache
    encoder: Sequence[Path] = ()


def missing(job: Job) -> list[str]:
    """The digests whose features are not in the cache."""
    known = open_cache(job.kind).known(list(job.keys.values()))
    return [digest for digest, key in job.keys.items() if key not in known]


def embed(jobs: Sequence[Job], doing: str, engine: Engine = HERE) -> dict[str, str]:
    """Puts the features of all jobs into the cache; only those that it lacks are computed.

    Args:
        jobs: they.
        doing: what is shown meanwhile.
        engine: who computes them.

    Returns:
        By its key in the cache, why a value has none.
    """
    if not (pieces := _pieces(jobs)):
        return {}
    done = engine.map_with_progress(_embed_piece, pieces, doing, most=processes())
    return {key: why for found in done for key, why in found.items()}


def _pieces(jobs: Sequence[Job]) -> list[JobPart]:
    """What the cache lacks, in the order in which shards hold it: a shard is read for one piece, or for two."""
    wanted = [set(missing(job)) for job in jobs]
    of_folder: dict[Path, set[str]] = {}
    for job, lacking in zip(jobs, wanted, strict=True):
        of_folder.setdefault(job.folder, set()).update(lacking)
    held = {folder: list(items.places(folder, digests)) for folder, digests in of_folder.items()}
    found = []
    for job, lacking in zip(jobs, wanted, strict=True):
        places = [(path, name) for path, names in held[job.folder] for name in names if name in lacking]
        for piece in shards(places):
            in_shards = [(path, [name for _, name in of_it]) for path, of_it in groupby(piece, itemgetter(0))]
            part = replace(job, digests=[name for _, name in piece])
            found.append(JobPart(part, in_shards, open_cache(job.kind), job.kind.trained_files))
    return found


def features(job: Job, problems: Mapping[str, str]) -> Mapping[str, np.ndarray]:
    """Features ``[tokens, dim]`` by digest, of a job that `embed` has done.

    Args:
        job: it.
        problems: what `embed` returned; values that have no features are left out.

    Raises:
        UserError: if the cache does not keep what is put into it.
    """
    store, keys = open_cache(job.kind), job.keys
    found = store.get(list(keys.values()))
    lost = [digest for digest, key in keys.items() if key not in found and key not in problems]
    if lost:  # damaged, or set aside by another process, since `embed` found them there
        embed([replace(job, digests=lost)], "embedding again what was lost")
        found |= store.get([keys[digest] for digest in lost])
        if any(keys[digest] not in found for digest in lost):
            raise UserError(f"the cache in {paths.cache()} loses what is written to it; look at its disk.")
    return {digest: found[key] for digest, key in keys.items() if key in found}


def features_of(kind: Modality, values: Sequence[object]) -> list[np.ndarray | str]:
    """Features ``[tokens, dim]`` of a few cleaned values, or why one has none; what the cache has is not embedded."""
    store = open_cache(kind)
    keys = [items.digest(kind.pack(value)) for value in values]
    by_key = dict(zip(keys, values, strict=True))
    found: dict[str, np.ndarray | str] = dict(store.get(keys))
    for batch in shards([key for key in by_key if key not in found], BATCH):
        encoder = load_encoder(kind)
        fresh = encode_each(encoder.preprocess, encoder.network, [by_key[key] for key in batch])
        found |= zip(batch, fresh, strict=True)
        store.put({key: one for key, one in zip(batch, fresh, strict=True) if not isinstance(one, str)})
    return [found[key] for key in keys]


def open_cache(kind: Modality) -> FeatureCache:
    """The cache of features by an input's encoder."""
    return FeatureCache(paths.cache() / "features", _fingerprint_of(kind))


def _fingerprint_of(kind: Modality) -> str:
    return _fingerprint(paths.cache(), kind.model_dump_json(exclude={"column"}))


@cache
def _fingerprint(folder: Path, kind: str) -> str:
    return fingerprint(_loaded(folder, kind))


def load_encoder(kind: Modality) -> Encoder:
    """The encoder of an input, loaded once a process."""
    return _loaded(paths.cache(), kind.model_dump_json(exclude={"column"}))


@cache
def _loaded(_: Path, kind: str) -> Encoder:
    """From this cache; the input is given as JSON."""
    return frozen.load(declared(json.loads(kind)))


def _embed_piece(piece: JobPart) -> dict[str, str]:
    """Embeds values and puts their features into the store batch by batch, so that a kill loses one batch.

    Returns:
        By its key in the cache, why a value has no features: it takes no other along.
    """
    job = piece.job
    _require_encoder(piece)
    encoder, keys = load_encoder(job.kind), job.keys
    problems: dict[str, str] = {}
    packed_values = [one for path, names in piece.shards for one in items.read_shard(path, names).items()]
    for batch in shards(packed_values, BATCH):
        values: dict[str, object] = {}
        for digest, packed in batch:
            try:
                values[digest] = job.value(digest, packed)
            except Exception as error:  # what damages a value may itself trip over it
                problems[keys[digest]] = unencoded(error)
        found = dict(zip(values, encode_each(encoder.preprocess, encoder.network, list(values.values())), strict=True))
        piece.store.put({keys[digest]: one for digest, one in found.items() if not isinstance(one, str)})
        problems |= {keys[digest]: one for digest, one in found.items() if isinstance(one, str)}
    return problems


def _require_encoder(piece: JobPart) -> None:
    """Loads the encoder anew where this process, which may outlive the command, has another one of the same name.

    Raises:
        UserError: if it is another one all the same.
    """
    kind = piece.job.kind
    if _fingerprint_of(kind) != piece.store.fingerprint:
        _fingerprint.cache_clear()
        _loaded.cache_clear()
        if _fingerprint_of(kind) != piece.store.fingerprint:
            raise UserError(
                f"The worker on {platform.node()} reads with another {kind.encoder} than this command; install the "
                "same there, and start its workers again."
            )
