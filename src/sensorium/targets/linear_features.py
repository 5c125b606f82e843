"""Features as linear regressions read them: standardised, and no more numbers than can be fitted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sensorium.stats.scale import BOUND, scale

ROWS_AT_ONCE = 4096  # of which something is predicted: bounds the memory
MOST_WEIGHTS = 100_000  # beyond, the leading components of the features stand for them


@dataclass(frozen=True)
class LinearFeatures:
    """Features of training rows, and how others become like them.

    Attributes:
        train: ``[rows, numbers]``.
        prepare: what makes the same of other rows' features.
    """

    train: np.ndarray
    prepare: Callable[[np.ndarray], np.ndarray]

    def predict(self, model: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
        """What a model of such features predicts of other rows, some thousands at a time."""
        pieces = [x[start : start + ROWS_AT_ONCE] for start in range(0, max(len(x), 1), ROWS_AT_ONCE)]
        return np.concatenate([model(self.prepare(piece)) for piece in pieces])

    @classmethod
    def of(cls, x: np.ndarray, outputs: int) -> Self:
        """Those of training rows ``[rows, dims]``, for regressions with so many outputs."""
        dims, kept = x.shape[1], max(1, min(MOST_WEIGHTS // outputs, len(x)))
        mean, deviation = scale(x)

        def scaled(features: np.ndarray) -> np.ndarray:
            return np.clip((features.astype(np.float64) - mean) / deviation, -BOUND, BOUND)

        is_large = kept < dims and dims * outputs > MOST_WEIGHTS
        prepare = make_pipeline(FunctionTransformer(scaled), *([PCA(kept, random_state=0)] if is_large else []))
        return cls(prepare.fit_transform(x), prepare.transform)
