"""Is the record itself sound? The technical checks of one clip, fed side by side with every key frame and second."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from avrecord.checks import blurred, clipped, frozen, obscured, overexposed, silence, wind
from avrecord.checks.damaged import UNINDEXED, Read, damaged
from avrecord.checks.damaged import VERSION as DAMAGED
from avrecord.media.clipfile import Packets, thumbnail
from avrecord.media.shape import Shape
from avrecord.model.clip import Media
from avrecord.model.observation import Facts, Fault

VERSIONS = (
    obscured.VERSION, overexposed.VERSION, blurred.VERSION, frozen.VERSION, silence.VERSION, clipped.VERSION, wind.VERSION,
    DAMAGED,
)  # fmt: skip


@dataclass(slots=True)
class Technical:
    """State of the technical checks over one clip."""

    obscured: obscured.Obscured = field(default_factory=obscured.Obscured)
    overexposed: overexposed.Overexposed = field(default_factory=overexposed.Overexposed)
    blurred: blurred.Blurred = field(default_factory=blurred.Blurred)
    frozen: frozen.Frozen = field(default_factory=frozen.Frozen)
    silence: silence.Silence = field(default_factory=silence.Silence)
    clipped: clipped.Clipped = field(default_factory=clipped.Clipped)
    wind: wind.Wind = field(default_factory=wind.Wind)

    def look(self, at_ms: int, luma: np.ndarray) -> bool:
        """Whether this frame can show anything; one that cannot needs no further stage."""
        small = thumbnail(luma)
        self.frozen.look(at_ms, small)
        nothing = self.obscured.look(at_ms, small) | self.overexposed.look(at_ms, small)
        if not nothing:
            self.blurred.look(luma)
        return not nothing

    def hear(self, second: int, samples: np.ndarray) -> None:
        for check in (self.silence, self.clipped, self.wind):
            check.hear(second, samples)

    def faults(self, packets: Packets, facts: Facts, media: str, shape: Shape, decoded: int) -> list[Fault]:
        """Every span that is not sound. `decoded` is how many frames came out of the decoder."""
        end, photo = facts.duration_ms or 0, media == Media.PHOTO
        found = list(self.obscured.faults(facts.duration_ms))
        found += self.overexposed.faults_of_photo() if photo else self.overexposed.faults(facts.duration_ms)
        found += self.blurred.faults(facts.duration_ms, 1 if photo else blurred.LEAST_FRAMES)
        pictures, claimed = (None, None) if photo else (packets.last_ms, facts.claimed_ms)
        found += damaged(
            Read(facts.decode_errors, pictures, packets.sound_ms, claimed, shape.lacking, len(packets.keys), decoded)
        )
        if photo:
            return found
        found += self.frozen.faults(end, packets.keys, packets.between)
        found += self.silence.faults(end, packets.audio_codec is not None)
        found += [*self.clipped.faults(), *self.wind.faults()]
        if media == Media.VIDEO and not packets.video_codec:
            found.append(Fault("unreadable", DAMAGED, 0, end, "没有视频流"))
        return found


def unopened(reason: str, shape: Shape) -> list[Fault]:
    """Faults of a file that no decoder opens, with the cause where its shape shows one."""
    found = [Fault("unreadable", DAMAGED, 0, 0, reason)]
    if shape.unindexed:
        found.append(Fault("unindexed", DAMAGED, 0, 0, UNINDEXED))
    return found
