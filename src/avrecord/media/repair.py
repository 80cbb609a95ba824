"""An MP4 or MOV without an index: pictures found again with the parameters of a good clip of the same recorder.

The recorder lost its power before it wrote the index, so nothing says where a picture begins, when it
was shown, or what the decoder needs to know. The parameter sets come from the sibling, the pictures from
walking the media data. Times do not come back: they are counted at the sibling's frame rate, and are
nominal. Sound does not come back. The result is a derived copy, never the clip.

Runs in the isolated child only.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from avrecord.errors import CannotRepair
from avrecord.media.clipfile import MOST_PIXELS, OPEN
from avrecord.media.nals import PREFIX, Grammar, learnt, units
from avrecord.media.shape import shape_of

CODECS = ("h264", "hevc")
LESSONS = 1500  # packets of the sibling: a minute at 25 frames/s
TRIALS = 5  # key frames decoded before anything is written
MOST_EMPTY, MOST_CHANGED = 0.01, 0.35
LEAST_TELLING = 2000  # bytes of a key frame below which its end tells nothing: a covered lens
FIRST_WINDOW, LARGEST_WINDOW = 4 << 10, 1 << 20
CLOCK = 90_000
RATES = (1, 240)  # frames/s


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a derived copy holds. `refused`: bytes of media data that are not in it, sound and damage together."""

    frames: int
    key_frames: int
    refused: int
    nominal_fps: Fraction
    codec: str


@dataclass(slots=True)
class _Walk:
    """The units of bare media data, in order. `taken` counts their bytes, prefixes included."""

    path: Path
    grammar: Grammar
    start: int
    end: int
    taken: int = 0
    _file: int = field(default=-1)

    def pictures(self) -> Iterator[tuple[bytes, bool]]:
        """Each picture as it stands in an MP4, and whether it is a key frame."""
        held, started, key = b"", False, False
        for unit in self._units():
            begins = self.grammar.begins_picture(unit)
            if started and (begins or not self.grammar.is_slice(unit)):
                yield held, key
                held, started, key = b"", False, False
            started |= begins
            key |= self.grammar.is_key(unit)
            held += len(unit).to_bytes(PREFIX, "big") + unit
        if started:
            yield held, key

    def _units(self) -> Iterator[bytes]:
        self.taken, at = 0, self.start
        self._file = os.open(self.path, os.O_RDONLY)
        try:
            while at < self.end - PREFIX:
                unit = self._unit_at(at)
                if unit is None:
                    at = self._next(at + 1)
                    continue
                at += PREFIX + len(unit)
                self.taken += PREFIX + len(unit)
                yield unit
        finally:
            os.close(self._file)

    def _unit_at(self, at: int) -> bytes | None:
        head = os.pread(self._file, PREFIX + self.grammar.head, at)
        length = int.from_bytes(head[:PREFIX], "big")
        if not 2 < length <= self.grammar.largest.get(head[PREFIX:], 0) or at + PREFIX + length > self.end:
            return None
        unit = os.pread(self._file, length, at + PREFIX)
        return unit if self.grammar.accepts(unit) else None

    def _next(self, at: int) -> int:
        """The next place where a unit can begin. Small windows first: most often it is just behind some sound."""
        window = FIRST_WINDOW
        while at < self.end:
            found = self.grammar.candidates(os.pread(self._file, window, at))
            if found.size:
                return at + int(found[0])
            at += max(1, window - PREFIX - 1)
            window = min(LARGEST_WINDOW, window * 4)
        return self.end


def repair(broken: Path, sibling: Path, out: Path) -> Repaired:
    """Write what can be found of `broken` to the new file `out`, an MP4, with the parameters of `sibling`.

    Neither input is changed. Raises CannotRepair, with nothing left at `out`, when there is no media data,
    the sibling cannot be read or does not fit, or no picture is found; OSError when `out` exists.
    """
    start, size = shape_of(broken).media_at, broken.stat().st_size
    if start is None:
        raise _impossible(broken, "文件里没有媒体数据")
    out.open("xb").close()
    try:
        with _opened(sibling, broken) as box:
            stream = box.streams.video[0]
            rate = stream.average_rate
            if rate is None or not RATES[0] <= rate <= RATES[1]:
                raise _impossible(broken, "同机片段没有可用的帧率")
            walk = _Walk(broken, _grammar(box, stream, broken), start, size)
            _try(walk, stream, broken)
            frames, keys = _write(walk, stream, rate, out)
            return Repaired(frames, keys, size - start - walk.taken, rate, stream.codec_context.name)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _impossible(broken: Path, detail: str) -> CannotRepair:
    return CannotRepair(path=broken.name, detail=detail)


