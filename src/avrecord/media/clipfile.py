"""A media file, read packet by packet with libav: facts, key frames, sound.

Measured (1080p, per core): demultiplexing 2,000 × real time, key packets alone 114 ×, every frame
5-8 ×. So only key packets reach the decoder, with the loop filter off. The decoder is flushed after
each (otherwise one with reordering keeps the last frames), and then a frame's own time is NaN: the
packet's time counts. `container.decode()` would die at the first bad packet; here each is counted.

Runs in the isolated child only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from avrecord.media.demuxing import packets_of
from avrecord.media.sound import Hear, Sound

OPEN = {
    # An ffconcat or HLS text named .mp4 makes libav open other local files: both lists, always.
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,wav,mp3,aac,amr,h264,hevc,ogg",
}
PHOTOS = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PNG": "png_pipe"}
"""Photos by their first bytes: by name, libav takes image2, where `%d` in a name opens other files."""
GUESSED = ("aac", "amr", "mp3", "h264", "hevc")  # containers without a length: libav guesses one from the bit rate
TS_PACKET, TS_PAYLOAD, PES_HEAD = 188, 184, 19  # bytes of a transport stream (ISO/IEC 13818-1)
LEAST_CARRIED = 0.6
"""Of a transport stream that its pictures and sound must fill. Two streams joined into one file go on under other ids, which
libav passes over without a word: what was not looked at must not count as not seen."""
MOST_PIXELS, MOST_PHOTO_PIXELS = 33_000_000, 64_000_000  # recorders blow photos up to 48 million
LONGEST_SIDE = 4096  # px; larger pictures are reduced: evidence frames stay below 8 MiB, 4K video is left alone
BYTES_PER_PACKET = 8  # bounds loops by the file's size, never by the duration that it claims


@dataclass(slots=True)
class Packets:
    """What the packets showed. Times in ms from the first picture."""

    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    claimed_ms: int | None = None
    """The end that the container claims."""
    last_ms: int | None = None
    """The end of the last picture."""
    sound_ms: int | None = None
    """The end of the last packet of sound."""
    frames: int = 0
    keys: list[int] = field(default_factory=list)
    between: list[list[int]] = field(default_factory=list)
    """For each key frame, the sizes of the packets after it: tiny ones mean a frozen picture."""
    errors: int = 0


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded key frame, upright. `luma` is H×W uint8; `bgr()` costs 2-3 ms, so only when needed."""

    at_ms: int
    luma: np.ndarray
    _source: Any
    _turns: int

    def bgr(self) -> np.ndarray:
        """H×W×3 uint8, as OpenCV wants it."""
        return _reduced(np.rot90(self._source.to_ndarray(format="bgr24"), self._turns))


