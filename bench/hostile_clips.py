"""Mutated clips of every container and codec: none may end its reader unseen, or take more than its limits.

    python -m bench.hostile_clips --clips 5000
    python -m bench.hostile_clips avi gif --clips 1000

Each is a small clip with some bytes changed, doubled, taken out or taken from another, read as pictures or as sound in
a child with limits. What counts is how each ended.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Sequence

from bench.mutation import mutated
from sensorium.errors import BadInput
from sensorium.modalities import Audio, Modality, Video
from tests.clips import CODINGS, encoded

SOUNDS = {
    "mp4": "aac",
    "mov": "aac",
    "webm": "libopus",
    "matroska": "flac",
    "avi": "libmp3lame",
    "flv": "aac",
    "mpegts": "aac",
}
ENDS = ("longer than", "MB of memory", "breaks its reader")  # of what the limits say, and of what the kernel ended


def fuzz(coding: tuple[str, str, str], clips: int, kinds: list[Modality]) -> tuple[Counter[str], float]:
    """How so many mutations of a clip ended, and the longest that one took, in seconds by the clock."""
    choose, ends, longest = random.Random(" ".join(coding)), Counter[str](), 0.0
    bodies = [encoded(*coding, sound=SOUNDS.get(coding[0])), encoded(*coding)]
    for number in range(clips):
        body = mutated(choose, choose.choice(bodies), choose.choice(bodies))
        started = time.perf_counter()
        ends[_end(kinds[number % len(kinds)], body)] += 1
        longest = max(longest, time.perf_counter() - started)
    return ends, longest


def _end(kind: Modality, body: bytes) -> str:
    try:
        kind.accept(body)
    except BadInput as problem:
        return next((end for end in ENDS if end in str(problem)), "refused")
    return "read"


def main(containers: Sequence[str], clips: int) -> None:
    """Prints how the clips of each container and codec ended, a line as soon as it is known."""
    kinds: list[Modality] = [Video(), Audio()]
    for container, codec, pixels in CODINGS:
        if container in containers:
            ends, longest = fuzz((container, codec, pixels), clips, kinds)
            told = ", ".join(f"{end} {ends[end]:,}" for end in ("read", "refused", *ENDS))
            print(f"{container}, {codec}: {told}; the longest took {longest:.1f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = list(dict.fromkeys(container for container, _, _ in CODINGS))
    parser.add_argument("containers", nargs="*", default=known, choices=known)
    parser.add_argument("--clips", type=int, default=5000, help="of each container and codec")
    asked = parser.parse_args()
    main(asked.containers, asked.clips)