def _opened(sibling: Path, broken: Path) -> Any:
    try:
        box = av.open(str(sibling), options=OPEN)
    except (av.error.FFmpegError, MemoryError, ValueError) as error:
        raise _impossible(broken, "同机片段打不开") from error
    context = box.streams.video[0].codec_context if box.streams.video else None
    if context is None or context.name not in CODECS:  # None: a codec that libav does not know
        box.close()
        raise _impossible(broken, "同机片段没有 H.264 或 H.265 画面")
    return box


def _grammar(box: Any, stream: Any, broken: Path) -> Grammar:
    """Learnt from the sibling's first packets; its container must be an MP4 as well."""
    extra = stream.codec_context.extradata or b""
    lengths = {"h264": extra[4:5], "hevc": extra[21:22]}[stream.codec_context.name]
    if extra[:1] != b"\1" or not lengths or lengths[0] & 3 != PREFIX - 1:
        raise _impossible(broken, "同机片段不是通常的 MP4")
    try:
        packets = (bytes(packet) for packet in islice(box.demux(stream), LESSONS) if packet.size and not packet.is_corrupt)
        return learnt(stream.codec_context.name, packets)
    except (av.error.FFmpegError, MemoryError, ValueError, IndexError) as error:
        raise _impossible(broken, "同机片段读不出画面") from error


def _try(walk: _Walk, template: Any, broken: Path) -> None:
    """Decode the first key frames: a sibling of other settings gives errors or rubbish, not pictures."""
    tried = [picture for picture, key in islice(walk.pictures(), LESSONS) if key][:TRIALS]
    if not tried:
        raise _impossible(broken, "媒体数据里没有找到关键帧")
    if 4 * sum(_fits(picture, template) for picture in tried) <= 3 * len(tried):
        raise _impossible(broken, "按同机片段的参数解不出画面")


def _fits(picture: bytes, template: Any) -> bool:
    """Whether the template's parameters are this key frame's.

    H.264 fails loudly with wrong ones, H.265 gives a picture all the same. Two signs tell: the picture
    has places that nothing was written to, and its end does not come from the data's end. Measured with
    1080p, 720p, 480p and 360p for one another: without its last twentieth a rightly decoded frame changes in
    7-18 % of its samples, a wrongly decoded one in none or in more than a third, mostly.
    """
    whole = _decoded(picture, template)
    if whole is None or _empty(whole) > MOST_EMPTY:
        return False
    short = _decoded(_shortened(picture), template) if len(picture) >= LEAST_TELLING else None
    return short is None or 0 < float((whole != short).mean()) <= MOST_CHANGED


def _empty(picture: np.ndarray) -> float:
    """The share of blue-difference samples that are 0: no real colour has that, what nothing was written to has."""
    rows = picture.shape[0] * 2 // 3
    return float((picture[rows : rows + rows // 4] == 0).mean())


def _shortened(picture: bytes) -> bytes:
    *others, last = units(picture)
    kept = [*others, last[: len(last) - len(last) // 20 - 8]]
    return b"".join(len(unit).to_bytes(PREFIX, "big") + unit for unit in kept)


def _decoded(picture: bytes, template: Any) -> np.ndarray | None:
    """One key frame as planar 4:2:0, or None with the first error."""
    context = av.CodecContext.create(template.codec_context.name, "r")
    context.extradata, context.thread_type = template.codec_context.extradata, "NONE"
    context.options = {"err_detect": "crccheck+bitstream+buffer+explode", "max_pixels": str(MOST_PIXELS)}
    try:
        frames = [*context.decode(av.Packet(picture)), *context.decode(None)]
    except (av.error.FFmpegError, MemoryError, ValueError):
        return None
    if not frames or any(frame.is_corrupt for frame in frames):
        return None
    return np.asarray(frames[0].to_ndarray(format="yuv420p"))


def _write(walk: _Walk, template: Any, rate: Fraction, out: Path) -> tuple[int, int]:
    """Pictures from the first key frame on, one after the other at the nominal rate."""
    frames = keys = 0
    with av.open(str(out), "w", format="mp4") as box:
        stream = box.add_stream_from_template(template)
        stream.time_base = Fraction(1, CLOCK)
        for picture, key in walk.pictures():
            if not key and not keys:
                walk.taken -= len(picture)
                continue
            packet = av.Packet(picture)
            packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, CLOCK), key
            packet.pts = packet.dts = round(frames * CLOCK / rate)
            packet.duration = round(CLOCK / rate)
            box.mux(packet)
            frames, keys = frames + 1, keys + key
    return frames, keys


def mend(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The task for the isolated child: `broken`, `sibling` → a file `derived.mp4` in `folder`, or why not."""
    try:
        made = repair(Path(request["broken"]), Path(request["sibling"]), folder / "derived.mp4")
    except CannotRepair as error:
        return {"impossible": str(error.facts["detail"])}
    return {
        "frames": made.frames,
        "key_frames": made.key_frames,
        "refused": made.refused,
        "nominal_mfps": round(made.nominal_fps * 1000),
        "codec": made.codec,
    }
