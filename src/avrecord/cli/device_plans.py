"""`devices plan`: 检修计划, 报废计划, 更新计划. Each row says why and by which leaves of the log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from avrecord.cli.base import Group, Session, at_least, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.reads.plans import renewal_plan, repair_plan, retirement_plan


@click.group("plan", cls=Group)
def plan() -> None:
    """检修、报废、更新计划。"""


@plan.command("repair")
@click.option("--within-days", default=30, metavar="天数", callback=at_least(0), help="列出多少天内应检修的，默认 30")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def repair(s: Session, /, within_days: int, unit: str, **form: Any) -> None:
    """检修计划：到周期、故障未排除、录像反复有问题、久未停靠。"""
    give(repair_plan(within_days, s.kit, unit=unit), **form)


@plan.command("retire")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def retire(s: Session, /, unit: str, **form: Any) -> None:
    """报废计划：使用年限到期、送修次数过多、维修费用过高。"""
    give(retirement_plan(s.kit, unit=unit), **form)


@plan.command("renew")
@click.option("--day", type=DAY, metavar="日期", help="按哪一天的当班人数算缺口，默认今天")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@formats
@session
def renew(s: Session, /, day: datetime | None, unit: str, **form: Any) -> None:
    """更新计划：为哪个单位、何时之前、购置几台，替换哪一台。"""
    give(renewal_plan(day.date() if day else s.kit.today, s.kit, unit=unit), **form)
