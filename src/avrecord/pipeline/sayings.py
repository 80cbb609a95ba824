"""What is stated of one file taken from a card, and when it is set aside for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from avrecord.dock.profiles import media_of
from avrecord.model.card import Card, Claim, SourceFile
from avrecord.model.clip import Media
from avrecord.model.moments import milliseconds, utc_text
from avrecord.model.statement import ClipSealed, ClipSeenAgain, ClipSetAside, Taken
from avrecord.pipeline.kit import Kit
from avrecord.store.documents import source
from avrecord.vault.folder import Copied

OLDEST_CLAIM = datetime(2015, 1, 1, tzinfo=UTC)  # a reset clock says 1970, 1980 or 2000
NOT_CREDIBLE_MS = milliseconds(timedelta(days=36_500))


def taken(card: Card, docking: str, file: SourceFile, copied: Copied, stored: str, kit: Kit) -> Taken:
    """`clip.sealed`, or `clip.set_aside` with the reason why a person should look."""
    claim = card.claims[file.path]
    place = source(file)
    fields = {
        "clip": copied.id.hex,
        "size": copied.size,
        "docking": docking,
        "recorder": card.recorder,
        "path": place["path"],
        "path_raw": place["path_raw"],
        "mtime": place["mtime"],
        "media": media_of(file).value,
        "stored": stored,
        "claimed_start": utc_text(claim.start) if claim.start else None,
        "clock_offset_ms": card.clock.offset_ms if card.clock else None,
        "clock_uncertainty_ms": uncertainty_ms(card, claim, kit),
        "user": claim.user,
        "sequence": claim.sequence,
        "important": claim.important,
        "read_back": copied.read_back,
        "key_id": kit.sealer.key_id,
    }
    reason = why_set_aside(card, file, claim, copied)
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


def why_set_aside(card: Card, file: SourceFile, claim: Claim, copied: Copied) -> str | None:
    """The first reason that applies, a key of `words.SET_ASIDE`; None for an ordinary clip."""
    if copied.unreadable:
        return "read_error"
    if copied.size == 0:
        return "zero_bytes"
    if card.recorder is None:
        return "unknown_recorder"
    if claim.device and claim.device != card.recorder:
        return "other_recorder"
    if not claim.by_profile and media_of(file) is not Media.LOG:
        return "foreign_name"
    return None


def uncertainty_ms(card: Card, claim: Claim, kit: Kit) -> int | None:
    """How far the claimed start may be off, in ms; so far that nothing links when it is not credible."""
    if claim.start is None:
        return None
    if not OLDEST_CLAIM < claim.start < kit.clock() + timedelta(days=1):
        return NOT_CREDIBLE_MS
    if card.clock:
        return card.clock.uncertainty_ms
    return kit.settings.link.unread_clock_seconds * 1000
