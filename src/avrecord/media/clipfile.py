"""A media file, read packet by packet with libav: facts, key frames, sound level.

Measured (1080p, per core): demultiplexing 2,000 × real time, key packets alone 114 ×, every frame
5-8 ×. So only key packets reach the decoder, with the loop filter off. The decoder is flushed after
each (otherwise one with reordering keeps the last frames), and then a frame's own time is NaN: the
packet's time counts. `container.decode()` would die at the first bad packet; here each is counted.

Runs in the isolated child only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

OPEN = {
    # An ffconcat or HLS text named .mp4 makes libav open other local files: both lists, always.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,wav,mp3,aac,amr,h264,hevc,ogg",
}
PHOTOS = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PNG": "png_pipe"}
"""Photos by their first bytes: by name, libav takes image2, where `%d` in a name opens other files."""
MOST_PIXELS = 33_000_000
BYTES_PER_PACKET = 8  # bounds loops by the file's size, never by the duration that it claims
SOUND_WINDOW_MS = 1000


@dataclass(slots=True)
class Packets:
    """What the packets showed. Times in ms from the first picture."""

    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    claimed_ms: int | None = None
    last_ms: int | None = None
    frames: int = 0
    keys: list[int] = field(default_factory=list)
    between: list[list[int]] = field(default_factory=list)
    """For each key frame, the sizes of the packets after it: tiny ones mean a frozen picture."""
    errors: int = 0
    loudness: list[float] = field(default_factory=list)
    """RMS in dBFS of each second of sound."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded key frame, upright. `luma` is H×W uint8; `bgr()` costs 2-3 ms, so only when needed."""

    at_ms: int
    luma: np.ndarray
    _source: Any
    _turns: int

    def bgr(self) -> np.ndarray:
        """H×W×3 uint8, as OpenCV wants it."""
        return np.ascontiguousarray(np.rot90(self._source.to_ndarray(format="bgr24"), self._turns))


class ClipFile:
    """One media file. Iterate `key_frames`; `packets` is filled while iterating and whole afterwards."""

    def __init__(self, path: Path, photo: bool = False) -> None:
        self.path = path
        self.packets = Packets()
        self._photo = photo

    def key_frames(self, every_ms: int = 900, only: frozenset[int] | None = None, sound: bool = True) -> Iterator[Frame]:
        """Key frames at least `every_ms` apart; with `only`, just those at these times.

        Raises av.error.FFmpegError when the container cannot be opened, ValueError for a picture
        larger than 33 million pixels.
        """
        self.packets = Packets()
        with self._opened() as box:
            video = box.streams.video[0] if box.streams.video else None
            audio = box.streams.audio[0] if box.streams.audio and sound else None
            self._describe(box, video)
            reader = _Video(video, self.packets, every_ms, only) if video else None
            ears = _Sound(audio, self.packets) if audio else None
            wanted = [stream for stream in (video, audio) if stream]
            left = self.path.stat().st_size // BYTES_PER_PACKET + 1000
            for packet in self._demux(box, wanted):
                left -= 1
                if left < 0:
                    break
                if reader and packet.stream is video:
                    yield from reader.frames(packet)
                elif ears:
                    ears.hear(packet)
            if ears:
                ears.finish()

    def _opened(self) -> Any:
        if not self._photo:
            return av.open(str(self.path), options=OPEN)
        with self.path.open("rb") as file:
            head = file.read(4)
        container = next((name for magic, name in PHOTOS.items() if head.startswith(magic)), None)
        if container is None:
            raise ValueError("not a JPEG or PNG file")
        return av.open(str(self.path), format=container, options={"protocol_whitelist": "file"})

    def _demux(self, box: Any, wanted: list[Any]) -> Iterator[Any]:
        """Packets until the end or until the container gives up: the rest is then unread, and said."""
        if not wanted:
            return
        packets = box.demux(wanted)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, MemoryError):
                self.packets.errors += 1
                return
            if packet is None:
                return
            if packet.size:
                yield packet

    def _describe(self, box: Any, video: Any) -> None:
        found = self.packets
        found.claimed_ms = round(box.duration / 1000) if box.duration and box.duration > 0 else None
        if box.streams.audio:
            found.audio_codec = box.streams.audio[0].codec_context.name
        if video is None:
            return
        context = video.codec_context
        found.video_codec, found.width, found.height = context.name, context.width, context.height
        if (context.width or 0) * (context.height or 0) > MOST_PIXELS:
            raise ValueError("picture too large")


