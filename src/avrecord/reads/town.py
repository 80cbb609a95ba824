"""Every station as the bureau sees it: how far its log was proved, what it holds, what waits, who was not heard of."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import Any

from avrecord.bureau.stations import alone, frozen_for, heard_of, is_taken, seen_of, trusted
from avrecord.bureau.views import Views
from avrecord.errors import AvrecordError
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outstanding import LATE
from avrecord.pipeline.storing import store_name
from avrecord.reads.answer import Answer, Column, moment
from avrecord.seal import sshsig
from avrecord.words.bureau import STATION_STATES

COLUMNS = [
    Column("station", "采集站", width=10, whole=True),
    Column("name", "名称", width=14),
    Column("state", "状态", STATION_STATES.__getitem__, 12),
    Column("heard", "最近收到", moment, 12),
    Column("last", "最近一条记录（该站的时钟）", moment, 12),
    Column("clips", "片段"),
    Column("gigabytes", "GB", "{:.2f}".format),
    Column("waiting", "尚未上传"),
    Column("received", "已读回签收"),
    Column("seen", "已见证（条）"),
    Column("indexed", "已索引（条）"),
    Column("frozen", "停止收取的原因", lambda why: why or "—", 24),
]
NOTHING: dict[str, Any] = {
    "name": "", "indexed": 0, "last": None, "clips": 0, "gigabytes": 0.0, "waiting": 0, "received": 0, "lost": 0,
}  # fmt: skip


def town(kit: Kit) -> Answer:
    """A row for each trusted station; the exit code says whether one is frozen."""
    with closing(Views(kit)) as views:
        rows = [_row(station, views, kit) for station in trusted(kit)]
    counts = {state: sum(row["state"] == state for row in rows) for state in STATION_STATES}
    told = "，".join(f"{STATION_STATES[state]} {count}" for state, count in counts.items() if count)
    notes = [f"共 {len(rows)} 个采集站：{told}。" if rows else "还没有登记采集站：用 log trust 登记其日志公钥。"]
    notes += [f"{row['station']}：{row['lost']} 条记录的附件该站已经没有，缺了它们能给出的内容。" for row in rows if row["lost"]]
    notes.append(f"“久无消息”：{LATE.days} 天没有新记录送到。只说明市局没有收到，原因请向该站核实。")
    return Answer("bureau_status", "采集站", COLUMNS, rows, counts, notes, 13 if counts["frozen"] else 0)


def _row(station: str, views: Views, kit: Kit) -> dict[str, Any]:
    figures = NOTHING
    if is_taken(station, kit):  # else to ask would make an index
        try:
            with alone(station), views.of(station) as seen:
                figures = _figures(seen, kit)
        except AvrecordError:
            figures = NOTHING  # its own page says why
    row = {
        "station": station,
        "seen": seen_of(station, kit),
        "frozen": frozen_for(station, kit),
        **figures,
        "heard": heard_of(station, kit),
    }
    return row | {"state": _state(row, kit.clock())}


def _figures(seen: Kit, kit: Kit) -> dict[str, Any]:
    row = seen.store.row("town_figures", store=store_name(kit), key=sshsig.bare_line(kit.sealer.public_line)) or {}
    return {
        "name": seen.settings.station.name,
        "indexed": seen.records.projected(),
        "last": from_utc_text(row["last"]) if row["last"] else None,
        "clips": row["clips"],
        "gigabytes": row["bytes"] / 1e9,
        "waiting": row["waiting"],
        "received": row["received"],
        "lost": (seen.store.row("unprojected") or {"count": 0})["count"],
    }


def _state(row: dict[str, Any], now: datetime) -> str:
    if row["frozen"]:
        return "frozen"
    if not row["seen"]:
        return "unheard"
    if row["indexed"] < row["seen"]:
        return "waiting"
    return "silent" if row["heard"] is None or now - row["heard"] > LATE else "fine"
