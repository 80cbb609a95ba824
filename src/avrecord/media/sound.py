"""The sound of a media file as 16 kHz mono PCM, in windows, for whoever listens.

Decoding costs 0.5 CPU-seconds per ten minutes of AAC, a hundredth of recognising, so a window is reached
by decoding up to it: seeking is wrong in files without an index. Packets are read like those of
`clipfile`: one bad packet costs itself, loops are bounded by the file's size, and no other file is opened.

Runs in the isolated child only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from avrecord.media.clipfile import BYTES_PER_PACKET, OPEN

RATE = 16_000
PER_MS = RATE // 1000
WINDOW_MS = 30_000  # 1.9 MB of samples, and a budget is looked at this often
DRIFT = RATE // 5  # samples; stamps jitter by less, and a larger step is a hole in the recording

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """Samples from a moment on: float32 between -1 and 1, mono, 16 kHz. `from_ms` from the first picture."""

    from_ms: int
    samples: np.ndarray

    @property
    def to_ms(self) -> int:
        return self.from_ms + len(self.samples) // PER_MS


class SoundFile:
    """One file's first sound stream. `errors` counts what could not be decoded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.errors = 0

    def windows(self, spans: Sequence[Span]) -> Iterator[Window]:
        """The sound within `spans` (ms, sorted, apart), in pieces of at most half a minute.

        A span without sound gives nothing; a hole inside one is silence. Raises av.error.FFmpegError
        when the container cannot be opened.
        """
        pending, piece = [span for span in spans if span[0] < span[1]], _Piece()
        for at, samples in self._pieces():
            while pending and at >= pending[0][1] * PER_MS:
                yield from piece.taken()
                pending.pop(0)
            if not pending:
                return
            first, last = (ms * PER_MS for ms in pending[0])
            while at + len(samples) > first:
                part = samples[max(0, first - at) : max(0, last - at)]
                yield from piece.add(max(at, first), part)
                if at + len(samples) < last:
                    break
                yield from piece.taken()
                pending.pop(0)
                if not pending:
                    return
                first, last = (ms * PER_MS for ms in pending[0])
        yield from piece.taken()

    def _pieces(self) -> Iterator[tuple[int, np.ndarray]]:
        """Decoded samples with their place, in samples from the first picture."""
        with av.open(str(self.path), options=OPEN) as box:
            if not box.streams.audio:
                return
            stream = box.streams.audio[0]
            pace = _Pace(_start(box, stream))
            packets = box.demux(stream)
            for _ in range(self.path.stat().st_size // BYTES_PER_PACKET + 1000):
                try:
                    packet = next(packets, None)
                except (av.error.FFmpegError, MemoryError):
                    self.errors += 1
                    return
                if packet is None:
                    return
                yield from pace.placed(self._decoded(stream, packet))
                self.errors, pace.errors = self.errors + pace.errors, 0

    def _decoded(self, stream: Any, packet: Any) -> list[Any]:
        try:
            frames: list[Any] = stream.codec_context.decode(packet)
        except (av.error.FFmpegError, MemoryError, ValueError):
            self.errors += 1
            return []
        return frames


def _start(box: Any, stream: Any) -> float:
    """Seconds at which the clip's own time begins: that of its first picture, as everywhere else."""
    first = box.streams.video[0] if box.streams.video else stream
    return float((first.start_time or 0) * (first.time_base or 0))


class _Pace:
    """Resamples frames and gives each its place; small jitter of stamps is evened out."""

    def __init__(self, start: float) -> None:
        self._start, self._next, self.errors = start, 0, 0
        self._resampler: Any = None
        self._shape: tuple[Any, ...] | None = None

    def placed(self, frames: list[Any]) -> Iterator[tuple[int, np.ndarray]]:
        for frame in frames:
            shape = (frame.format.name, frame.layout.name, frame.sample_rate)
            if shape != self._shape:  # a stream may change in the middle; the resampler may not
                self._resampler, self._shape = av.AudioResampler("flt", "mono", RATE), shape
            if frame.time is not None:
                at = round((frame.time - self._start) * RATE)
                self._next = at if abs(at - self._next) > DRIFT else self._next
            for made in self._resampled(frame):
                samples = np.nan_to_num(made.to_ndarray().reshape(-1))
                yield self._next, samples
                self._next += len(samples)

    def _resampled(self, frame: Any) -> list[Any]:
        try:
            made: list[Any] = self._resampler.resample(frame)
        except (av.error.FFmpegError, MemoryError, ValueError):
            self.errors, self._shape = self.errors + 1, None
            return []
        return made


class _Piece:
    """A window in the making."""

    def __init__(self) -> None:
        self._from, self._parts, self._length = 0, [np.zeros(0, np.float32)], 0

    def add(self, at: int, samples: np.ndarray) -> Iterator[Window]:
        """Take samples at their place; give the window away when it is full or the sound leaps."""
        end = self._from + self._length
        if self._length and not 0 <= at - end <= WINDOW_MS * PER_MS:
            yield from self.taken()
        if not self._length:
            self._from = end = at
        self._parts += [np.zeros(at - end, np.float32), samples]
        self._length += at - end + len(samples)
        if self._length >= WINDOW_MS * PER_MS:
            yield from self.taken()

    def taken(self) -> Iterator[Window]:
        if self._length:
            yield Window(self._from // PER_MS, np.concatenate(self._parts))
        self._parts, self._length = [np.zeros(0, np.float32)], 0
