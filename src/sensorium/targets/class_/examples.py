"""Rows to look at where classes are predicted."""

import numpy as np

RIGHT, WRONG = 2, 3
WORTH_SEEING = 0.8  # confidence


def choose(predicted: np.ndarray, confidence: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> list[int]:
    """Rows of which no two share a group: right ones of different classes, neither easy nor lucky, then wrong ones.

    Where the model is quite sure, hiding a part changes nothing and there is nothing to see; so right ones are those
    whose confidence is nearest to four in five. Of the wrong ones the surest tell most.
    """
    right, wrong = labels == predicted, (labels >= 0) & (labels != predicted)
    chosen: list[int] = []
    for most, wanted, distance, differing in (
        (RIGHT, right, np.abs(confidence - WORTH_SEEING), predicted),
        (WRONG, wrong, -confidence, groups),
    ):
        nearest = np.argsort(distance, kind="stable")
        seen: set[int] = set()
        for row in nearest[wanted[nearest]]:
            if len(seen) < most and differing[row] not in seen and groups[row] not in groups[chosen]:
                seen.add(differing[row])
                chosen.append(int(row))
    return chosen
