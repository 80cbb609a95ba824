"""Every frame of a short span: the closer look around a doubt, and where key frames are too far apart.

A whole decode costs 5-7 times what key frames cost, so it is asked for in windows only. The demultiplexer
runs at 2,000 × real time, so a window is reached by passing packets over, never by seeking: that is wrong in
files without a good index.

Runs in the isolated child only.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from avrecord.media.clipfile import BYTES_PER_PACKET, MOST_PIXELS, OPEN, Frame, picture_stream, start_of, upright
from avrecord.media.demuxing import packets_of

MOST_HELD = 600  # packets of a group that begins before the window: 20 s at 30 a second


def frames_in(path: Path, from_ms: int, to_ms: int) -> Iterator[Frame]:
    """Decoded frames of a span, in order of display, as far as they can be decoded. Times from the first picture.

    Raises av.error.FFmpegError when the container cannot be opened.
    """
    with av.open(str(path), options=OPEN) as box:
        video = picture_stream(box)
        if video is None:
            return
        video.thread_type = "NONE"
        context, base = video.codec_context, float(video.time_base or 0)
        context.options = {"skip_loop_filter": "all", "max_pixels": str(MOST_PIXELS)}
        begins = start_of(video)
        held: list[Any] = []
        for packet in _packets(box, video, path):
            at = None if packet.pts is None else round((packet.pts * base - begins) * 1000)
            if packet.is_keyframe:
                held = []
                if at is not None and at > to_ms:
                    break
            held.append(packet)
            if at is None or at < from_ms:
                held = held[-MOST_HELD:]
                continue
            for each in held:
                yield from _decoded(context, each, base, begins, from_ms, to_ms)
            held = []
        yield from _decoded(context, None, base, begins, from_ms, to_ms)


def sharpness(luma: np.ndarray) -> float:
    """Variance of the Laplacian at quarter size: of two frames of one scene the sharper one has more."""
    small = cv2.resize(luma, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    return float(cv2.Laplacian(small, cv2.CV_32F).var())


def _packets(box: Any, video: Any, path: Path) -> Iterator[Any]:
    for packet in islice(packets_of(box, video), path.stat().st_size // BYTES_PER_PACKET + 1000):
        if packet.size:
            yield packet


def _decoded(context: Any, packet: Any, base: float, begins: float, from_ms: int, to_ms: int) -> Iterator[Frame]:
    try:
        frames = context.decode(packet)
    except (av.error.FFmpegError, MemoryError, ValueError):
        return
    for frame in frames:
        if frame.pts is None or frame.width * frame.height > MOST_PIXELS:
            continue
        at = round((frame.pts * base - begins) * 1000)
        if from_ms <= at <= to_ms:
            yield upright(frame, at)
