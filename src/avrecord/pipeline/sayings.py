"""What is stated of one file taken from a card, and when it is set aside for a person."""

from __future__ import annotations

from datetime import timedelta

from avrecord.dock.profile import NO_FOOTAGE
from avrecord.model.card import Card, Claim, ClockReading, SourceFile
from avrecord.model.clip import Media
from avrecord.model.moments import milliseconds, utc_text
from avrecord.model.statement import ClipSealed, ClipSeenAgain, ClipSetAside, Taken
from avrecord.pipeline.kit import Kit
from avrecord.rules.recorder_clock import DAY_MS, at_claim
from avrecord.store.documents import source
from avrecord.vault.folder import Copied

NOT_CREDIBLE_MS = milliseconds(timedelta(days=36_500))


def taken(card: Card, docking: str, file: SourceFile, copied: Copied, stored: str, kit: Kit) -> Taken:
    """`clip.sealed`, or `clip.set_aside` with the reason why a person should look."""
    claim = card.claims[file.path]
    place = source(file)
    clock = clock_at(card, claim)
    fields = {
        "clip": copied.id.hex,
        "size": copied.size,
        "docking": docking,
        "recorder": card.recorder,
        "path": place["path"],
        "path_raw": place["path_raw"],
        "mtime": place["mtime"],
        "media": claim.media.value,
        "stored": stored,
        "claimed_start": utc_text(claim.start) if claim.start else None,
        "clock_offset_ms": clock.offset_ms if clock else None,
        "clock_uncertainty_ms": uncertainty_ms(card, claim, clock, kit),
        "user": claim.user,
        "sequence": claim.sequence,
        "important": claim.important,
        "read_back": copied.read_back,
        "key_id": kit.sealer.key_id,
        "claim_doubt": claim.doubt,
    }
    reason = why_set_aside(card, claim, copied.size, copied.unreadable > 0)
    return ClipSetAside(reason=reason, **fields) if reason else ClipSealed(**fields)


def seen_again(card: Card, docking: str, file: SourceFile, copied: Copied) -> ClipSeenAgain:
    """These bytes are sealed already; this is one more place where they were seen."""
    place = source(file)
    return ClipSeenAgain(
        clip=copied.id.hex,
        size=file.size,
        docking=docking,
        recorder=card.recorder,
        path=place["path"],
        path_raw=place["path_raw"],
        mtime=place["mtime"],
    )


def why_set_aside(card: Card, claim: Claim, size: int, unreadable: bool = False) -> str | None:
    """The first reason that applies, a key of `words.SET_ASIDE`; None for an ordinary clip."""
    if unreadable:
        return "read_error"
    if size == 0:
        return "zero_bytes"
    if card.recorder is None:
        return "unknown_recorder"
    if claim.device and claim.device != card.recorder:
        return "other_recorder"
    if not claim.by_profile and claim.media is not Media.LOG and not (claim.ignored and claim.media in NO_FOOTAGE):
        return "foreign_name"  # pictures in a computer's own folder are somebody's to look at
    return None


def clock_at(card: Card, claim: Claim) -> ClockReading | None:
    """How the recorder's clock stood when it named this file. A file without a time is said to have been named by the card's."""
    if claim.start is None:
        return card.clock
    return at_claim(claim.start, claim.doubt is not None, card.clock, card.facts.readings, card.facts.steps)


def uncertainty_ms(card: Card, claim: Claim, clock: ClockReading | None, kit: Kit) -> int | None:
    """How far the claimed start may be off, in ms; so far that nothing links when it is not credible."""
    if claim.start is None:
        return None
    if claim.doubt:
        return NOT_CREDIBLE_MS
    if clock:
        return clock.uncertainty_ms
    if any(oddity.kind == "clock_ahead" for oddity in card.facts.oddities):
        return DAY_MS  # known to be wrong, and by how much is not: nothing may link
    return kit.settings.link.unread_clock_seconds * 1000
