"""`avrecord officers`: the roster, who may enforce, and who is on duty."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, at_least, by_default, check_option, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.pipeline import bring
from avrecord.reads.answer import Answer, Column, joined, words
from avrecord.reads.imports import of_others
from avrecord.rules.holding import standing
from avrecord.words import STANDINGS

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("officers", cls=Group)
def officers() -> None:
    """执法人员名册、执法证有效期、值班表。"""


@officers.command("import")
@click.argument("file", type=FILE, metavar="文件")
@check_option
@by_default
@formats
@session
def officers_import(s: Session, /, file: Path, check: bool, by: str, **form: Any) -> None:
    """导入执法人员名册（执法证号、姓名、单位、类别、有效期）。"""
    found = bring.inspect_officers(file, s.kit)
    if not check:
        bring.apply(found, by, s.kit)
    give(of_others("officers", found, not check, s.kit), **form)


@officers.command("list")
@click.option("--day", type=DAY, metavar="日期", help="按哪一天判断有效期，默认今天")
@click.option("--unit", default="", metavar="单位", help="只看某单位")
@click.option("--within-days", type=int, callback=at_least(0), metavar="天数", help="多少天内到期算即将到期")
@formats
@session
def officers_list(s: Session, /, day: datetime | None, unit: str, within_days: int | None, **form: Any) -> None:
    """列出名册和执法证有效期。"""
    on = day.date() if day else s.kit.today
    soon = s.kit.settings.care.certificate_soon_days if within_days is None else within_days
    holding: dict[str, list[str]] = {}
    for each in s.kit.records.assignments():
        if each.covers(on.isoformat()):
            holding.setdefault(each.officer, []).append(each.recorder)
    rows = [
        {
            "officer": officer.number,
            "name": officer.name,
            "unit": officer.unit,
            "category": officer.category,
            "valid_until": officer.valid_until,
            "days_left": (officer.valid_until - on).days if officer.valid_until else None,
            "standing": standing(officer, on, soon).value,
            "recorders": holding.get(officer.number, []),
            "row": officer.row,
        }
        for officer in s.kit.records.officers().values()
        if not unit or officer.unit == unit
    ]
    columns = [
        Column("officer", "执法证号", width=10),
        Column("name", "姓名"),
        Column("unit", "执法单位", width=12),
        Column("category", "类别"),
        Column("valid_until", "有效期至", lambda value: str(value or "—")),
        Column("days_left", "剩余天数", lambda value: "—" if value is None else str(value)),
        Column("standing", "状态", words(STANDINGS), 12),
        Column("recorders", "领用记录仪", joined, 12),
    ]
    totals = {code: sum(row["standing"] == code for row in rows) for code in STANDINGS}
    said = joined(f"{STANDINGS[code]} {n} 人" for code, n in totals.items() if n)
    notes = [f"{on}：{said}。", f"{soon} 天内到期为即将到期（station.toml 的 care.certificate_soon_days）。最后一天仍算有效。"]
    give(Answer("officers", "执法人员名册", columns, rows, {"day": on, "soon_days": soon, "totals": totals}, notes), **form)


@officers.command("duty")
@click.argument("file", type=FILE, metavar="文件")
@check_option
@by_default
@formats
@session
def officers_duty(s: Session, /, file: Path, check: bool, by: str, **form: Any) -> None:
    """导入值班表（日期、单位、执法证号）；同一单位同一天以后导入的为准。"""
    found = bring.inspect_duty(file, s.kit)
    if not check:
        bring.apply(found, by, s.kit)
    give(of_others("duty", found, not check, s.kit), **form)


COMMANDS = (officers,)
