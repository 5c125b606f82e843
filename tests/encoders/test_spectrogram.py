import numpy as np
import pytest
import transformers as library

from sensorium.encoders.spectrogram import spectrogram
from sensorium.errors import UserError

EXTRACTORS = [
    library.WhisperFeatureExtractor(chunk_length=2),
    library.WhisperFeatureExtractor(feature_size=128, chunk_length=2),
    library.ASTFeatureExtractor(max_length=60, num_mel_bins=64),  # cut
    library.ASTFeatureExtractor(max_length=200, do_normalize=False),  # padded
    library.ClapFeatureExtractor(sampling_rate=16_000, max_length_s=2, frequency_max=8000, truncation="rand_trunc"),
    library.ClapFeatureExtractor(
        sampling_rate=16_000, max_length_s=3, frequency_max=8000, truncation="rand_trunc", padding="repeat"
    ),
    library.ClapFeatureExtractor(sampling_rate=16_000, max_length_s=2, frequency_max=8000, padding="pad"),  # fusion
]


@pytest.mark.parametrize("extractor", EXTRACTORS, ids=lambda one: type(one).__name__)
def test_it_does_what_the_extractor_does(extractor: library.SequenceFeatureExtractor) -> None:
    sound = (np.random.default_rng(1).normal(0, 0.2, 14_000) * 2**13).astype(np.int16)
    wanted = extractor(sound / 2**15, sampling_rate=16_000, return_tensors="np")
    ours = spectrogram(extractor)(sound)
    np.testing.assert_allclose(ours["spectrum"], wanted[extractor.model_input_names[0]][0], atol=5e-3)


def test_a_mask_says_which_frames_hold_the_sound() -> None:
    arrays = spectrogram(library.WhisperFeatureExtractor(chunk_length=2))(np.full(8000, 99, np.int16))
    assert arrays["attention_mask"].tolist() == [1] * 50 + [0] * 150


def test_an_extractor_that_does_something_else_is_refused() -> None:
    with pytest.raises(UserError, match="its WhisperFeatureExtractor makes other numbers of a sound"):
        spectrogram(library.WhisperFeatureExtractor(chunk_length=2, dither=0.5))
