"""Gaps across cards and days: what a recorder must have had and the station never got, stated once each."""

from __future__ import annotations

from dataclasses import asdict

from avrecord.model.statement import GapObserved
from avrecord.pipeline.account import account
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up, state
from avrecord.rules.gaps import Missing, sequence_gaps, time_gaps


def gaps_now(kit: Kit, holder: str = "") -> list[Missing]:
    """Every gap that is open now, by what is sealed at this moment; of one holder, or of all.

    A late card closes gaps by filling them.
    """
    catch_up(kit)
    clips = kit.records.clips(recorder=holder)
    vanished = [
        Missing(lost.holder, "vanished", lost.path, lost.last_seen, lost.size, None, None)
        for lost in account(kit, holder).missing
    ]
    ignored = {pattern.pattern: pattern for profile in kit.profiles for pattern in profile.ignored}.values()
    listed: dict[str, list[str]] = {}
    for row in kit.store.rows("listed_names", holder=holder):
        if any(pattern.search(row["path"]) for pattern in ignored):
            continue  # a computer's Thumbs0003.db is no third recording
        listed.setdefault(row["recorder"], []).append(row["path"])
    return [*sequence_gaps(clips, listed), *time_gaps(clips), *vanished]


def observe_gaps(kit: Kit, since: int = 0) -> int:
    """State gaps that were not stated before; return how many.

    `since`: only of recorders that the log spoke of from this leaf on, so that one docking costs one recorder's clips.
    """
    catch_up(kit)
    holders = [row["holder"] for row in kit.store.rows("holders_since", since=since)]
    stated = {(row["recorder"], row["gap"], row["first"], row["last"]) for row in kit.store.rows("stated_gaps")}
    new = [
        gap for holder in holders for gap in gaps_now(kit, holder) if (gap.recorder, gap.gap, gap.first, gap.last) not in stated
    ]
    state(kit, [GapObserved(**asdict(gap)) for gap in new])
    return len(new)
