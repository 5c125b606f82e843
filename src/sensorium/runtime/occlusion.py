"""How much each part of an input matters to a packaged model's predictions, with the parts hidden one by one."""

from collections.abc import Mapping, Sequence

import numpy as np

from sensorium.runtime.predictor import Predictor


def worth_of_parts(
    predictor: Predictor, features: Mapping[str, np.ndarray], name: str, left: Sequence[np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, list[float]]]:
    """The predictions without each part, and what hiding it takes from the worth of the prediction, by target.

    Args:
        predictor: the model.
        features: of the whole sample ``[1, tokens, dim]``, by input.
        name: of the input that has the parts.
        left: features of what is left of it ``[1, tokens, dim]``, for every part.

    Returns:
        Predictions ``[1 + parts, columns]``, the first with all; and the differences, as shares of the target's unit.
    """
    rows = {one: np.repeat(array, 1 + len(left), axis=0) for one, array in features.items()}
    rows[name] = np.concatenate([features[name], *left])
    predictions = {target: predictor.targets[target].predict(values) for target, values in predictor.fuse(rows).items()}
    lost = {}
    for target, found in predictions.items():
        learnt = predictor.targets[target]
        worth = learnt.worth(found, np.repeat(learnt.brief(found[:1]), len(found), axis=0))
        lost[target] = ((worth[0] - worth[1:]) / learnt.unit).tolist()
    return predictions, lost
