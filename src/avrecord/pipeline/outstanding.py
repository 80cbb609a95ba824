"""What still waits for the object store, and for the bureau's word on its copies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.storing import store_name
from avrecord.seal import sshsig

LATE = timedelta(days=3)
"""After a weekend without a line everything should be there again; what is older than this is looked at by a person."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Clips and bytes that wait for a store, the oldest of them sealed at `since`; `received`: clips with a receipt."""

    store: str
    clips: int
    bytes: int
    since: datetime | None
    received: int

    def is_late(self, now: datetime) -> bool:
        """Whether something waits longer than it should."""
        return self.since is not None and now - self.since > LATE

    @property
    def text(self) -> str:
        """One sentence."""
        waits = f"尚未上传 {self.clips} 个片段（{self.bytes / 1e9:.2f} GB"
        waits += f"，最早的封存于 {beijing(self.since)[:16]}）" if self.since else "）"
        return f"{waits if self.clips else '片段都已上传'}，市局已读回并签收 {self.received} 个"


def outstanding(kit: Kit) -> Outstanding | None:
    """How things stand; None where the settings name no store."""
    if not kit.settings.store.url:
        return None
    store = store_name(kit)
    row = kit.store.row("upload_stand", store=store) or {}
    key = sshsig.bare_line(kit.settings.sync.bureau_key)
    received = kit.store.row("receipt_stand", key=key, store=store) or {}
    since = from_utc_text(row["since"]) if row["since"] else None
    return Outstanding(store, row["clips"], row["bytes"], since, received["clips"])
