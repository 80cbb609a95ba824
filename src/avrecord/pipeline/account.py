"""Where is every file that any card ever showed? What cannot be explained is listed by name."""

from __future__ import annotations

from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.rules.accounting import LossAccount, Sighting, account_for


def account(kit: Kit, holder: str = "") -> LossAccount:
    """Loss accounting over all manifests in the log, or over those of one recorder or place."""
    catch_up(kit)
    return account_for(
        Sighting(
            holder=row["holder"],
            path=row["path"],
            size=row["size"],
            last_seen=row["seen_at"],
            clip=row["clip_id"],
            set_aside=row["set_aside"] is not None,
            still_listed=bool(row["still_listed"]),
            later=bool(row["later"]),
            removed=bool(row["removed"]),
        )
        for row in kit.store.rows("sightings", holder=holder)
    )
