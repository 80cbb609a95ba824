"""What the daily sheet says: the day's intake, and the checkpoint that somebody else keeps."""

from __future__ import annotations

from datetime import datetime, timedelta

from avrecord.ledger.sheet import DailySheet, daily_html
from avrecord.model.moments import beijing, day_begins, utc_text
from avrecord.pipeline.gaps import gaps_now
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.seal.note import Checkpoint

TITLE = "采集日报（检查点留存单）"


def daily_sheet(kit: Kit, day: datetime) -> str:
    """The sheet of one local day as HTML. The checkpoint is the one published now, whatever the day."""
    catch_up(kit)
    signed = kit.log.checkpoint()
    checkpoint = Checkpoint.claimed(signed)
    begins = day_begins(day.date())
    row = kit.store.row("day_totals", since=utc_text(begins), until=utc_text(begins + timedelta(days=1)))
    assert row is not None
    gaps = len(gaps_now(kit))
    facts = [
        ("当日插卡", f"{row['dockings']} 次，记录仪 {row['recorders']} 台"),
        ("当日封存", f"{row['clips']} 个片段，{row['bytes'] / 1e9:.2f} GB；其中待查 {row['set_aside']} 个"),
        ("拔卡过早", f"{row['removed_early']} 次"),
        ("未解释的缺口", f"{gaps} 处（明细见 avrecord account）"),
        ("当日核验重读", f"{row['read_again']} 个片段，异常 {row['read_bad']} 个"),
        ("最近一次外部见证", _witnessed(kit)),
        ("片段密钥指纹", kit.sealer.key_id),
    ]
    station = kit.settings.station
    return daily_html(
        DailySheet(
            TITLE, station.name, station.id, station.unit, beijing(begins, "%Y-%m-%d"), beijing(kit.clock()), facts,
            checkpoint.origin, checkpoint.size, checkpoint.root, signed,
        )
    )  # fmt: skip


def _witnessed(kit: Kit) -> str:
    row = kit.store.row("last_anchor")
    return f"{row['witness']}，日志前 {row['size']} 条，{row['cosigned_at'][:19]}Z" if row else "无"
