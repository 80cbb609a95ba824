"""A copy that a browser can play, of a clip that it cannot (H.265, MPEG-TS, AVI). Made in the isolated child; never evidence.

The clip is only read. Pictures are decoded and encoded again, smaller; sound becomes AAC. What cannot be decoded is left
out and counted, so the copy may be shorter than the clip.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from avrecord.media.clipfile import OPEN
from avrecord.media.demuxing import packets_of

WIDEST = 960  # px: what a page shows; the original is a click away
RATE = 15  # pictures a second at most
KEYS = RATE * 2  # a key frame every two seconds, so that a click jumps there
CLOCK = 90_000
MOST_PIXELS = 33_000_000
VIDEO = {"preset": "veryfast", "crf": "27", "g": str(KEYS), "bf": "0"}


def make(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The task for the isolated child: `clip` (a path), `name` → `proxy.mp4` in `folder`, or why not."""
    out = folder / "proxy.mp4"
    try:
        with av.open(request["clip"], options=OPEN) as box:
            video = next(iter(box.streams.video), None)
            audio = next(iter(box.streams.audio), None)
            if video is None and audio is None:
                return {"impossible": "没有可解码的画面或声音"}
            options = {"movflags": "+faststart"}
            with av.open(str(out), "w", format="mp4", options=options) as made:
                made.metadata["comment"] = f"proxy of {request['name']}: re-encoded for viewing, not evidence"
                count, errors = _copied(box, video, audio, made)
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        return {"impossible": f"不能解码（{type(error).__name__}）"}
    return {"count": count, "errors": errors} if count else {"impossible": "没有一帧画面或一段声音能解码"}


def _copied(box: Any, video: Any, audio: Any, made: Any) -> tuple[int, int]:
    """Decode and encode again; how many pictures, and how many packets could not be decoded."""
    # Before anything is muxed: a stream that is added after the header was written is none, and sound may come first.
    drawn = _Drawn(made, video.codec_context) if video is not None else None
    heard = _Heard(made, audio) if audio is not None else None
    errors = 0
    for packet in packets_of(box, [each for each in (video, audio) if each is not None]):
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, MemoryError, ValueError):
            errors += 1
            continue
        for frame in frames:
            if isinstance(frame, av.VideoFrame) and drawn:
                drawn.take(frame)
            elif heard and isinstance(frame, av.AudioFrame):
                heard.take(frame)
    for each in (drawn, heard):
        if each:
            each.end()
    return drawn.count if drawn else heard.count if heard else 0, errors


class _Drawn:
    """The pictures of the copy: of one size, at most `RATE` a second, with the clip's own times."""

    def __init__(self, made: Any, source: Any) -> None:
        self._made, self._last = made, -1.0
        self._begins: float | None = None
        self.count = 0
        if not 0 < source.width * source.height <= MOST_PIXELS:
            raise ValueError("没有画面尺寸")
        width = min(WIDEST, source.width) // 2 * 2 or 2
        self._stream = made.add_stream("libx264", rate=RATE, options=VIDEO)
        self._stream.width, self._stream.height = width, max(2, round(source.height * width / source.width) // 2 * 2)
        self._stream.pix_fmt, self._stream.time_base = "yuv420p", Fraction(1, CLOCK)

    def take(self, frame: Any) -> None:
        if frame.width * frame.height > MOST_PIXELS or frame.time is None:
            return
        self._begins = frame.time if self._begins is None else self._begins
        at = frame.time - self._begins
        if at <= self._last + 0.9 / RATE:
            return
        stream = self._stream
        picture = frame.reformat(width=stream.width, height=stream.height, format="yuv420p")
        picture.pts, picture.time_base = round(at * CLOCK), Fraction(1, CLOCK)
        self._made.mux(stream.encode(picture))
        self._last, self.count = at, self.count + 1

    def end(self) -> None:
        self._made.mux(self._stream.encode(None))


class _Heard:
    """The sound of the copy."""

    def __init__(self, made: Any, audio: Any) -> None:
        self._made = made
        self._stream = made.add_stream("aac", rate=audio.rate or 16_000)
        self._stream.layout = "mono"
        self._same = av.AudioResampler(format="fltp", layout="mono", rate=self._stream.rate)
        self._at = self.count = 0

    def take(self, frame: Any) -> None:
        for each in self._same.resample(frame):
            self._put(each)

    def end(self) -> None:
        for each in self._same.resample(None):
            self._put(each)
        self._made.mux(self._stream.encode(None))

    def _put(self, frame: Any) -> None:
        # Counted, not taken over: a stream that jumps in time ends the encoder.
        frame.pts, frame.time_base = self._at, Fraction(1, self._stream.rate)
        self._at += frame.samples
        self.count += 1
        self._made.mux(self._stream.encode(frame))
