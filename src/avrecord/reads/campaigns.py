"""How campaigns stand, and what they found, as answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from avrecord.bureau.campaigns import Progress, book, progress
from avrecord.bureau.duty import SERVICE, latest
from avrecord.bureau.scope import Scope
from avrecord.pipeline.kit import Place
from avrecord.reads.answer import Answer, Column
from avrecord.words import FINDINGS, LIMITS_OF_A_CHECK
from avrecord.words.bureau import CAMPAIGN_KINDS, CAMPAIGN_STATES, LOOKED_AGAIN

MOST_BAD = 1000
WORST = (0, 15, 11, 12)  # exit codes, the worst last


def campaigns(kit: Place, names: Sequence[str] | None = None) -> Answer:
    """The latest campaigns, the newest first; or those of these names, with the exit code of the worst of them."""
    with book(kit) as found:
        rows = [_row(progress(found, name, kit)) for name in (reversed(latest(kit)) if names is None else names)]
    code = max((campaign(name, kit).exit_code for name in names or ()), key=WORST.index, default=0)
    columns = [
        Column("campaign", "任务", width=22, whole=True),
        Column("kind", "任务类别", CAMPAIGN_KINDS.__getitem__),
        Column("scope", "范围", _scope, 16),
        Column("asked_by", "操作人", lambda by: "自动" if by == SERVICE else by),
        Column("state", "状态", CAMPAIGN_STATES.__getitem__),
        Column("clips_done", "已做", lambda row: f"{row['clips_done']}/{row['clips']}", of_row=True, width=12),
        Column("bad", "列出"),
        Column("left_seconds", "约剩", _duration),
    ]
    return Answer("campaigns", "批量任务", columns, rows, {}, [f"共 {len(rows)} 个任务。"], code)


def campaign(name: str, kit: Place) -> Answer:
    """What one campaign found that is not sound, with its totals. Raises UnknownName."""
    with book(kit) as found:
        stand = _row(progress(found, name, kit))
        totals = {row["finding"]: row["count"] for row in found.rows.rows("totals", campaign=name)}
        rows = found.rows.rows("bad_results", campaign=name, count=MOST_BAD)
    said = LOOKED_AGAIN if stand["kind"] == "examine" else FINDINGS

    def words(code: str) -> str:
        return said.get(code) or FINDINGS.get(code, code)

    columns = [
        Column("station", "采集站", width=12),
        Column("clip_id", "片段", lambda clip: str(clip)[:12], whole=True),
        Column("seq", "日志（条）"),
        Column("finding", "结论", words, 14),
        Column("stored", "存放位置", width=30),
        Column("detail", "说明", width=24),
    ]
    done, of = stand["clips_done"], stand["clips"]
    doing = f"{CAMPAIGN_KINDS[stand['kind']]}，{CAMPAIGN_STATES[stand['state']]}"
    notes = [f"{doing}：已做 {done}/{of} 个片段，{stand['bytes_done']}/{stand['bytes']} 字节。"]
    notes += ["、".join(f"{words(code)} {count}" for code, count in totals.items())] if totals else []
    notes += (
        [f"约剩 {_duration(stand['left_seconds'])}。"]
        if stand["left_seconds"] is not None and stand["state"] == "running"
        else []
    )
    notes += [LIMITS_OF_A_CHECK] if stand["kind"] == "examine" else []
    altered = stand["bad"] - totals.get("SEEN_MORE", 0) - totals.get("SEEN_LESS", 0)
    code = 12 if totals.get("MISSING") else 11 if altered else 0 if stand["state"] == "done" else 15
    return Answer("campaign", f"批量任务 {name}", columns, rows, {**stand, "totals": totals}, notes, code)


def _row(found: Progress) -> dict[str, Any]:
    row = asdict(found)
    left = row.pop("left")
    return row | {"left_seconds": None if left is None else round(left.total_seconds())}


def _scope(text: str) -> str:
    """Which clips, as people say it."""
    asked = Scope.parse(text)
    days = [f"{asked.since[:10]} 起封存的"] if asked.since else []
    which = f"{asked.unit} {asked.year} 年" if asked.year else "新片段" if asked.new else "片段" if days else "全部片段"
    return "，".join([asked.station or "各站", *days, which])


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "—"
    return f"{seconds // 3600} 小时 {seconds % 3600 // 60} 分" if seconds >= 3600 else f"{seconds // 60} 分 {seconds % 60} 秒"
