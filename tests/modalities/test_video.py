"""What a person is told and shown of a clip, what may befall it, and how its frames are read."""

import numpy as np
import pytest
from PIL import Image as Pillow

from sensorium.decoding.clip import Clip
from sensorium.encoders.encoder import encode
from sensorium.encoders.motion import DIRECTIONS, motion
from sensorium.encoders.tokens import filled, is_there
from sensorium.errors import NothingIn
from sensorium.modalities import Audio, Image, Video
from tests.clips import drawn, encoded, track
from tests.conftest import wav


def clip(frames: np.ndarray, gap: int = 100) -> Clip:
    return Clip(frames, np.arange(len(frames)) * gap, seconds=len(frames) * gap / 1000, rate=1000 / gap, size=64)


def test_what_is_said_of_a_clip() -> None:
    frames = np.zeros((4, 16, 16, 3), np.uint8)
    frames[1::2] = 255
    assert Video().describe(clip(frames)) == {
        "seconds": 0.4, "brightness": 0.5, "contrast": 0.0, "motion": 1.0, "rate": 10.0, "size": 64.0,
    }  # fmt: skip
    assert Video().describe(clip(frames[:1]))["motion"] == 0.0


def test_spans_are_hidden_under_the_mean_colour() -> None:
    frames = np.zeros((16, 8, 8, 3), np.uint8)
    frames[8:] = 200
    parts = Video().occlusions(clip(frames))
    assert [part for part, _ in parts] == [(start, start + 2) for start in range(0, 16, 2)]
    assert parts[1][1].frames[:, 0, 0, 0].tolist() == [0, 0, 100, 100, *[0] * 4, *[200] * 8]


def test_a_strip_has_a_curve_where_more_than_one_change_can_be_drawn() -> None:
    shown = [Video().show(clip(drawn(count)), []) for count in (1, 2, 3)]
    assert [one.count("<polyline") for one in shown] == [0, 0, 1]


def test_what_befalls_a_clip() -> None:
    damage, value = Video.corruptions, clip(drawn(8))
    random = np.random.default_rng(0)
    assert [len(damage["dropped frames"](value, strength, random).frames) for strength in range(3)] == [6, 4, 2]
    fast = damage["speed"](value, 1, random)
    assert (fast.seconds, fast.times.tolist()) == (0.4, [0, 100, 200, 300])
    np.testing.assert_array_equal(fast.frames, value.frames[::2])
    shaken = damage["shake"](value, 2, random)
    assert shaken.frames.shape == value.frames.shape
    assert Video().describe(shaken)["motion"] > Video().describe(value)["motion"]
    assert damage["blur"](value, 2, random).frames.std() < value.frames.std()


def test_every_frame_has_the_token_that_it_has_as_a_picture() -> None:
    of_clips, of_pictures = Video(frames=4).load_encoder(), Image().load_encoder()
    values = [clip(drawn(3)), clip(drawn(8)), clip(drawn(1))]
    features = encode(of_clips.preprocess, of_clips.network, values)
    assert is_there(features).sum(1).tolist() == [3, 4, 1]
    pictures = [Pillow.fromarray(frame) for frame in (*drawn(3), *drawn(8)[[1, 3, 5, 7]], *drawn(1))]
    wanted = encode(of_pictures.preprocess, of_pictures.network, pictures)[:, 0]
    np.testing.assert_allclose(filled(features)[is_there(features)], wanted, atol=1e-4)


@pytest.mark.parametrize(("step", "direction"), [((0, 2), 0), ((2, 0), 2), ((0, -2), 4), ((-2, -2), 5)])
def test_motion_has_a_speed_and_a_direction(step: tuple[int, int], direction: int) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (12, 12, 3), np.uint8)
    still = np.asarray(Pillow.fromarray(noise).resize((64, 64), Pillow.Resampling.BICUBIC))
    frames = np.stack([np.roll(still, (place * step[0], place * step[1]), (0, 1)) for place in range(6)])
    preprocess = motion().preprocess
    found = preprocess(clip(frames))["motion"][0]
    assert found[3 : 3 + DIRECTIONS].argmax() == direction
    assert np.expm1(found[1]) / 10 == pytest.approx(np.hypot(*step) / 64 / 0.1, rel=0.15)
    nothing = preprocess(clip(np.repeat(still[None], 4, 0)))["motion"][0]
    assert nothing[1] < 0.01 < found[1]


def test_one_clip_is_seen_and_heard() -> None:
    raw = encoded(sound="aac")
    assert len(Video(frames=4).accept(raw).frames) == 4
    assert len(Audio().accept(raw)) == pytest.approx(0.64 * 16_000, rel=0.15)
    with pytest.raises(NothingIn):
        Audio().accept(encoded())
    with pytest.raises(NothingIn, match="the file holds no moving pictures"):
        Video().accept(track(1))
    with pytest.raises(NothingIn, match="the file holds no moving pictures"):
        Video().accept(wav())
