"""What the child learns beside the checks: the recorder's own clock and the light. Facts, never marks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from avrecord.checks import light, overlay
from avrecord.checks.reading import Reader
from avrecord.media.clipfile import Frame, thumbnail
from avrecord.model.moments import since, utc_text

VERSIONS = (overlay.VERSION, light.VERSION)


@dataclass(slots=True)
class Extras:
    """Fed with every key frame of the fast pass."""

    overlay: overlay.Overlay = field(default_factory=overlay.Overlay)
    light: light.Light = field(default_factory=light.Light)

    def look(self, frame: Frame, shows: bool) -> None:
        """`shows`: whether anything can be seen. The clock is drawn over a covered lens, too."""
        self.overlay.look(frame.at_ms, frame.luma)
        if shows:
            self.light.look(thumbnail(frame.luma))

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
