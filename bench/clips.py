"""Clips read and encoded beside a plain loop, and a row with a clip answered beside the sum of its parts.

The plain loop is what one writes by hand: PyAV decodes all frames, eight of them are reduced and go through the same
network by ONNX Runtime, in one thread, in one process, without limits. Both do every clip in turns; what counts is the
median of the ratios. MODEL is what `dvc repro` packages of examples/video.yaml.

    python -m bench.clips models/packaged --turns 5
"""

import argparse
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime
from PIL import Image

from sensorium.encoders.encoder import encode
from sensorium.runtime.predictor import Predictor
from tests.clips import drawn, encoded

CODINGS = (("mp4", "libx264", "yuv420p"), ("webm", "libvpx-vp9", "yuv420p"), ("avi", "mpeg4", "yuv420p"))
LENGTHS, WIDTH, HEIGHT = (50, 150, 400), 640, 360  # frames, and pixels
INPUT, COLUMN, FRAMES, SIDE = "frames", "clip", 8, 224
TEXT = {"text": "Little is known about them, save that they are large and live where nobody else does."}
Work = Callable[[bytes], Any]


def by_hand(network: Path) -> Work:
    """The plain loop."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])

    def work(raw: bytes) -> Any:
        with av.open(io.BytesIO(raw)) as opened:
            opened.streams.video[0].codec_context.thread_count = 1
            frames = list(opened.decode(video=0))
        places = [int((place + 0.5) * len(frames) / FRAMES) for place in range(FRAMES)]
        pixels = np.stack([_padded(frames[place].to_image()) for place in places])
        batch = (pixels.transpose(0, 3, 1, 2).astype(np.float32) - 127) / 128
        return session.run(None, {"pixel_values": batch})

    return work


def _padded(picture: Image.Image) -> np.ndarray:
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BICUBIC)
    square = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    square.paste(picture, ((SIDE - picture.width) // 2, (SIDE - picture.height) // 2))
    return np.asarray(square)


def timed(work: Work, raw: bytes) -> float:
    """Seconds by the clock."""
    started = time.perf_counter()
    work(raw)
    return time.perf_counter() - started


def ratios(one: Work, others: Sequence[Work], raws: Sequence[bytes], turns: int) -> list[float]:
    """The time of the others together by that of the one, of every clip in every turn."""
    for work in (one, *others):  # what is only done once is not timed
        work(raws[0])
    return [sum(timed(other, raw) for other in others) / timed(one, raw) for _ in range(turns) for raw in raws]


def main(model: Path, turns: int) -> None:
    """Prints both ratios."""
    predictor = Predictor.load(model)
    raws = [encoded(*coding, frames=drawn(count, WIDTH, HEIGHT)) for coding in CODINGS for count in LENGTHS]

    def read_and_encode(name: str, raw: bytes) -> Any:
        return encode(*predictor.encoders[name], [predictor.inputs[name].accept(raw)])

    found = ratios(lambda raw: read_and_encode(INPUT, raw), [by_hand(predictor.encoders[INPUT][1].path)], raws, turns)  # type: ignore[attr-defined]
    print(f"throughput by that of the plain loop: {_middle(found)}")

    def answer(raw: bytes) -> Any:
        return predictor.predict([predictor.accept({COLUMN: raw} | TEXT)])

    def part(name: str) -> Work:
        return lambda raw: read_and_encode(name, raw)

    sample = predictor.accept({COLUMN: raws[0]} | TEXT)
    features = predictor.features([predictor.prepare(sample)])
    parts = [part(name) for name in predictor.fields[COLUMN].inputs]
    parts += [lambda _: encode(*predictor.encoders["text"], [predictor.inputs["text"].accept(TEXT["text"])])]
    parts += [lambda _: predictor.fuse(features)]
    print(f"the cost of an answer's parts by that of the answer: {_middle(ratios(answer, parts, raws, turns))}")


def _middle(found: Sequence[float]) -> str:
    low, middle, high = np.quantile(found, [0.25, 0.5, 0.75])
    return f"{middle:.2f} (the middle half lies from {low:.2f} to {high:.2f})"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--turns", type=int, default=5)
    asked = parser.parse_args()
    main(asked.model, asked.turns)
