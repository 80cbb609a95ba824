"""The bureau's own lists: cases, recorders, officers."""

from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

from sample_media.plan import DCAM, DSJ, EAST, WEST, Stage

PEOPLE = (
    ("FY041007", "陈立新", WEST, "执法人员", 410),
    ("FY041008", "周敏", WEST, "执法人员", 772),
    ("FY041012", "赵海峰", EAST, "执法人员", 410),
    ("FY041015", "孙晓岚", EAST, "执法人员", 1130),
    ("FY041016", "何志远", WEST, "执法人员", -17),  # ran out: whoever issues a recorder to him should hear of it
    ("XG2031", "林小兵", EAST, "协管人员", None),
)
NAMES = {number: name for number, name, *_ in PEOPLE}


def sheet(book: xlsxwriter.Workbook, title: str, headers: tuple[str, ...], rows: list[tuple]) -> None:
    """A plain table with real dates; the widths follow the headers and the content."""
    page = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    whole = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, headers, bold)
    for y, row in enumerate(rows, 1):
        for x, value in enumerate(row):
            if isinstance(value, datetime):
                page.write_datetime(y, x, value, moment)
            elif isinstance(value, date):
                page.write_datetime(y, x, datetime(value.year, value.month, value.day), whole)
            elif value is not None:
                page.write(y, x, value)
    for x, header in enumerate(headers):
        longest = max([len(header)] + [len(str(row[x])) for row in rows if row[x] is not None])
        page.set_column(x, x, min(42, 4 + longest * 1.7))
    page.freeze_panes(1, 0)


def workbook(path: Path, day: date) -> xlsxwriter.Workbook:
    """A workbook whose bytes depend on nothing but its content: its creation date is the sample's day."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    book.set_properties({"created": datetime(day.year, day.month, day.day)})
    return book


def cases(path: Path, day: date, stages: list[Stage]) -> None:
    """One row per stage; both officers in one cell, as the bureaus write it."""
    headers = ("案号", "执法类别", "执法环节", "执法单位", "执法人员", "执法证号", "开始时间", "结束时间", "地点", "当事人")
    rows = [
        (
            row.case,
            row.kind,
            row.stage,
            row.unit,
            "、".join(NAMES[number] for number in row.officers),
            "、".join(row.officers),
            row.starts,
            row.ends,
            row.place,
            row.party,
        )
        for row in stages
    ]
    with workbook(path, day) as book:
        sheet(book, "案件", headers, rows)


def devices(path: Path, day: date) -> None:
    """The inventory, who carries what since when, and what happened to it."""

    def ago(days: int) -> date:
        return day - timedelta(days=days)

    inventory = [
        (DCAM.serial, "DCAM-A5", WEST, ago(620), ago(620 - 1095), 5, "在用", 1680),
        (DSJ.serial, "DSJ-B2", EAST, ago(1290), ago(1290 - 730), 4, "在用", 1280),
        ("Z3A0021", "DCAM-A5", WEST, ago(620), ago(620 - 1095), 5, "在用", 1680),
        ("B200298", "DSJ-B2", EAST, ago(1290), ago(1290 - 730), 4, "在用", 1280),
    ]
    issued = [
        (DCAM.serial, "FY041016", NAMES["FY041016"], ago(610), ago(261)),
        (DCAM.serial, "FY041007", NAMES["FY041007"], ago(260), None),
        (DSJ.serial, "FY041012", NAMES["FY041012"], ago(240), None),
        ("Z3A0021", "FY041016", NAMES["FY041016"], ago(260), None),
        ("B200298", "FY041015", NAMES["FY041015"], ago(240), None),
    ]
    happened = [
        ("Z3A0021", ago(13), ago(10), "送修", "更换电池", 180),
        (DSJ.serial, ago(96), ago(94), "故障", "镜头进水，干燥处理", None),
        ("B200298", ago(58), ago(58), "检修", "季度例行检修，正常", None),
    ]
    with workbook(path, day) as book:
        columns = ("设备编号", "型号", "执法单位", "购买日期", "保修到期", "使用年限(年)", "状态", "购置价格(元)")
        sheet(book, "设备", columns, inventory)
        sheet(book, "领用", ("设备编号", "执法证号", "姓名", "启用日期", "停用日期"), issued)
        sheet(book, "设备事件", ("设备编号", "日期", "结束日期", "事件", "说明", "费用(元)"), happened)


def officers(path: Path, day: date) -> None:
    """Who may enforce, and until when."""
    rows = [
        (number, name, unit, kind, None if days is None else day + timedelta(days=days))
        for number, name, unit, kind, days in PEOPLE
    ]
    with workbook(path, day) as book:
        sheet(book, "人员", ("执法证号", "姓名", "执法单位", "人员类别", "执法证有效期至"), rows)
