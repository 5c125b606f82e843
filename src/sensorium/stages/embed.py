"""embed INPUT: the features of every distinct value of an input, computed once ever."""

import inspect
import json
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from sensorium import params, paths
from sensorium.dataset.cache import FeatureCache, fingerprint
from sensorium.dataset.features import write_features
from sensorium.dataset.items import digests, read_items
from sensorium.errors import UserError
from sensorium.files import existing, replacing
from sensorium.modalities import Input, Modality
from sensorium.modalities.encoder import Encoder, encode
from sensorium.shards import map_shards, shards

BATCH = 32


def run(name: str) -> None:
    """Writes data/embeddings/NAME; only values that the cache does not hold are embedded."""
    settings = params.load()
    if name not in settings.inputs:
        raise UserError(f"there is no input {name!r} in {paths.PARAMS}; there is {', '.join(settings.inputs)}.")
    kind = settings.inputs[name]
    folder = existing(paths.PREPARED / name, made_by="prepare")
    wanted = digests(folder)
    store = open_cache(kind)
    known = store.known(wanted)
    new = [item for item in wanted if item not in known]
    print(f"embed {name}: {len(wanted):,} distinct values, {len(new):,} new to {kind.encoder}")
    embed = partial(_embed_shard, kind.model_dump_json(), folder)
    for _ in map_shards(embed, shards(new), f"embedding {name}"):
        pass
    found = store.get(wanted)
    features = np.stack([found[item] for item in wanted]) if wanted else np.zeros((0, 1, 1), np.float32)
    with replacing(paths.EMBEDDINGS / name) as beside:
        beside.mkdir()
        write_features(beside, wanted, features)


def open_cache(kind: Modality) -> FeatureCache:
    """The cache of features by an input's encoder."""
    encoder = load_encoder(kind.model_dump_json())
    sources = [Path(inspect.getfile(part)) for part in (type(kind), type(encoder.network))]
    return FeatureCache(paths.cache() / "features", fingerprint(encoder, *sources))


@cache
def load_encoder(kind: str) -> Encoder:
    """The encoder of an input given as JSON, loaded once a process."""
    adapter: TypeAdapter[Modality] = TypeAdapter(Input)
    return adapter.validate_python(json.loads(kind)).load_encoder()


def _embed_shard(kind: str, folder: Path, wanted: Sequence[str]) -> int:
    """Embeds values and puts them into the cache batch by batch, so that a kill loses one batch."""
    modality: Modality = TypeAdapter(Input).validate_python(json.loads(kind))
    encoder, store = load_encoder(kind), open_cache(modality)
    for batch in shards(list(read_items(folder, wanted)), BATCH):
        values = [modality.unpack(packed) for _, packed in batch]
        features = encode(encoder.preprocess, encoder.network, values)
        store.put({item: array for (item, _), array in zip(batch, features, strict=True)})
    return len(wanted)
