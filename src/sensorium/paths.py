"""Where the stages keep what they write, relative to the root of the repository (dvc.yaml names the same places)."""

import os
from pathlib import Path

PARAMS = Path("params.yaml")

SOURCE = Path("data/source")  # what the data and the encoders were when they were last looked at
RAW = Path("data/raw")
MANIFEST = RAW / "manifest.parquet"  # the table as it was read
SPELLINGS = RAW / "spellings.json"  # values of it that were spelled in several ways
VALID = Path("data/valid")
VALUES = VALID / "values"  # cleaned, a folder an input
DIGESTS = VALID / "digests.parquet"  # of the values of every valid row
PREPARED = Path("data/prepared")
EMBEDDINGS = Path("data/embeddings")
FEEDBACK = Path("data/feedback")  # labelled rows of what the service saw; DVC keeps its versions
MONITORING = Path("data/monitoring")  # what checks and retrains remember

SEARCH = Path("models/search")
BEST = SEARCH / "best.yaml"  # hyper-parameters
TRAINED = Path("models/trained")
COMPRESSED = Path("models/compressed")
PACKAGED = Path("models/packaged")
BENTO = Path("models/bento.json")
CHAMPION = Path("models/champion.json")  # in git, since promoting a model is a change to what new ones must beat
PROMOTION = Path("models/promotion.json")  # not in git: one that has begun and not ended
CHALLENGER = Path("models/challenger.json")  # not in git: which model a service on this machine runs in shadow

METRICS = Path("metrics")
VERDICT = METRICS / "gate.json"
HEADLINE = METRICS / "headline.json"  # what DVC compares experiments by
PREDICTIONS = Path("predictions")
REPORTS = Path("reports")
CURVE = REPORTS / "training" / "curve.csv"  # the losses of every epoch


def cache() -> Path:
    """Folder of what is fetched or computed once for all clones: ``$SENSORIUM_CACHE``, else the user's cache."""
    if chosen := os.environ.get("SENSORIUM_CACHE"):
        return Path(chosen).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "sensorium"


def promoted(model_version: str, settings: str) -> Path:
    """Where a promoted model with its settings of serving (their digest) is kept for all clones, and served from."""
    return champions() / "-".join(filter(None, (model_version, settings)))


def champions() -> Path:
    """The folder of all promoted models."""
    return cache() / "champions"