class _Video:
    """Feeds key packets to the decoder and keeps account of all packets."""

    def __init__(self, stream: Any, packets: Packets, every_ms: int, only: frozenset[int] | None) -> None:
        stream.thread_type = "NONE"  # frame threads do not speed up key-only decoding
        self._context = stream.codec_context
        self._context.skip_frame = "NONKEY"  # an MP4 without stss flags every packet as key
        self._context.options = {"skip_loop_filter": "all", "max_pixels": str(MOST_PIXELS)}
        self._base = float(stream.time_base or 0)
        self._start = (stream.start_time or 0) * self._base  # MPEG-TS starts at 1.4 s
        self._packets, self._every, self._only = packets, every_ms, only
        self._last: int | None = None

    def frames(self, packet: Any) -> Iterator[Frame]:
        found = self._packets
        found.frames += 1
        stamp = packet.pts if packet.pts is not None else packet.dts
        at = round((stamp * self._base - self._start) * 1000) if stamp is not None else found.last_ms or 0
        end = at + (round(packet.duration * self._base * 1000) if packet.duration else 0)
        found.last_ms = max(found.last_ms or 0, end)
        if not packet.is_keyframe:
            if found.between:
                found.between[-1].append(packet.size)
            return
        found.keys.append(at)
        found.between.append([])
        if self._only is not None and at not in self._only:
            return
        if self._last is not None and 0 <= at - self._last < self._every:
            return
        self._last = at
        yield from self._decode(packet, at)

    def _decode(self, packet: Any, at: int) -> Iterator[Frame]:
        try:
            decoded = [*self._context.decode(packet), *self._context.decode(None)]
        except (av.error.FFmpegError, MemoryError, ValueError):
            decoded = []
            self._packets.errors += 1
        self._context.flush_buffers()
        for frame in decoded:
            if getattr(frame, "is_corrupt", False):
                self._packets.errors += 1
            if frame.width * frame.height <= MOST_PIXELS:
                yield _upright(frame, at)


def _upright(frame: Any, at: int) -> Frame:
    turns = round(frame.rotation / 90) % 4
    if frame.format.name in ("yuv420p", "yuvj420p", "nv12"):
        plane = frame.planes[0]
        luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    else:
        luma = frame.to_ndarray(format="gray")
    return Frame(at, np.ascontiguousarray(np.rot90(luma, turns)), frame, turns)


class _Sound:
    """RMS level per second of sound. Costs 0.46 CPU-seconds per ten minutes of AAC."""

    def __init__(self, stream: Any, packets: Packets) -> None:
        self._context, self._packets = stream.codec_context, packets
        self._sum, self._count, self._rate = 0.0, 0, stream.codec_context.sample_rate or 16000

    def hear(self, packet: Any) -> None:
        try:
            frames = self._context.decode(packet)
        except (av.error.FFmpegError, MemoryError, ValueError):
            self._packets.errors += 1
            return
        for frame in frames:
            samples = _floats(frame.to_ndarray())
            self._sum += float(np.dot(samples, samples))
            self._count += samples.size
            if self._count >= self._rate * SOUND_WINDOW_MS // 1000 * max(1, len(frame.layout.channels)):
                self.finish()

    def finish(self) -> None:
        if self._count:
            power = self._sum / self._count
            self._packets.loudness.append(10 * math.log10(power) if power > 1e-12 else -120.0)
        self._sum, self._count = 0.0, 0


def _floats(samples: np.ndarray) -> np.ndarray:
    flat = samples.reshape(-1)
    if flat.dtype.kind == "f":
        return flat.astype(np.float32)
    return flat.astype(np.float32) / float(np.iinfo(flat.dtype).max)


def thumbnail(luma: np.ndarray) -> np.ndarray:
    """64×36, averaged, without the top tenth where recorders draw their clock."""
    small: np.ndarray = cv2.resize(luma[luma.shape[0] // 10 :], (64, 36), interpolation=cv2.INTER_AREA)
    return small
