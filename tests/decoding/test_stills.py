"""A ZIP of frames is read as a clip is."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image as Pillow

from sensorium.errors import BadInput
from sensorium.modalities import Video
from tests.clips import drawn


def picture(pixels: np.ndarray) -> bytes:
    written = io.BytesIO()
    Pillow.fromarray(pixels).save(written, "PNG")
    return written.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as output:
        for name, content in files.items():
            output.writestr(name, content)
    return written.getvalue()


def frames(count: int) -> dict[str, bytes]:
    return {f"walk/{place}.png": picture(one) for place, one in reversed([*enumerate(drawn(count))])}


def test_pictures_are_frames_in_the_order_of_their_numbers() -> None:
    others = {"__MACOSX/walk/0.png": b"", "walk/.hidden.png": b"", "walk/notes.txt": b"a"}
    value = Video(frames=64).accept(archive(frames(12) | others))
    np.testing.assert_array_equal(value.frames, drawn(12))
    assert (value.times.tolist(), value.seconds, value.rate, value.size) == ([*range(0, 480, 40)], 0.48, 25.0, 64)
    assert Video(frames=4).accept(archive(frames(12))).times.tolist() == [0, 120, 240, 360]
    assert Video(seconds=0.5, frames=64).accept(archive(frames(20))).seconds == 0.5
    assert len(Video(frames=3, sample="motion").accept(archive(frames(12))).frames) == 3


def test_any_name_has_a_place_in_the_order() -> None:
    named = {"²1.png": 2, f"{'9' * 5000}.png": 1, "007.png": 0}
    made = frames(3)
    files = {name: made[f"walk/{place}.png"] for name, place in named.items()}
    np.testing.assert_array_equal(Video(frames=64).accept(archive(files)).frames, drawn(3))


def test_a_broken_picture_is_left_out_and_an_archive_without_any_refused() -> None:
    some = frames(4) | {"walk/1.png": b"no picture", "walk/2.png": bytes(2**25 + 1)}
    np.testing.assert_array_equal(Video().accept(archive(some)).frames, drawn(4)[[0, 3]])
    for files in ({"a.txt": b"a"}, {"a.png": b"no picture"}):
        with pytest.raises(BadInput, match="the archive holds no pictures that can be read; as a clip it has"):
            Video().accept(archive(files))
    with pytest.raises(BadInput, match=r"the archive of frames is broken or cut off \(File is not a zip file\)"):
        Video().accept(archive(frames(4))[:300])
