"""What waits for a person, and how often the check agrees with people."""

from __future__ import annotations

from collections import Counter

from avrecord.pipeline.kit import Kit
from avrecord.pipeline.reviewing import agreed, queue
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.words import MARKS, NEEDS, REVIEW_ITEMS, SEGMENTS

ITEMS = SEGMENTS | REVIEW_ITEMS
QUEUE = [
    Column("need", "为什么", words(NEEDS), 12),
    Column("case", "案号", width=12, whole=True),
    Column("stage", "环节"),
    Column("unit", "单位", width=10),
    Column("officers", "执法人员", lambda officers: "\n".join(officers)),
    Column("start", "环节开始", moment, 10),
    Column("item", "要件", words(ITEMS)),
    Column("detail", "说明", width=22),
    Column("days", "已过（天）"),
]
AGREEMENT = [
    Column("segment", "要件", words(SEGMENTS)),
    Column("mark", "抽检结果", words(MARKS)),
    Column("check", "抽检版本", lambda check: check or "—"),
    Column("drawn", "怎么选出", lambda drawn: "抽取" if drawn else "指定"),
    Column("reviewed", "人工复核"),
    Column("agreed", "与人工一致"),
    Column("low", "一致率下限（95 %）", lambda low: "—" if low is None else f"{low / 10:.1f} %"),
]


def waiting(kit: Kit, *, unit: str = "", officer: str = "", since: str = "", until: str = "", limit: int = 0) -> Answer:
    """What waits for a person, what is needed most first; at most `limit` rows, 0 for all."""
    found = [
        each for each in queue(kit, unit=unit, since=since, until=until) if not officer or officer in each.account.stage.officers
    ]
    counts = Counter(each.need for each in found)
    rows = [
        {
            "need": each.need,
            "case": each.account.stage.id.case,
            "stage": each.account.stage.id.name,
            "unit": each.account.stage.unit,
            "officers": list(each.account.stage.officers),
            "start": each.account.stage.start,
            "item": each.item,
            "detail": each.detail,
            "days": each.days,
            "clips": [clip.id.hex for clip in each.account.clips],
        }
        for each in (found[:limit] if limit > 0 else found)
    ]
    told = joined((f"{NEEDS[need]} {counts[need]}" for need in NEEDS if counts[need]), "没有待复核的内容")
    cut = f"（列出 {len(rows)} 条）" if len(rows) < len(found) else ""
    notes = [f"{told}{cut}。复核：avrecord review 案号 环节 要件 --as 结论 --by 证号 --why 理由"]
    return Answer("review_queue", "待人工复核", QUEUE, rows, {"count": len(found), "totals": dict(counts)}, notes)


def agreement(kit: Kit, *, unit: str = "", since: str = "", until: str = "") -> Answer:
    """How often the check and people agree: its error on the bureau's own footage."""
    rows = [
        {
            "segment": each.segment,
            "mark": each.mark,
            "check": each.check,
            "drawn": each.drawn,
            "reviewed": each.reviewed,
            "agreed": each.agreed,
            "low": each.worth.low if each.worth else None,
        }
        for each in agreed(kit, unit=unit, since=since, until=until)
    ]
    notes = [
        "“抽取”的由 audit draw 选出，可以代表全部；“指定”的是有人挑出来看的，一致率不能代表全部。",
        "下限：真实的一致率有 95 % 的把握不低于此数（Wilson 区间）。“无法判断”的不计入。",
    ]
    if not rows:
        notes = ["还没有可比较的复核（需要对抽检已见、抽检未见的要件作出人工结论）。"]
    return Answer("agreement", "抽检与人工的一致程度", AGREEMENT, rows, {"count": len(rows)}, notes)
