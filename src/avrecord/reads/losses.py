"""损失核算: where every file that ever stood on a card is now."""

from __future__ import annotations

from dataclasses import asdict

from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.account import account
from avrecord.pipeline.gaps import gaps_now
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, moment, words
from avrecord.rules.gaps import Missing
from avrecord.words import FILE_STATES, GAPS


def _gap_note(gap: Missing) -> str:
    """A gap in words: what is not there, never why."""
    if gap.gap == "sequence":
        numbers = gap.first if gap.first == gap.last else f"{gap.first}—{gap.last}"
        return f"{GAPS['sequence']}：记录仪 {gap.recorder} 缺 {numbers} 号，共 {gap.missing} 个（可能在采集前删除，或计数器跳号）"
    since, until = (beijing(from_utc_text(edge)) for edge in (gap.first, gap.last))
    return f"{GAPS['time']}：记录仪 {gap.recorder} 分段录像 {since} 至 {until} 之间 {gap.missing // 1000} 秒没有录像"


def losses(kit: Kit) -> Answer:
    """Files that are not sealed yet or whose whereabouts nobody knows."""
    found = account(kit)
    rows = [
        {"state": state, "holder": each.holder, "path": each.path, "bytes": each.size, "last_seen": from_utc_text(each.last_seen)}
        for state, group in (("missing", found.missing), ("on_recorder", found.waiting))
        for each in group
    ]
    columns = [
        Column("state", "状态", words(FILE_STATES)),
        Column("holder", "记录仪或位置"),
        Column("path", "文件", width=24),
        Column("bytes", "字节"),
        Column("last_seen", "最后一次见到", moment, 10),
    ]
    totals = "，".join(f"{FILE_STATES[state]} {count}" for state, count in found.totals if count)
    notes = [f"卡上出现过的文件 {found.seen} 个：{totals or '无'}"]
    gaps = [gap for gap in gaps_now(kit) if gap.gap != "vanished"]  # vanished files are rows above
    notes += [_gap_note(gap) for gap in gaps]
    code = 14 if found.missing else 0
    extra = {"seen": found.seen, "totals": dict(found.totals), "gaps": [asdict(gap) for gap in gaps]}
    return Answer("account", "尚未封存或去向不明的文件", columns, rows, extra, notes, code)
