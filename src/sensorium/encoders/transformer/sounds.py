"""Sounds read by a transformer from a folder."""

from typing import Any

import numpy as np

from sensorium.encoders.encoder import Encoder, Preprocess
from sensorium.encoders.spectrogram import EXTRACTORS, RATE, spectrogram
from sensorium.encoders.transformer.folder import Folder
from sensorium.encoders.transformer.loading import feature_extractor, load
from sensorium.encoders.transformer.proof import proven
from sensorium.encoders.transformer.readings import spectrograms, waveforms
from sensorium.encoders.waveform import Waveform
from sensorium.errors import UserError


def read_sounds(folder: Folder, seconds: float, example: np.ndarray) -> Encoder:
    """The encoder in a folder.

    Args:
        folder: with the feature extractor's settings and the network.
        seconds: to which sounds are cut.
        example: a cleaned sound that the network is tried with.

    Raises:
        UserError: if it cannot be used.
    """
    preprocess = _preprocess(feature_extractor(folder), seconds)
    readings = waveforms if isinstance(preprocess, Waveform) else spectrograms
    batch = preprocess.collate([preprocess(example)])
    return Encoder(preprocess, proven(load(folder), readings, [batch]), "transformer sounds 1", folder.decisive)


def _preprocess(extractor: Any, seconds: float) -> Preprocess:
    """What does the same as a feature extractor of transformers."""
    sort = type(extractor).__name__
    if sort in EXTRACTORS:
        return spectrogram(extractor)
    if sort != "Wav2Vec2FeatureExtractor":
        raise UserError(
            f"its {sort} is not known here; models with a Wav2Vec2FeatureExtractor (wav2vec 2.0, HuBERT, WavLM), "
            f"{', '.join(EXTRACTORS)} are read."
        )
    rate = int(extractor.sampling_rate)
    constants: dict[str, Any] = {"normalise": bool(extractor.do_normalize), "samples": int(seconds * rate)}
    return Waveform(**constants | ({"rate": rate} if rate != RATE else {}))
