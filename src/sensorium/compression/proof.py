"""Whether the test rows can prove that a network which computes something else loses little enough."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from scipy.stats import norm

from sensorium.compression.forms import EXACT
from sensorium.compression.settings import Compress
from sensorium.stats.certainty import unseen
from sensorium.targets import QUALITY


@dataclass(frozen=True)
class Proof:
    """How many test rows there are, and how many it takes.

    Attributes:
        rows: with a label, of the target that has fewest.
        target: that target.
        confidence: of intervals.
        settings: what may be lost, and what is to be tried.
        unjudged: by target, why its rows prove nothing however many they are.
        scores: what is lost, such as ``accuracy``.
    """

    rows: int
    target: str
    confidence: float
    settings: Compress
    unjudged: Mapping[str, str] = field(default_factory=dict)
    scores: str = QUALITY

    @property
    def needed(self) -> int | None:
        """Rows whose interval ends within ``max_drop`` if none of them changes; ``None`` if no number is enough."""
        share = self.settings.max_drop
        return math.ceil(norm.ppf((1 + self.confidence) / 2) ** 2 * (1 - share) / share) if share else None

    @property
    def is_possible(self) -> bool:
        """Whether there are as many."""
        return self.needed is not None and self.rows >= self.needed and not self.unjudged

    @property
    def tried(self) -> Compress:
        """What is worth trying: where nothing can be proven, only forms that compute the same."""
        if self.is_possible:
            return self.settings
        forms = [form for form in self.settings.forms if form in EXACT]
        return self.settings.model_copy(update={"forms": forms, "students": {}})

    def words(self) -> str:
        """Why so little is tried and what would change that; nothing where all is tried."""
        if self.is_possible:
            return ""
        if not self.rows:
            return f"No test row has {self.target}, which proves nothing: only forms that compute the same are tried."
        for target, why in self.unjudged.items():
            return (
                f"What is lost of {target} cannot be judged: {why} in the test rows. So no smaller network is taught "
                "or tried, only forms that compute the same."
            )
        allowed = math.ceil(100 * unseen(self.rows, self.confidence)) / 100
        if self.needed is None:
            return (
                "compress.max_drop is 0, which no number of test rows can prove, so only forms that compute the same "
                f"are tried. With {allowed:g} more would be."
            )
        more = "A larger compress.rows" if self.rows == self.settings.rows else "More rows"
        return (
            f"{self.rows:,} test rows have {self.target}; it takes {self.needed:,} to prove that no more than "
            f"{self.settings.max_drop:g} of {self.scores} is lost (compress.max_drop), even if no answer changes. So "
            f"no smaller network is taught or tried, only forms that compute the same. {more}, or a max_drop of "
            f"{allowed:g}, would change that."
        )


def proof(
    labelled: Mapping[str, int],
    confidence: float,
    settings: Compress,
    unjudged: Mapping[str, str] | None = None,
    scores: str = QUALITY,
) -> Proof:
    """What these rows can prove.

    Args:
        labelled: by target, the test rows that have its label.
        confidence: of intervals.
        settings: what may be lost, and what is to be tried.
        unjudged: by target, why its rows prove nothing however many they are.
        scores: what is lost, such as ``accuracy``.
    """
    target = min(labelled, key=lambda name: labelled[name], default="a label")
    return Proof(labelled.get(target, 0), target, confidence, settings, unjudged or {}, scores)
