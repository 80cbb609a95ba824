"""The sound of a media file as 16 kHz mono PCM, in windows, for whoever listens.

Decoding costs 0.5 CPU-seconds per ten minutes of AAC, a hundredth of recognising, so a window is reached
by decoding up to it: seeking is wrong in files without an index. Packets are read like those of
`clipfile`: one bad packet costs itself, loops are bounded by the file's size, and no other file is opened.

Runs in the isolated child only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np

from avrecord.media.clipfile import BYTES_PER_PACKET, OPEN
from avrecord.media.demuxing import packets_of
from avrecord.media.sound import RATE, Sound

PER_MS = RATE // 1000
WINDOW_MS = 30_000  # 1.9 MB of samples, and a budget is looked at this often

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
            blocks: list[tuple[int, np.ndarray]] = []
            sound = Sound(stream, _start(box, stream), lambda _, samples: blocks.append((sound.at - len(samples), samples)))
            most = self.path.stat().st_size // BYTES_PER_PACKET + 1000
            for packet in islice(packets_of(box, stream, self._gave_up), most):
                sound.take(packet)
                yield from blocks
                blocks.clear()
            sound.finish()
            self.errors += sound.errors
            yield from blocks

    def _gave_up(self) -> None:
        self.errors += 1


def _start(box: Any, stream: Any) -> float:
    """Seconds at which the clip's own time begins: that of its first picture, as everywhere else."""
    first = box.streams.video[0] if box.streams.video else stream
    return float((first.start_time or 0) * (first.time_base or 0))


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
