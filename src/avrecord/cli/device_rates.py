"""`devices availability` and `devices sufficiency`: two ratios, each with the rows behind it."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Session, at_least, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.errors import UnknownName
from avrecord.ledger.write import save_text
from avrecord.pipeline.care import of_months, registered
from avrecord.reads.answer import joined
from avrecord.reads.availability import of_one, of_range, plot
from avrecord.reads.sufficiency import enough_of
from avrecord.words import UNITLESS

LONGEST = 60


def month(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A month as `2026-11`."""
    if value is not None and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", value):
        raise click.UsageError(f"月份应写成 2026-11 这样：{value}")
    return value


@click.command("availability", cls=Command)
@click.option("--month", "only", metavar="月份", callback=month, help="如 2026-11：逐日列出损失台日")
@click.option("--from-month", "first", metavar="月份", callback=month, help="起始月份：按月、按单位汇总")
@click.option("--to-month", "last", metavar="月份", callback=month, help="截止月份（含），默认本月")
@click.option("--unit", default="", metavar="单位", help="只看某单位的记录仪")
@click.option("--explain", is_flag=True, help="在 JSON 中给出每个数字所依据的日志序号和片段编号")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="另存为图（SVG）")
@formats
@session
def availability(
    s: Session, /, only: str | None, first: str | None, last: str | None, unit: str, explain: bool, svg: Path | None, **form: Any
) -> None:
    """设备完好率：公式、每个损失台日的原因和出处；或按月、按单位汇总。"""
    if not only and not first:
        raise click.UsageError("缺少选项 '--month'（一个月）或 '--from-month'（一段月份）")
    if only and (first or last):
        raise click.UsageError("'--month' 与 '--from-month'、'--to-month' 不能同时用")
    if unit and not registered(s.kit, unit):
        known = joined(sorted({device.unit or UNITLESS for device in registered(s.kit)}))
        raise UnknownName(what="有登记设备的单位", name=f"{unit}（已有：{known}）")
    begins = only or first or ""
    months = of_months(begins, only or _last(begins, last, s), s.kit, unit)
    if not months:
        raise click.UsageError(f"{begins} 尚未开始，没有可统计的日子")
    if svg:
        save_text(svg, plot(months))
        click.echo(f"已写入 {svg}", err=True)
    give(of_one(months[0], unit, explain, s.kit) if only else of_range(months, unit, explain, s.kit), **form)


def _last(first: str, last: str | None, s: Session) -> str:
    found = last or max(first, f"{s.kit.today:%Y-%m}")
    if found < first:
        raise click.UsageError(f"截止月份 {found} 早于起始月份 {first}")
    if (int(found[:4]) - int(first[:4])) * 12 + int(found[5:]) - int(first[5:]) >= LONGEST:
        raise click.UsageError(f"一次最多 {LONGEST} 个月")
    return found


@click.command("sufficiency", cls=Command)
@click.option("--day", type=DAY, metavar="日期", help="哪一天，默认今天")
@click.option("--per", type=int, callback=at_least(1), metavar="人数", help="每几名当班人员应有 1 台，默认按设置")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--explain", is_flag=True, help="在 JSON 中列出每个人、每台设备和出处")
@formats
@session
def sufficiency(s: Session, /, day: datetime | None, per: int | None, unit: str, explain: bool, **form: Any) -> None:
    """够不够用：各单位完好的记录仪与当日当班人员。"""
    on = day.date() if day else s.kit.today
    give(enough_of(on, s.kit, per=per, unit=unit, explain=explain), **form)
