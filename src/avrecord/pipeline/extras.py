"""What the child learns beside the checks: the recorder's own clock, the light, frames for a person. Never marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avrecord.checks import light, overlay
from avrecord.checks.reading import Reader
from avrecord.checks.reviewable import Reviewable
from avrecord.media.clipfile import Frame, thumbnail
from avrecord.model.moments import since, utc_text
from avrecord.pipeline.stills import write_offered

VERSIONS = (overlay.VERSION, light.VERSION)


@dataclass(slots=True)
class Extras:
    """Fed with every key frame of the fast pass."""

    overlay: overlay.Overlay = field(default_factory=overlay.Overlay)
    light: light.Light = field(default_factory=light.Light)
    reviewable: Reviewable = field(default_factory=Reviewable)
    _best: dict[int, Frame] = field(default_factory=dict)

    def look(self, frame: Frame, shows: bool) -> None:
        """`shows`: whether anything can be seen. The clock is drawn over a covered lens, too."""
        self.overlay.look(frame.at_ms, frame.luma)
        if not shows:
            return
        self.light.look(thumbnail(frame.luma))
        span = self.reviewable.look(frame.at_ms, frame.luma)
        if span is not None:
            self._best[span] = frame

    def facts(self, reader: Reader) -> dict[str, Any]:
        """Fields of `Facts`. Asked once, after the last frame."""
        word, share = self.light.prevailing()
        found: dict[str, Any] = {"light": word, "light_share": share}
        clock = self.overlay.clock(reader)
        if clock is None:
            return found
        return found | {
            "overlay_start": utc_text(since(clock.first.shown, -clock.first.at_ms)),
            "overlay_drift_ms": clock.last.leads(clock.first),
            "overlay_reads": clock.reads,
        }

    def offered(self, folder: Path) -> list[dict[str, Any]]:
        """Frames written into `folder` for a person, in time order: `at_ms` and `frame`, a file's name."""
        frames = (self._best[span] for span in sorted(self._best))
        return [{"at_ms": frame.at_ms, "frame": name} for frame in frames if (name := write_offered(frame, folder))]
