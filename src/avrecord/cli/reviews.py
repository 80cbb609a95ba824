"""`avrecord review` and `reviews`: decisions by named people, what waits for them, and how often the check agrees."""

from __future__ import annotations

from collections import Counter
from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, by_option, joined, session, words_needed
from avrecord.cli.clips import DAY, day_bounds
from avrecord.cli.output import Answer, Column, formats, give, moment, words
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.pipeline.review import review
from avrecord.pipeline.reviewing import agreed, queue
from avrecord.rules.reviewing import decisions
from avrecord.words import DECISIONS, MARKS, NEEDS, REVIEW_ITEMS, SECOND_EYE, SEGMENTS

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


@click.command("review", cls=Command)
@click.argument("number", metavar="案号")
@click.argument("stage", metavar="环节")
@click.argument("item", metavar="要件")
@click.option(
    "--as",
    "decision",
    required=True,
    type=click.Choice(list(DECISIONS)),
    metavar="结论",
    help="seen 已见 / missing 缺失 / not_required 不要求 / withdrawn 撤回",
)
@by_option
@click.option("--why", required=True, metavar="理由", callback=words_needed, help="复核理由")
@session
def review_(s: Session, number: str, stage: str, item: str, decision: str, by: str, why: str) -> None:
    """人工复核一个要件（写编码，如 id_shown；录像本身写 footage，整个环节不要求写 stage）。"""
    code = next((code for code, name in ITEMS.items() if name == item), item)
    at = StageId(case_number(number), stage)
    review(at, code, decision, by, why, s.kit)
    told = decisions(s.kit.records.reviews(at), s.kit.settings.review.four_eyes).get(code)
    waits = f"{SECOND_EYE}后生效。" if told and told.pending else ""
    click.echo(f"已记录：{number} {stage} {ITEMS.get(code, code)} {DECISIONS[decision]}（{by}）。{waits}抽检结果保留不变。")


@click.group("reviews", cls=Group)
def reviews() -> None:
    """复核：待复核的、抽检与人工是否一致。"""


@reviews.command("queue")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--officer", default="", metavar="证号", help="只看某执法人员参加的")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option("--limit", type=int, default=0, metavar="条数", help="最多列出多少条（0 为全部）")
@formats
@session
def queue_(s: Session, /, unit: str, officer: str, since: Any, until: Any, limit: int, **form: Any) -> None:
    """待人工复核的要件，最需要的在前。"""
    found = [
        each
        for each in queue(s.kit, unit=unit, **day_bounds(since, until))
        if not officer or officer in each.account.stage.officers
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
    give(Answer("review_queue", "待人工复核", QUEUE, rows, {"count": len(found), "totals": dict(counts)}, notes), **form)


@reviews.command("agreement")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@formats
@session
def agreement_(s: Session, /, since: Any, until: Any, **form: Any) -> None:
    """抽检与人工复核的一致程度，即抽检在本单位录像上实测的误差。"""
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
        for each in agreed(s.kit, **day_bounds(since, until))
    ]
    notes = [
        "“抽取”的由 audit draw 选出，可以代表全部；“指定”的是有人挑出来看的，一致率不能代表全部。",
        "下限：真实的一致率有 95 % 的把握不低于此数（Wilson 区间）。“无法判断”的不计入。",
    ]
    if not rows:
        notes = ["还没有可比较的复核（需要对抽检已见、抽检未见的要件作出人工结论）。"]
    give(Answer("agreement", "抽检与人工的一致程度", AGREEMENT, rows, {"count": len(rows)}, notes), **form)


COMMANDS = (review_, reviews)
