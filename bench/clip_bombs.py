"""Clips that say or hold far more than is looked at: how each ends, and how long it takes.

python -m bench.clip_bombs
"""

import time
from collections.abc import Callable

from sensorium.errors import BadInput
from sensorium.modalities import Video
from tests.clips import encoded, frames_of_nothing, huge, repeated

BOMBS: dict[str, Callable[[], bytes]] = {
    "ten hours, 360,000 frames": lambda: repeated("mp4", "mpeg4", "yuv420p", (64, 48), 360_000, rate=10),
    "5,000 frames of 4,096 x 4,096 in H.264": lambda: repeated("mp4", "libx264", "yuv420p", (4096, 4096), 5_000),
    "700 frames of 4,096 x 4,096 in VP9": lambda: repeated("webm", "libvpx-vp9", "yuv420p", (4096, 4096), 700),
    "20,000 x 20,000": lambda: huge(20_000),
    "a million frames of nothing": lambda: frames_of_nothing(10**6),
    "a moov that is cut off": lambda: encoded()[:1500],
}


def main() -> None:
    """Prints a line for each clip and way to choose frames."""
    for name, make in BOMBS.items():
        raw = make()
        for sample in ("even", "shots", "motion"):
            kind, started = Video(sample=sample), time.perf_counter()  # type: ignore[arg-type]
            end = _end(kind, raw)
            took = time.perf_counter() - started
            print(f"{name} ({len(raw) / 1e6:.2f} MB), {sample}: {end} ({took:.1f} s)", flush=True)


def _end(kind: Video, raw: bytes) -> str:
    try:
        return f"{len(kind.accept(raw).frames)} frames"
    except BadInput as problem:
        return str(problem)


if __name__ == "__main__":
    main()
