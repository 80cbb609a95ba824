"""`avrecord review` and `reviews`: decisions by named people, what waits for them, and how often the check agrees."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, by_option, options, session, words_needed
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.pipeline.review import review
from avrecord.reads.clips import day_bounds
from avrecord.reads.reviews import ITEMS, agreement, waiting
from avrecord.rules.reviewing import decisions
from avrecord.words import DECISIONS, SECOND_EYE

decided = options(
    click.argument("number", metavar="案号"),
    click.argument("stage", metavar="环节"),
    click.argument("item", metavar="要件"),
    click.option(
        "--as",
        "decision",
        required=True,
        type=click.Choice(list(DECISIONS)),
        metavar="结论",
        help="seen 已见 / missing 缺失 / not_required 不要求 / withdrawn 撤回",
    ),
    by_option,
    click.option("--why", required=True, metavar="理由", callback=words_needed, help="复核理由"),
)
"""What a decision needs, on a station and at the bureau."""


@click.command("review", cls=Command)
@decided
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
    give(waiting(s.kit, unit=unit, officer=officer, limit=limit, **day_bounds(since, until)), **form)


@reviews.command("agreement")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@formats
@session
def agreement_(s: Session, /, since: Any, until: Any, **form: Any) -> None:
    """抽检与人工复核的一致程度，即抽检在本单位录像上实测的误差。"""
    give(agreement(s.kit, **day_bounds(since, until)), **form)


COMMANDS = (review_, reviews)
