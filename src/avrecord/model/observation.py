"""Observations: what a check noticed in a clip, and what kept it from noticing more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observation:
    """Something seen or heard. Times are milliseconds from the clip's first frame; scores are per mille.

    `evidence` is the SHA-256 of the frame with the box drawn on a copy; `box` is x, y, width and
    height in pixels of that frame. What was heard has neither: its words are the evidence.
    """

    segment: str
    check: str
    at_ms: int
    score: int
    words: str
    evidence: str | None
    box: tuple[int, ...] = ()
    doubtful: bool = False
    """疑似: part of the words was read; never enough for `seen`, always enough against `not_seen`."""
    crop: str | None = None
    """The SHA-256 of what lies in the box, with a margin and nothing drawn on it."""

    @property
    def heard(self) -> bool:
        """Whether it was heard: the check is named `<segment>.spoken@<version>`."""
        return ".spoken@" in self.check


@dataclass(frozen=True, slots=True)
class Fault:
    """A span in which the record itself is not sound. `kind` is a key of `words.FAULTS`."""

    kind: str
    check: str
    from_ms: int
    to_ms: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Technical facts, from packets rather than from what the container claims."""

    duration_ms: int | None = None
    claimed_ms: int | None = None
    width: int | None = None
    height: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    frames: int | None = None
    key_frames: int | None = None
    longest_gap_ms: int | None = None
    """Longest time between two key frames: a certificate shown for less may fall between them."""
    decode_errors: int = 0
    derived_from: str | None = None
    """The clip whose parameters made a derived copy of this one readable; all times are nominal then."""
    derived_copy: str | None = None
    """The attachment that is this copy, where it was kept."""
    nominal_mfps: int | None = None
    """Frames per 1000 seconds by which times were counted."""
    dense_to_ms: int | None = None
    """Key frames were too far apart, and the clip was gone through second by second from its beginning to here."""
    overlay_start: str | None = None
    """What the clock drawn into the picture showed at the first frame, as UTC text. None where none was read twice."""
    overlay_drift_ms: int | None = None
    """By how much that clock went further than the packets, from its first to its last reading; whole seconds are shown."""
    overlay_reads: int | None = None
    """How many readings this rests on."""
    light: str | None = None
    """The light of most key frames that show something: a key of `words.LIGHT`."""
    light_share: int | None = None
    """Of how many of them, per mille."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A frame kept for a person to mark what no check can speak for. `digest` is the JPEG's SHA-256."""

    at_ms: int
    digest: str


@dataclass(frozen=True, slots=True)
class Examination:
    """What one look at a clip gave. `looked` are the segments that the picture could speak for."""

    clip: str
    outcome: str
    reason: str | None
    checks: tuple[str, ...]
    looked: tuple[str, ...]
    facts: Facts
    observations: tuple[Observation, ...] = ()
    faults: tuple[Fault, ...] = ()
    cost: tuple[tuple[str, int], ...] = ()
    """What each stage of the cascade did, as counts: key frames, gated frames, lines read …"""
    listened: tuple[str, ...] = ()
    """Segments that were listened for, in the spans of `heard` only."""
    heard: tuple[tuple[int, ...], ...] = ()
    """From and to, in ms: what of the sound was gone through."""
    unheard: str | None = None
    """Why nothing was listened to, in words for people."""
    tier: str = ""
    """`fast` where the thorough look is still to come; empty once nothing more will be done unasked."""
    offered: tuple[Offered, ...] = ()
