"""`audit statistics`: the month per unit and per officer."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from avrecord.cli.base import Session, by_default, session
from avrecord.cli.device_rates import month as month_of
from avrecord.cli.output import formats, give
from avrecord.cli.trust import audit
from avrecord.errors import UnknownName
from avrecord.pipeline.notice import write_statistics
from avrecord.pipeline.statistics import month_figures
from avrecord.reads.statistics import LISTS, month_figures_of


@audit.command("statistics")
@click.option("--month", required=True, metavar="月份", callback=month_of, help="如 2026-11")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option(
    "--by-what",
    "group",
    type=click.Choice(list(LISTS)),
    default="unit",
    metavar="口径",
    help="列出 unit 单位（默认）/ officer 人员",
)
@click.option("--explain", is_flag=True, help="在 JSON 中给出每个数字所依据的片段、环节和日志序号")
@formats
@by_default
@session
def statistics(
    s: Session, /, month: str, unit: str, group: str, explain: bool, as_json: bool, as_csv: bool, xlsx: Path | None, by: str
) -> None:
    """月度统计和通报：录像、环节、要件、复核、上传延迟、设备完好率。"""
    if date.fromisoformat(f"{month}-01") > s.kit.today:
        raise click.UsageError(f"{month} 尚未开始，没有可统计的日子")
    found = month_figures(month, unit, s.kit)
    if unit and not found.units:
        raise UnknownName(what="本月有记录的单位", name=unit)
    if xlsx:
        write_statistics(xlsx, found, unit, by, s.kit)
        click.echo(f"已写入 {xlsx}", err=True)
        if not (as_json or as_csv):
            return
    give(month_figures_of(found, unit, group, explain, s.kit), as_json, as_csv, None)


COMMANDS = ()
