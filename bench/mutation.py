"""Bodies that are nearly what they were."""

import random
import struct

NUMBERS = [0, 1, 2, 3, 16, 127, 128, 255, 256, 4095, 4096, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**32 - 1]


def mutated(choose: random.Random, body: bytes, other: bytes) -> bytes:
    """A body with some bytes changed, doubled, taken out, or taken from another."""
    changed = bytearray(body)
    for _ in range(choose.choice([1, 1, 2, 8])):
        at = choose.randrange(min(len(changed), choose.choice([64, 1024, 10**6])) or 1)
        match choose.randrange(5):
            case 0 if changed:
                changed[at] = choose.randrange(256)
            case 1:
                number, form = choose.choice(NUMBERS), choose.choice(["<H", ">H", "<I", ">I"])
                changed[at : at + struct.calcsize(form)] = struct.pack(form, number % 256 ** struct.calcsize(form))
            case 2:
                changed[at:at] = changed[at : at + choose.choice([1, 12, 500])] * choose.choice([1, 1, 50])
            case 3:
                del changed[at : at + choose.choice([1, 4, 100])]
            case _:
                changed[at:] = other[at:]
    return bytes(changed)
