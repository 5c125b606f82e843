"""What is heard of a sound file is what a player plays."""

import io

import numpy as np
import pytest
import soundfile

from sensorium.decoding.sound import mix, play
from sensorium.errors import BadInput, NothingIn
from sensorium.modalities import Audio
from tests.clips import encoded, track
from tests.extremes import FLAC, RATE, TONE, sound, unfinished

NOISE = 0.1 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
SILENCE = np.zeros_like(TONE)


def heard(raw: bytes) -> np.ndarray:
    samples, rate = play(raw, 6.0)
    assert rate == RATE
    return samples


@pytest.mark.parametrize(
    "channels",
    [
        (TONE,),
        (TONE, TONE),
        (TONE, -TONE),
        (TONE, -0.7 * TONE),
        (TONE, np.concatenate([TONE[: RATE // 2], -TONE[RATE // 2 :]])),
        (TONE, SILENCE),
        (SILENCE, SILENCE, TONE, *[SILENCE] * 5),
        (TONE, -TONE) * 8,
        (TONE, SILENCE + 0.3),
    ],
    ids=["mono", "copies", "antiphase", "quieter antiphase", "antiphase later", "dead", "one of eight", "16", "offset"],
)
def test_of_several_channels_the_tone_is_heard_as_loud_as_it_is(channels: tuple[np.ndarray, ...]) -> None:
    np.testing.assert_allclose(heard(sound(*channels)), TONE, atol=1e-3)


def test_channels_that_know_nothing_of_each_other_are_mixed() -> None:
    left, right = NOISE
    np.testing.assert_allclose(mix(NOISE.T, RATE), (left + right) / 2, atol=1e-7)


def test_a_constant_is_no_sound_and_a_small_one_is_left() -> None:
    assert np.abs(heard(sound(SILENCE + 0.5))).max() < 1e-4
    np.testing.assert_allclose(heard(sound(TONE + 0.3)), TONE, atol=1e-3)
    np.testing.assert_allclose(heard(sound(TONE + 0.005)), TONE + 0.005, atol=1e-4)


@pytest.mark.parametrize(
    ("form", "coding"),
    [
        ("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
        ("AIFF", "PCM_16"), ("AU", "PCM_16"),
    ],
)  # fmt: skip
def test_a_file_that_is_cut_off_is_heard_as_far_as_it_goes(form: str, coding: str) -> None:
    whole = np.tile(TONE, 5) + np.tile(NOISE[0], 5)
    raw = sound(whole, form=form, coding=coding)
    cut = heard(raw[: int(0.6 * len(raw))])
    assert 0.3 * len(whole) < len(cut) < 0.75 * len(whole)
    np.testing.assert_allclose(cut[:RATE], heard(raw)[:RATE], atol=1e-6)
    assert len(heard(raw)) == pytest.approx(len(whole), rel=0.01)


@pytest.mark.parametrize(
    ("form", "pictures", "coding"),
    [
        ("mp4", "mpeg4", "aac"), ("webm", "libvpx", "libopus"), ("matroska", "ffv1", "flac"), ("mov", "mpeg4", "alac"),
        ("avi", "mpeg4", "libmp3lame"), ("mpegts", "libx264", "aac"), ("flv", "flv", "aac"),
    ],
)  # fmt: skip
def test_the_sound_track_of_a_clip_is_heard(form: str, pictures: str, coding: str) -> None:
    samples, rate = play(encoded(form, pictures, "bgr0" if pictures == "ffv1" else "yuv420p", sound=coding), 6.0)
    assert (rate, len(samples)) == (48_000, pytest.approx(0.64 * rate, rel=0.15))
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * rate / len(samples) == pytest.approx(440, abs=3)


def test_a_clip_without_sound_holds_nothing_to_be_heard() -> None:
    with pytest.raises(NothingIn, match="the file has no sound track that can be played"):
        play(encoded(), 6.0)


def without_its_length(flac: bytes) -> bytes:
    """FLAC as a stream: the 36 bits that count samples are zero."""
    return flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]


AU = sound(TONE, form="AU")


@pytest.mark.parametrize(
    "raw",
    [
        unfinished(sound(TONE)),
        unfinished(unfinished(sound(TONE)), 4),
        sound(TONE)[:40] + b"\xff" * 4 + sound(TONE)[44:],
        unfinished(sound(TONE, form="WAVEX", coding="PCM_24"), 76),
        unfinished(AU, 8),
        without_its_length(FLAC),
    ],
    ids=["data", "data and RIFF", "endless", "extensible", "AU", "FLAC"],
)
def test_a_stream_that_was_never_finished_is_heard_to_its_end(raw: bytes) -> None:
    np.testing.assert_allclose(heard(raw), TONE, atol=1e-4)


def test_samples_beyond_full_scale_are_clipped_as_players_do() -> None:
    value = Audio().accept(sound(4 * TONE, coding="FLOAT"))
    assert value.max() == 2**15 - 1
    assert (np.abs(value.astype(int)) >= 2**15 - 1).mean() > 0.3


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (sound(TONE, form="OGG", coding="VORBIS")[:3000], "the Ogg file is broken or cut off ("),
        (sound(TONE, form="CAF")[:20_000], "the CAF file cannot be played: it is broken or cut off ("),
        (b"fLaC" + bytes(99), "the FLAC file cannot be played: it is broken or cut off ("),
        (b"ID3" + bytes(99), "the MP3 file cannot be played: it is broken or cut off ("),
        (sound(TONE)[:44], "the WAV file holds no sound, or is cut off before its first"),
        (b"\x1aE\xdf\xa3" + bytes(99), "the Matroska file is broken or cut off ("),
        (b"just a text\n", "not a sound that can be read (WAV, FLAC, Ogg, MP3, M4A, WebM and clips can)"),
    ],
    ids=range(7),
)
def test_what_is_wrong_is_called_by_its_name(raw: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        play(raw, 6.0)
    assert str(caught.value).startswith(sentence)


def test_only_as_much_is_decoded_as_is_heard() -> None:
    stream = io.BytesIO()
    soundfile.write(stream, np.tile(TONE, 20), RATE, format="FLAC")
    assert len(play(stream.getvalue(), 2.0)[0]) == 2 * RATE + 1


def test_a_track_of_many_channels_is_refused_only_where_it_is_long() -> None:
    assert len(play(track(2), 30.0)[0]) == 2 * 48_000
    with pytest.raises(BadInput, match="17.4 seconds of 6 channels at 48000 Hz are more than can be read"):
        play(track(30), 30.0)
    assert len(play(track(54, "stereo"), 53.0)[0]) == pytest.approx(53 * 48_000, rel=0.01)
