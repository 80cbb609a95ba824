"""`avrecord bureau review` and `reviews`: decisions taken at the bureau about stages of stations."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from avrecord.bureau.reviewing import Said, decide
from avrecord.bureau.views import Views
from avrecord.cli.base import Command, Session, session
from avrecord.cli.output import formats, give
from avrecord.cli.reviews import decided
from avrecord.ledger.cases import case_number
from avrecord.model.case import StageId
from avrecord.reads.letters import left_reviews
from avrecord.reads.reviews import ITEMS
from avrecord.words import DECISIONS


@click.command("review", cls=Command)
@click.argument("station", metavar="采集站编号")
@decided
@session
def review(s: Session, station: str, number: str, stage: str, item: str, decision: str, by: str, why: str) -> None:
    """在市局复核一个采集站的一个要件：记入市局日志，签名后交采集站，采集站此后上传时记入它的日志。"""
    code = next((code for code, name in ITEMS.items() if name == item), item)
    at = StageId(case_number(number), stage)
    with closing(Views(s.kit)) as views, views.of(station) as view:
        decide(station, view, at, Said(code, decision, by, why), s.kit)
    what = f"{station} {number} {stage} {ITEMS.get(code, code)} {DECISIONS[decision]}（{by}）"
    click.echo(f"已记录：{what}。由 bureau run 的下一轮送出，采集站此后上传时记入。")


@click.command("reviews", cls=Command)
@click.option("--station", default="", metavar="采集站编号", help="只看一个采集站的")
@click.option("--case", "case", default="", metavar="案号", help="只看一个案件的")
@formats
@session
def reviews(s: Session, /, station: str, case: str, **form: Any) -> None:
    """市局作过的复核，各采集站收下了没有。"""
    give(left_reviews(s.kit, station, case_number(case) if case else ""), **form)


COMMANDS = (review, reviews)
