"""NAL units of one recorder: what they look like is learnt from a good clip, then found again in bare media data.

Sources: ITU-T H.264 (7.3.1, 7.3.3, 7.4.1), ITU-T H.265 (7.3.1, 7.3.6.1), ISO/IEC 14496-15 (length prefixes).
The strongest rule is the standards' own: inside a NAL unit the bytes 00 00 are never followed by 00, 01
or 02. A wrong length that swallows its neighbours meets their length prefixes and breaks it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

FORBIDDEN = re.compile(rb"\x00\x00[\x00-\x02]")
PREFIX = 4  # bytes of the length before each unit; the standard allows 1 and 2, no recorder writes them
SPARE = 4  # times the largest unit of its kind in the good clip
LEAST_SLICE, LEAST_OTHER, MOST = 64 << 10, 1 << 10, (16 << 20) - 1  # bytes
SLICE_HEAD = 24  # bytes that hold the fields read here
H264_SLICES, H264_KEY = range(1, 6), 5
HEVC_SLICES, HEVC_KEYS = range(32), range(16, 22)
I_SLICES = (2, 7)


@dataclass(frozen=True, slots=True)
class Grammar:
    """`largest`: for each NAL header that the recorder writes (1 byte of H.264, 2 of H.265) the most bytes of a unit.

    `sets`: the picture parameter sets that its slices use.
    """

    codec: str
    largest: Mapping[bytes, int]
    sets: frozenset[int]
    one_slice: bool = False
    """Each picture is a single slice: one that begins in the middle is none of this recorder's."""

    @property
    def head(self) -> int:
        """Bytes of a NAL header."""
        return 1 if self.codec == "h264" else 2

    def kind(self, unit: bytes) -> int:
        return unit[0] & 31 if self.codec == "h264" else unit[0] >> 1 & 63

    def is_slice(self, unit: bytes) -> bool:
        return self.kind(unit) in (H264_SLICES if self.codec == "h264" else HEVC_SLICES)

    def is_key(self, unit: bytes) -> bool:
        return self.kind(unit) == H264_KEY if self.codec == "h264" else self.kind(unit) in HEVC_KEYS

    def begins_picture(self, unit: bytes) -> bool:
        """`first_mb_in_slice` is 0, or `first_slice_segment_in_pic_flag` is set: either way the first bit is 1."""
        return self.is_slice(unit) and bool(unit[self.head] & 0x80)

    def accepts(self, unit: bytes) -> bool:
        """Whether these bytes can be a unit of this recorder."""
        if not self.head + 1 < len(unit) <= self.largest.get(unit[: self.head], 0):
            return False
        if self.is_slice(unit) and not self._slice_fits(unit):
            return False
        return not FORBIDDEN.search(unit.rstrip(b"\0"))

    def _slice_fits(self, unit: bytes) -> bool:
        if self.one_slice and not self.begins_picture(unit):
            return False
        bits = _Bits(unit[self.head : self.head + SLICE_HEAD])
        if self.codec == "hevc":
            return not self.begins_picture(unit) or _hevc_set(bits, self.kind(unit)) in self.sets
        _, kind, used = bits.number(), bits.number(), bits.number()
        return kind < 10 and used in self.sets and (self.kind(unit) != H264_KEY or kind in I_SLICES)

    def candidates(self, window: bytes) -> np.ndarray:
        """Where in `window` a length prefix and a header of this recorder can begin: many at once, 1 ms per MiB."""
        octets = np.frombuffer(window, np.uint8)
        if octets.size < PREFIX + 2:
            return np.empty(0, np.intp)
        known = np.zeros(256, bool)
        known[[header[0] for header in self.largest]] = True
        fits = (octets[: -PREFIX - 1] == 0) & (octets[1:-PREFIX] <= MOST >> 16)
        return np.flatnonzero(fits & known[octets[PREFIX:-1]])


def learnt(codec: str, packets: Iterable[bytes]) -> Grammar:
    """The grammar of a good clip's packets. Raises ValueError when they are not length-prefixed units."""
    largest: dict[bytes, int] = {}
    sets, one_slice, rough = set[int](), True, Grammar(codec, {}, frozenset())
    for packet in packets:
        for unit in units(packet):
            head, least = unit[: rough.head], LEAST_SLICE if rough.is_slice(unit) else LEAST_OTHER
            largest[head] = max(largest.get(head, least), min(MOST, SPARE * len(unit)))
            if rough.begins_picture(unit):
                sets.add(_set_of(rough, unit))
            elif rough.is_slice(unit):
                one_slice = False
    if not sets:
        raise ValueError("no pictures")
    return Grammar(codec, largest, frozenset(sets), one_slice)


def units(packet: bytes) -> Iterator[bytes]:
    """The NAL units of a packet of MP4. Raises ValueError when lengths do not add up."""
    at = 0
    while at < len(packet):
        length = int.from_bytes(packet[at : at + PREFIX], "big")
        if length < 3 or at + PREFIX + length > len(packet):
            raise ValueError("not length-prefixed")
        yield packet[at + PREFIX : at + PREFIX + length]
        at += PREFIX + length


def _set_of(grammar: Grammar, unit: bytes) -> int:
    bits = _Bits(unit[grammar.head : grammar.head + SLICE_HEAD])
    if grammar.codec == "hevc":
        return _hevc_set(bits, grammar.kind(unit))
    bits.number(), bits.number()
    return bits.number()


def _hevc_set(bits: _Bits, kind: int) -> int:
    """`slice_pic_parameter_set_id` of a first slice segment."""
    bits.take(2 if 16 <= kind <= 23 else 1)  # first_slice_segment_in_pic_flag, no_output_of_prior_pics_flag
    return bits.number()


class _Bits:
    """Exp-Golomb numbers from the start of a slice; beyond the end all bits are 0."""

    def __init__(self, data: bytes) -> None:
        data = data.replace(b"\0\0\3", b"\0\0")
        self._left, self._value = len(data) * 8, int.from_bytes(data, "big")

    def take(self, count: int) -> int:
        self._left -= count
        return self._value >> self._left & (1 << count) - 1 if self._left >= 0 else 0

    def number(self) -> int:
        """ue(v); -1 when it is not one."""
        zeros = 0
        while self._left > 0 and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros) if zeros <= 31 and self._left >= zeros else -1