class ClipFile:
    """One media file. Iterate `key_frames`; `packets` is filled while iterating and whole afterwards."""

    def __init__(self, path: Path, photo: bool = False) -> None:
        self.path = path
        self.packets = Packets()
        self._photo = photo
        self._most_pixels = MOST_PHOTO_PIXELS if photo else MOST_PIXELS

    def key_frames(self, every_ms: int = 900, only: frozenset[int] | None = None, hear: Hear | None = None) -> Iterator[Frame]:
        """Key frames at least `every_ms` apart; with `only`, just those at these times.

        `hear` is called with each second of sound meanwhile; without it sound is not decoded. Raises
        av.error.FFmpegError when the container cannot be opened, ValueError for a picture larger
        than 33 million pixels (a photo: 64).
        """
        self.packets = Packets()
        with self._opened() as box:
            video, audio = picture_stream(box), next((each for each in box.streams.audio if each.codec_context), None)
            start_s = start_of(video or audio)
            self._describe(box, video, audio, start_s)
            reader = _Video(video, self.packets, self._most_pixels, every_ms, only) if video else None
            sound = Sound(audio, start_s, hear) if audio and hear else None
            size = self.path.stat().st_size
            left, carried = size // BYTES_PER_PACKET + 1000, 0
            for packet in self._demux(box, [stream for stream in (video, audio if sound else None) if stream]):
                left -= 1
                carried += -(-(packet.size + PES_HEAD) // TS_PAYLOAD) * TS_PACKET
                if left < 0:
                    break
                if reader and packet.stream is video:
                    yield from reader.frames(packet)
                elif sound:
                    self._heard(packet, start_s)
                    sound.take(packet)
            if sound:
                sound.finish()
                self.packets.errors += sound.errors
            if box.format.name == "mpegts" and (sound or not audio) and carried < LEAST_CARRIED * size:
                self._gave_up()

    def _opened(self) -> Any:
        if not self._photo:
            return av.open(str(self.path), options=OPEN)
        with self.path.open("rb") as file:
            head = file.read(4)
        container = next((name for magic, name in PHOTOS.items() if head.startswith(magic)), None)
        if container is None:
            raise ValueError("不是 JPEG 或 PNG 照片")
        return av.open(str(self.path), format=container, options={"protocol_whitelist": "file"})

    def _demux(self, box: Any, wanted: list[Any]) -> Iterator[Any]:
        """Packets until the end or until the container gives up: the rest is then unread, and said."""
        if not wanted:
            return
        for packet in packets_of(box, wanted, self._gave_up):
            if packet.is_corrupt:  # half a packet before a cut: libav hands it out without the mark of a key frame
                self.packets.errors += 1
            if packet.size:
                yield packet

    def _gave_up(self) -> None:
        self.packets.errors += 1

    def _heard(self, packet: Any, start_s: float) -> None:
        """How far sound goes, by its packets: decoded or not."""
        if packet.pts is not None and packet.time_base:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base) - start_s
            self.packets.sound_ms = max(self.packets.sound_ms or 0, round(end * 1000))

    def _describe(self, box: Any, video: Any, audio: Any, start_s: float) -> None:
        found = self.packets
        if box.duration and box.duration > 0 and box.format.name not in GUESSED:
            # Pictures may begin after the sound, and times are counted from them.
            found.claimed_ms = max(0, round(((box.start_time or 0) + box.duration) / 1000 - start_s * 1000))
        if audio:
            found.audio_codec = audio.codec_context.name
        if video is None:
            return
        context = video.codec_context
        found.video_codec, found.width, found.height = context.name, context.width or None, context.height or None
        if (context.width or 0) * (context.height or 0) > self._most_pixels:
            raise ValueError(f"画面 {context.width}×{context.height}，超过 {self._most_pixels // 10_000} 万像素")


def picture_stream(box: Any) -> Any:
    """The stream with the largest picture, never a cover: recorders put thumbnails into streams of their own.

    A stream of a codec that libav does not know has no context, and nothing can be read of it.
    """
    cover = av.stream.Disposition.attached_pic
    pictures = [stream for stream in box.streams.video if stream.codec_context and not stream.disposition & cover]
    return max(pictures, key=lambda stream: (stream.width or 0) * (stream.height or 0), default=None)


def start_of(stream: Any) -> float:
    """When a stream begins, in seconds: MPEG-TS starts at 1.4."""
    return float((stream.start_time or 0) * stream.time_base) if stream and stream.time_base else 0.0


class _Video:
    """Feeds key packets to the decoder and keeps account of all packets."""

    def __init__(self, stream: Any, packets: Packets, most: int, every_ms: int, only: frozenset[int] | None) -> None:
        stream.thread_type = "NONE"  # frame threads do not speed up key-only decoding
        self._context = stream.codec_context
        self._context.skip_frame = "NONKEY"  # an MP4 without stss flags every packet as key
        self._context.options = {"skip_loop_filter": "all", "max_pixels": str(most)}
        self._base = float(stream.time_base or 0)
        self._start = start_of(stream)
        self._packets, self._most, self._every, self._only = packets, most, every_ms, only
        self._last: int | None = None

    def frames(self, packet: Any) -> Iterator[Frame]:
        found = self._packets
        found.frames += 1
        stamp = packet.pts if packet.pts is not None else packet.dts
        if found.frames == 1 and stamp is not None:  # H.264 in AVI: the first picture is at 40 ms, the stream says 0
            self._start = max(self._start, stamp * self._base)
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
            if frame.width * frame.height <= self._most:
                yield upright(frame, at)


def upright(frame: Any, at: int) -> Frame:
    turns = round(frame.rotation / 90) % 4
    if frame.format.name in ("yuv420p", "yuvj420p", "nv12"):
        plane = frame.planes[0]
        luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    else:
        luma = frame.to_ndarray(format="gray")
    return Frame(at, _reduced(np.rot90(luma, turns)), frame, turns)


def _reduced(picture: np.ndarray) -> np.ndarray:
    scale = LONGEST_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def thumbnail(luma: np.ndarray) -> np.ndarray:
    """64×36, averaged, without the top tenth where recorders draw their clock."""
    small: np.ndarray = cv2.resize(luma[luma.shape[0] // 10 :], (64, 36), interpolation=cv2.INTER_AREA)
    return small
