"""embed INPUT: the features of every distinct value of an input, computed once ever."""

from dataclasses import replace

from sensorium import paths
from sensorium.dataset import embedding
from sensorium.dataset.features import QUARANTINE, write_features, write_quarantine
from sensorium.dataset.items import digests, read_owners
from sensorium.errors import UserError
from sensorium.files import existing, replacing
from sensorium.prepared import load_params
from sensorium.shards import shards


def run(name: str) -> None:
    """Writes data/embeddings/NAME; only values that the cache does not hold are embedded."""
    settings = load_params()
    if name not in settings.inputs:
        raise UserError(f"there is no input {name!r} in {paths.PARAMS}; there is {', '.join(settings.inputs)}.")
    kind = settings.inputs[name]
    folder = existing(paths.PREPARED / name, made_by="prepare")
    job = embedding.Job(kind, folder, digests(folder))
    print(f"embed {name}: {len(job.digests):,} distinct values, {len(embedding.missing(job)):,} new to {kind.encoder}")
    problems = embedding.embed([job], f"embedding {name}", settings.engine)
    encoded = [digest for digest, key in job.keys.items() if key not in problems]
    if problems and not encoded:
        raise UserError(
            f"inputs.{name}: {kind.encoder} can encode none of the {len(problems):,} values; of the first: "
            f"{next(iter(problems.values()))}. Choose another encoder in {paths.PARAMS}."
        )
    with replacing(paths.EMBEDDINGS / name) as beside:
        beside.mkdir()
        pieces = (embedding.features(replace(job, digests=piece), problems) for piece in shards(encoded))
        tokens = embedding.load_encoder(kind).preprocess.most_tokens
        write_features(beside, encoded, (one for piece in pieces for one in piece.values()), tokens)
        rows = write_quarantine(beside, name, read_owners(folder), problems)
    if problems:
        print(
            f"embed {name}: {len(problems):,} values cannot be encoded; in the {len(rows):,} rows that hold them the "
            f"input counts as missing ({paths.EMBEDDINGS / name / QUARANTINE}). The first: "
            f"{rows['id'].iloc[0]}: {rows['reason'].iloc[0]}"
        )
