"""What the training rows of prepared rows teach of targets."""

from collections.abc import Mapping

import pandas as pd

from sensorium.dataset.columns import SPLIT, TRAIN
from sensorium.targets import Learnt, Target


def learn(table: pd.DataFrame, targets: Mapping[str, Target]) -> dict[str, Learnt]:
    """What the training rows of a table teach of every target."""
    training = (table[SPLIT] == TRAIN).to_numpy()
    return {name: target.learn(table[name], training) for name, target in targets.items()}
