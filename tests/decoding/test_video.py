"""Which frames are read of which clip, and what is said of clips that cannot be read."""

import random
import struct

import numpy as np
import pytest

from bench.mutation import mutated
from sensorium.decoding import video
from sensorium.decoding.clip import Clip
from sensorium.decoding.limited import run
from sensorium.errors import BadInput
from tests.clips import CODINGS, drawn, encoded, frames_of_nothing, huge

MUTATED = 12  # of each container; `python bench/hostile.py` makes thousands


def read(raw: bytes, seconds: float = 30.0, frames: int = 8, sample: str = "even") -> Clip:
    """In a child with limits."""
    limits = video.limits(raw, frames, sample)
    return Clip.from_bytes(run(video.read, raw, limits, seconds=seconds, frames=frames, sample=sample))


@pytest.mark.parametrize("coding", CODINGS, ids=" ".join)
def test_of_every_container_and_codec_frames_are_those_of_their_times(coding: tuple[str, str, str]) -> None:
    raw = encoded(*coding)
    whole = read(raw, frames=64)
    assert whole.frames.shape == (16, 48, 64, 3)
    assert np.abs(whole.frames.astype(int) - drawn()).mean() < 12
    assert whole.times.tolist() == [40 * place for place in range(16)]
    assert (whole.seconds, whole.rate, whole.size) == (pytest.approx(0.64, abs=0.001), pytest.approx(25, abs=0.1), 64)
    some = read(raw, frames=5)
    assert some.times.tolist() == [0, 120, 280, 400, 520]
    np.testing.assert_array_equal(some.frames, whole.frames[[1, 4, 8, 11, 14]])


@pytest.mark.parametrize("coding", CODINGS, ids=" ".join)
def test_a_mutated_clip_is_read_or_refused_in_a_sentence(coding: tuple[str, str, str]) -> None:
    choose, raw = random.Random(0), encoded(*coding)
    for _ in range(MUTATED):
        try:
            assert 1 <= len(read(mutated(choose, raw, raw[::-1])).frames) <= 8
        except BadInput as problem:
            assert str(problem) != "it is broken in a way that breaks its reader"


def test_frames_at_varying_times_are_chosen_by_time() -> None:
    times = [0, 40, 80, 120, *range(1000, 13_000, 1000)]
    clip = read(encoded("webm", "libvpx", times=times), frames=4)
    assert clip.times.tolist() == [0, 3000, 6000, 9000]
    assert clip.seconds == pytest.approx(12.8, abs=1.0)


def test_what_comes_behind_the_seconds_is_not_read() -> None:
    clip = read(encoded("matroska", "libx264", times=[place * 100_000 for place in range(16)]), seconds=250, frames=64)
    assert (clip.times.tolist(), clip.seconds) == ([0, 100_000, 200_000], 250.0)


def test_a_frame_stands_for_each_shot() -> None:
    frames = np.zeros((40, 48, 64, 3), np.uint8)
    frames[4:6], frames[6:] = 120, 250
    clip = read(encoded("avi", "mjpeg", "yuvj420p", frames=frames), frames=3, sample="shots")
    assert [round(level, -1) for level in clip.frames.mean((1, 2, 3)).tolist()] == [0.0, 120.0, 250.0]


def test_frames_are_where_something_moves() -> None:
    frames = np.zeros((40, 48, 64, 3), np.uint8)
    frames[20:36] = drawn(16)
    clip = read(encoded("avi", "mjpeg", "yuvj420p", frames=frames), frames=4, sample="motion")
    assert len(clip.frames) >= 3
    assert clip.times[-1] <= 16 * 40


def test_a_clip_that_was_filmed_upright_is_turned() -> None:
    raw = bytearray(encoded())
    quarter = struct.pack(">9i", 0, 2**16, 0, -(2**16), 0, 0, 0, 0, 2**30)
    at = raw.index(b"tkhd") + 44
    raw[at : at + 36] = quarter
    upright, lying = read(bytes(raw)), read(encoded())
    np.testing.assert_array_equal(upright.frames, np.rot90(lying.frames, -1, axes=(1, 2)))


def test_transparency_is_laid_on_white() -> None:
    from PIL import Image

    from tests.extremes import picture

    half = Image.new("RGBA", (40, 30), (0, 0, 0, 0))
    half.paste((200, 20, 30, 255), (0, 0, 20, 30))
    clip = read(picture(half, "PNG", save_all=True, append_images=[half.rotate(180)]))
    assert clip.frames[0, 5, 5].tolist() == [200, 20, 30]
    assert clip.frames[0, 5, 35].tolist() == [255, 255, 255]


def test_large_frames_are_small_afterwards() -> None:
    for (width, height), size in {(640, 480): (299, 224), (2000, 100): (448, 22), (4, 2000): (2, 448)}.items():
        clip = read(encoded("avi", "mjpeg", "yuvj420p", drawn(1, width, height)))
        assert (clip.frames.shape[2], clip.frames.shape[1], clip.size) == (*size, max(width, height))


def test_a_clip_is_kept_without_loss_and_read_as_the_same() -> None:
    for sample in ("even", "shots", "motion"):
        clip = read(encoded("avi", "mpeg4", frames=drawn(16, 31, 17)), frames=5, sample=sample)
        packed = clip.pack()
        again = read(packed, frames=5, sample=sample)
        assert again.pack() == packed == clip.pack()
        np.testing.assert_array_equal(again.frames, clip.frames)
        assert (again.seconds, again.rate, again.size) == (clip.seconds, clip.rate, clip.size)


def test_a_clip_is_given_nearly_as_it_is_in_a_small_file() -> None:
    value = read(encoded(), frames=8)
    again = read(value.nearly(), frames=8)
    assert len(value.nearly()) < len(value.pack()) / 2
    assert np.abs(again.frames.astype(int) - value.frames).mean() < 3
    assert (again.times.tolist(), again.seconds, again.rate) == (value.times.tolist(), value.seconds, value.rate)


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    raw = encoded("matroska", "libx264", frames=drawn(64))
    assert 1 < len(read(raw[: len(raw) // 2], frames=64).frames) < 64


REFUSED = {
    "16,000 x 16,000": (huge(16_000), "the clip's frames have 16000 x 16000 pixels; at most 16 million are read"),
    "larger than libav reads": (
        huge(20_000),
        "no frame of the clip can be decoded: it is broken, cut off before its first, or has frames of more than 16 "
        "million pixels",
    ),
    "frames of nothing": (frames_of_nothing(10_000), "the clip has more than 9,300 frames in its first 30 seconds"),
    "no index": (
        encoded()[:1500], "the MP4 file is broken or cut off (Invalid data found when processing input)"
    ),
    "a playlist": (
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n",
        "it is no container of moving pictures or sounds that is read",
    ),
    "a list of files": (
        b"ffconcat version 1.0\nfile /etc/passwd\n", "it is no container of moving pictures or sounds that is read"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_refused_in_a_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(raw)
    assert str(caught.value) == sentence
