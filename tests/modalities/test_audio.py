import numpy as np
import pytest

from sensorium.errors import BadInput
from sensorium.modalities import Audio
from tests.conftest import wav


def complaint(raw: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        Audio().accept(raw)
    return str(caught.value)


def test_hostile_bytes_get_a_sentence() -> None:
    assert complaint(b"") == "the sound is empty (0 bytes)"
    assert complaint(b"just a text\n") == "not a sound that can be read (WAV, FLAC, Ogg, MP3, M4A, WebM and clips can)"
    assert complaint(wav(seconds=1 / 16_000)) == "the sound is too short: 0.0001 s, at least 0.1 s is needed"
    assert complaint(wav(rate=500_000)) == "a sampling rate of 500000 Hz is more than 384000 Hz"


def test_no_cut_of_a_file_raises_anything_else() -> None:
    raw = wav()
    for end in range(0, len(raw), 97):
        try:
            Audio().accept(raw[:end])
        except BadInput:
            pass


def test_sounds_become_mono_at_16_khz_and_are_cut() -> None:
    audio = Audio(seconds=1.0)
    value = audio.accept(wav(seconds=3, rate=44_100))
    assert (value.dtype, len(value)) == (np.int16, 16_000)
    assert 0.28 < np.abs(value).max() / 2**15 < 0.32
