"""没有声音: no audio stream, or one in which nothing can be heard."""

from __future__ import annotations

from collections.abc import Sequence

from avrecord.checks.spans import spans
from avrecord.model.observation import Fault

VERSION = "silence@1"
SILENT_DBFS = -65.0
SHORTEST_MS = 2500


def silence(loudness: Sequence[float], has_audio: bool, end_ms: int) -> list[Fault]:
    """Spans without sound. `loudness` is one RMS value in dBFS per second, as far as sound was decoded."""
    if not has_audio:
        return [Fault("mute", VERSION, 0, end_ms, "没有音频流")]
    if not loudness:
        return [Fault("mute", VERSION, 0, end_ms, "音频无法解码")]
    samples = [(second * 1000, level < SILENT_DBFS) for second, level in enumerate(loudness)]
    heard_until = len(loudness) * 1000
    if end_ms - heard_until >= SHORTEST_MS:
        samples.append((heard_until, True))
    return [Fault("mute", VERSION, first, until, "音量过低") for first, until in spans(samples, SHORTEST_MS, end_ms)]
