"""What is left on the vault's disk, and for how long."""

from __future__ import annotations

from datetime import date, timedelta

from avrecord.model.moments import utc_text
from avrecord.pipeline.kit import Kit
from avrecord.rules.space import WEEKS, Forecast, forecast


def space_left(kit: Kit) -> Forecast:
    """The forecast as of now."""
    now = kit.clock()
    since = now - timedelta(weeks=WEEKS, days=1)
    rows = kit.store.rows("intake_by_day", since=utc_text(since))
    taken = {date.fromisoformat(row["day"]): int(row["bytes"]) for row in rows}
    return forecast(kit.vault.free(), taken, kit.today)


def days_left_text(found: Forecast, warn_days: int) -> tuple[bool, str]:
    """Whether the disk lasts long enough, and a sentence."""
    free = f"可用 {found.free / 1e9:.1f} GB"
    if found.per_day is None:
        return found.free > 0, f"{free}，采集不足三天，尚不能预计"
    if found.days is None or found.days_at_worst is None:
        return found.free > 0, f"{free}，近四周没有采集"
    text = f"{free}，近四周每日 {found.per_day / 1e9:.2f} GB，约可用 {found.days} 天（按最忙的一天 {found.days_at_worst} 天）"
    return found.free > 0 and found.days >= warn_days, text
