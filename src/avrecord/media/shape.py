"""What the outermost parts of a file say, without a decoder: was it written to its end, has it an index?

Decoders hide this: a file cut in the middle plays to the cut, some of them then claim the shorter
length, and nobody is told. Only the outermost sizes are read, a few bytes each, so a hostile file
costs bounded time and no memory.

Sources: ISO/IEC 14496-12 (boxes), RIFF/AVI 1.02, RFC 8794 (EBML), ISO/IEC 13818-1 (TS), ITU-T T.81
(JPEG markers), RFC 2083 (PNG).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_PARTS = 200_000  # boxes of a fragmented recording: two per fragment, 27 hours at one a second
FIRST_BOXES = (b"ftyp", b"styp", b"moov", b"moof", b"mdat", b"free", b"skip", b"wide", b"pnot", b"uuid")
EBML = b"\x1a\x45\xdf\xa3"
SEGMENT = b"\x18\x53\x80\x67"
BLOCK, MOST_SEARCHED = 1 << 20, 256 << 20  # bytes; no photo is larger
START_OF_SCAN, END_OF_IMAGE = 0xDA, b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class Shape:
    """`lacking`: None for a whole file, else how many announced bytes are not there (0: not known how many)."""

    lacking: int | None = None
    unindexed: bool = False
    """An MP4 or MOV with media data and no index: the power failed during recording."""
    media_at: int | None = None
    """Where the first media data of an MP4 begins."""


@dataclass(frozen=True, slots=True)
class Box:
    """`end` may lie beyond the file: then the file was cut."""

    kind: bytes
    payload: int
    end: int


def shape_of(path: Path) -> Shape:
    """The shape of a media file; an unknown container says nothing, which is no fault. Raises OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(400)
        if head[4:8] in FIRST_BOXES:
            return _mp4(file, size)
        if head[:4] == b"RIFF":
            return _riff(file, size)
        if head[:4] == EBML:
            return _matroska(file, size)
        if head[:3] == b"\xff\xd8\xff":
            return Shape() if _jpeg_ends(file) else Shape(0)
        if head[:4] == b"\x89PNG":
            return Shape() if _holds(file, b"IEND", 8) else Shape(0)
        return _transport(head, size)


def boxes(file: BinaryIO, size: int, start: int = 0) -> Iterator[Box]:
    """The boxes from `start` on, not their insides. Ends at the first thing that is no box."""
    at = start
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return
        length, kind, payload = struct.unpack(">I", head[:4])[0], head[4:8], at + 8
        if length == 1 and len(head) == 16:  # 64-bit sizes: recordings above 4 GiB
            length, payload = struct.unpack(">Q", head[8:])[0], at + 16
        elif length == 0:  # to the end of the file
            length = size - at
        if length < payload - at or not all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind):
            return
        yield Box(kind, payload, at + length)
        at += length
        if at >= size:
            return


def _mp4(file: BinaryIO, size: int) -> Shape:
    found = list(boxes(file, size))
    media = next((box.payload for box in found if box.kind == b"mdat"), None)
    unindexed = media is not None and not any(box.kind in (b"moov", b"moof") for box in found)
    lacking = max(0, found[-1].end - size) if found else 0
    return Shape(lacking if lacking or unindexed else None, unindexed, media)


def _riff(file: BinaryIO, size: int) -> Shape:
    """RIFF chunks one after the other: OpenDML puts a new one every gigabyte."""
    at = 0
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[:4] != b"RIFF":
            return Shape()
        length = struct.unpack("<I", head[4:])[0]
        if length in (0, 0xFFFFFFFF):  # never filled in: the recorder did not finish
            return Shape(0)
        at += 8 + length
        if at > size:
            return Shape(at - size)
        at += length % 2
    return Shape()


def _matroska(file: BinaryIO, size: int) -> Shape:
    file.seek(4)
    length, width = _vint(file.read(8))
    start = 4 + width + length
    file.seek(start)
    head = file.read(12)
    if head[:4] != SEGMENT:
        return Shape()
    length, width = _vint(head[4:])
    if width == 0 or length == (1 << (7 * width)) - 1:  # unknown size: written as a live stream, says nothing
        return Shape()
    end = start + 4 + width + length
    return Shape(end - size) if end > size else Shape()


def _vint(data: bytes) -> tuple[int, int]:
    """An EBML variable-size integer and its width; (0, 0) where there is none."""
    if not data or data[0] == 0:
        return 0, 0
    width = 9 - data[0].bit_length()
    return int.from_bytes(data[:width], "big") & ((1 << (7 * width)) - 1), width


def _transport(head: bytes, size: int) -> Shape:
    """TS packets of 188 bytes, or of 192 with a time in front: the last one is whole or the file was cut."""
    for length, sync in ((188, 0), (192, 4)):
        if len(head) >= length + 5 and head[sync] == head[sync + length] == 0x47:
            return Shape(length - size % length) if size % length else Shape()
    return Shape()


def _jpeg_ends(file: BinaryIO) -> bool:
    """Whether the end mark follows the first scan: the thumbnail inside EXIF has one of its own."""
    at = 2
    for _ in range(MOST_PARTS):
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF:
            return False
        if head[1] == START_OF_SCAN:
            return _holds(file, END_OF_IMAGE, at)
        at += 2 + struct.unpack(">H", head[2:])[0]
    return False


def _holds(file: BinaryIO, mark: bytes, start: int) -> bool:
    """Whether `mark` stands anywhere after `start`; true also where no more is searched."""
    file.seek(start)
    tail = b""
    for _ in range(MOST_SEARCHED // BLOCK):
        block = file.read(BLOCK)
        if mark in tail + block:
            return True
        if not block:
            return False
        tail = block[-len(mark) :]
    return True
