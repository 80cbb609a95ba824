"""Files as a failing card, a power cut or an attacker leaves them: made from good ones, the same for the same seed."""

from __future__ import annotations

import random
import re

BOXES = re.compile(
    rb"ftyp|moov|mdat|trak|mdia|minf|stbl|stsd|stts|stsc|stsz|stco|co64|stss|avcC|hvcC|elst|tkhd|mvhd|RIFF|LIST|idx1|movi"
)
LIES = (0, 1, 7, 8, 9, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def flipped(rng: random.Random, seed: bytes, _: bytes) -> bytes:
    """Single bits; half of the time in the first kilobytes, where the structure is."""
    content = bytearray(seed)
    reach = len(content) if rng.random() < 0.5 else min(len(content), 4096)
    for _bit in range(rng.choice((1, 4, 16, 64, 256))):
        content[rng.randrange(reach)] ^= 1 << rng.randrange(8)
    return bytes(content)


def truncated(rng: random.Random, seed: bytes, _: bytes) -> bytes:
    return seed[: rng.randrange(1, len(seed))]


def lying(rng: random.Random, seed: bytes, _: bytes) -> bytes:
    """A box that claims another length, or a table another count."""
    content = bytearray(seed)
    found = [match.start() for match in BOXES.finditer(seed)]
    for _lie in range(rng.choice((1, 1, 2, 5))):
        at = rng.choice(found) - 4 if found else rng.randrange(len(content))
        at = max(0, at + rng.choice((0, 0, 12, 16)))  # the length in front, or a count inside
        value = rng.choice((*LIES, rng.getrandbits(32), len(content)))
        content[at : at + 4] = value.to_bytes(4, "big")
    return bytes(content)


def spliced(rng: random.Random, seed: bytes, other: bytes) -> bytes:
    """A piece of another file inside this one, or a piece of it twice, or a hole of zeros."""
    at, length = rng.randrange(len(seed)), rng.choice((64, 4096, 65536))
    start = rng.randrange(len(other))
    piece = rng.choice((other[start : start + length], seed[at : at + length] * 2, bytes(length)))
    keep = at if rng.random() < 0.5 else min(len(seed), at + len(piece))
    return seed[:at] + piece + seed[keep:]


KINDS = (flipped, truncated, lying, spliced)


def mutated(number: int, seeds: list[tuple[str, bytes]]) -> tuple[str, str, bytes]:
    """Mutation `number`: the seed's name, what was done, the bytes."""
    rng = random.Random(20261126 + number)
    (name, seed), (_, other) = rng.choice(seeds), rng.choice(seeds)
    kind = KINDS[number % len(KINDS)]
    return name, kind.__name__, kind(rng, seed, other)
