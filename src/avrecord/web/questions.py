"""Which tables there are, for whom, and where their cells lead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from avrecord.errors import BadQuestion, UnknownName
from avrecord.model.spans import months_later
from avrecord.pipeline.care import Month, of_months, registered
from avrecord.pipeline.draw import drawn
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.statistics import month_figures
from avrecord.reads import availability, plans
from avrecord.reads.answer import Answer
from avrecord.reads.archives import archives
from avrecord.reads.clippage import MOST, clip_page
from avrecord.reads.clips import day_bounds
from avrecord.reads.device import one_device
from avrecord.reads.devices import device_list
from avrecord.reads.draws import announcements, drawn_of, unit_of
from avrecord.reads.life import life_of
from avrecord.reads.losses import losses
from avrecord.reads.missing import missing_of
from avrecord.reads.problems import problem_list
from avrecord.reads.reviews import agreement, waiting
from avrecord.reads.statistics import LISTS, month_figures_of
from avrecord.reads.sufficiency import enough_of
from avrecord.web.shell import address
from avrecord.web.tables import Asked, Filter, Question

SOON_DAYS = 30
SINCE, UNTIL = Filter("from", "从", "day"), Filter("to", "到（含）", "day")
PLACE = Filter("place", "地点")
CASE, RECORDER, OFFICER = Filter("case", "案号"), Filter("recorder", "记录仪"), Filter("officer", "执法证号")
UNIT = Filter("unit", "单位")
STATES = {"": "全部", "sealed": "正常封存", "set_aside": "待查", "pending": "尚未抽检", "unlinked": "未关联案件"}
ORDERS = {"case": "按案号", "days": "按超期天数", "start": "按环节时间", "unit": "按单位", "what": "按缺什么"}
PROBLEMS = {"": "全部", "open": "未销号", "overdue": "逾期", "closed": "已销号", "again": "销号后再次出现"}
SELFCHECK_PAGES = (
    ("/selfcheck", "自查"), ("/ledger", "台账"), ("/rectification", "整改"), ("/draws", "抽取"), ("/statistics", "月度统计"),
    ("/archives", "年底归档"),
)  # fmt: skip
CASE_PAGES = (("/cases", "按案件"), ("/missing", "逐条列出缺什么"), ("/queue", "待复核"), ("/agreement", "抽检与人工是否一致"))
DEVICE_PAGES = (
    ("/devices", "记录仪"), ("/availability", "设备完好率"), ("/sufficiency", "够不够用"),
    ("/plan-repair", "检修计划"), ("/plan-retire", "报废计划"), ("/plan-renew", "更新计划"),
)  # fmt: skip


def _days(asked: Asked) -> dict[str, str]:
    first, last = (date.fromisoformat(asked[name]) if asked[name] else None for name in ("from", "to"))
    return day_bounds(first, last)


def _clips(kit: Kit, unit: str, asked: Asked) -> Answer:
    return clip_page(kit, {"unit": unit, **_clip_filters(asked)}, after=asked["after"])


def _all_clips(kit: Kit, unit: str, asked: Asked) -> Answer:
    return clip_page(kit, {"unit": unit, **_clip_filters(asked)}, most=MOST)


def _clip_filters(asked: Asked) -> dict[str, str]:
    names = {"case_no": asked["case"], "recorder": asked["recorder"], "officer": asked["officer"], "state": asked["state"]}
    names |= {"place": asked["place"]}
    return names | _days(asked)


def _missing(kit: Kit, unit: str, asked: Asked) -> Answer:
    return missing_of(kit, unit=unit, case_no=asked["case"], sort=asked["sort"], **_days(asked))


def _queue(kit: Kit, unit: str, asked: Asked) -> Answer:
    days = _days(asked)
    return waiting(kit, unit=unit, officer=asked["officer"], since=days["since"], until=days["until"])


def _months(kit: Kit, unit: str, asked: Asked) -> list[Month]:
    """The month asked for, or the last twelve. Raises BadQuestion for one to come."""
    if asked["month"]:
        months = of_months(asked["month"], asked["month"], kit, unit)
    else:
        first = months_later(kit.today.replace(day=1), -11)
        months = of_months(f"{first:%Y-%m}", f"{kit.today:%Y-%m}", kit, unit)
    if not months:
        raise BadQuestion(what="月份", detail=f"{asked['month']} 尚未开始，没有可统计的日子")
    return months


def _availability(kit: Kit, unit: str, asked: Asked) -> Answer:
    months = _months(kit, unit, asked)
    return availability.of_one(months[0], unit, False, kit) if asked["month"] else availability.of_range(months, unit, False, kit)


def _plot(kit: Kit, unit: str, asked: Asked) -> str:
    return availability.plot(_months(kit, unit, asked))


def _device(kit: Kit, unit: str, asked: Asked) -> Answer:
    _assert_registered(unit, asked["recorder"], kit)
    return one_device(asked["recorder"], kit)


def _life(kit: Kit, unit: str, asked: Asked) -> Answer:
    _assert_registered(unit, asked["recorder"], kit)
    return life_of(asked["recorder"], kit)


def _assert_registered(unit: str, serial: str, kit: Kit) -> None:
    """Raises UnknownName for a recorder of another unit."""
    if unit and serial not in {device.serial for device in registered(kit, unit)}:
        raise UnknownName(what="记录仪", name=serial)


def _devices(kit: Kit, unit: str, asked: Asked) -> Answer:
    found = device_list(kit)
    rows = [row for row in found.rows if not unit or row["unit"] == unit]
    return Answer(found.name, found.title, found.columns, rows, {"count": len(rows)}, found.notes)


def _statistics(kit: Kit, unit: str, asked: Asked) -> Answer:
    if date.fromisoformat(f"{asked['month']}-01") > kit.today:
        raise BadQuestion(what="月份", detail=f"{asked['month']} 尚未开始，没有可统计的日子")
    return month_figures_of(month_figures(asked["month"], unit, kit), unit, asked["group"], False, kit)


def assert_announced_for(unit: str, number: int, kit: Kit) -> None:
    """Raises UnknownName for an announcement of another unit."""
    row = kit.store.row("one_announcement", seq=number)
    if unit and (row is None or unit_of(row["population"], kit) != unit):
        raise UnknownName(what="抽取公告", name=str(number))


def _drawn(kit: Kit, unit: str, asked: Asked) -> Answer:
    text = asked["number"]
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise UnknownName(what="抽取公告", name=text)
    assert_announced_for(unit, int(text), kit)
    return drawn_of(int(text), drawn(int(text), kit))


def _announced(kit: Kit, unit: str, _: Asked) -> Answer:
    return announcements(kit, unit)


def _drawn_at(row: dict[str, Any]) -> str | None:
    return address("/drawn", number=row["announced"]) if row["seed_from"] else None


def _losses(kit: Kit, unit: str, _: Asked) -> Answer:
    """Of the whole station: whose a file was that nobody can find is not known."""
    if unit:
        raise BadQuestion(what="单位", detail="损失核算只有全站的，不能按单位查看")
    return losses(kit)


def _agreement(kit: Kit, unit: str, asked: Asked) -> Answer:
    return agreement(kit, unit=unit, **_days(asked))


def _repair(kit: Kit, unit: str, _: Asked) -> Answer:
    return plans.repair_plan(SOON_DAYS, kit, unit=unit)


def _retire(kit: Kit, unit: str, _: Asked) -> Answer:
    return plans.retirement_plan(kit, unit=unit)


def _renew(kit: Kit, unit: str, _: Asked) -> Answer:
    return plans.renewal_plan(kit.today, kit, unit=unit)


def _at(path: str, **keys: str) -> Callable[[dict[str, Any]], str | None]:
    """A link to a page, with these of the row's values."""

    def link(row: dict[str, Any]) -> str | None:
        values = {name: row.get(key) for name, key in keys.items()}
        return address(path, **values) if all(values.values()) else None

    return link


def this_month(kit: Kit) -> str:
    return f"{kit.today:%Y-%m}"


TO_CLIP, TO_CASE, TO_DEVICE = _at("/clip", clip="clip"), _at("/case", no="case"), _at("/device", recorder="recorder")
TO_PROBLEM = _at("/problem", number="number")
TO_LIFE = _at("/device-life", recorder="recorder")
QUESTIONS = (
    Question(
        "/clips", "片段", "footage", _clips,
        (CASE, RECORDER, OFFICER, PLACE, SINCE, UNTIL, Filter("state", "状态", "choice", STATES)),
        {"clip": TO_CLIP, "name": TO_CLIP}, whole=_all_clips,
    ),
    Question(
        "/missing", "缺什么", "cases", _missing,
        (CASE, UNIT, SINCE, UNTIL, Filter("sort", "次序", "choice", ORDERS, lambda _: "case")),
        {"case": TO_CASE}, CASE_PAGES,
    ),
    Question("/queue", "待复核", "cases", _queue, (UNIT, OFFICER, SINCE, UNTIL), {"case": TO_CASE}, CASE_PAGES),
    Question("/agreement", "抽检与人工是否一致", "cases", _agreement, (SINCE, UNTIL), {}, CASE_PAGES),
    Question("/devices", "设备", "devices", _devices, (UNIT,), {"recorder": TO_DEVICE, "docked": TO_LIFE}, DEVICE_PAGES),
    Question("/device", "一台记录仪", "devices", _device, (RECORDER,), {}, DEVICE_PAGES),
    Question("/device-life", "一台记录仪的经历", "devices", _life, (RECORDER,), {}, DEVICE_PAGES),
    Question(
        "/availability", "设备完好率", "devices", _availability, (Filter("month", "月份（不填为近一年）", "month"), UNIT),
        {"recorder": TO_DEVICE, "month": _at("/availability", month="month")}, DEVICE_PAGES, plot=_plot,
    ),
    Question(
        "/sufficiency", "够不够用", "devices",
        lambda kit, unit, asked: enough_of(date.fromisoformat(asked["day"]), kit, unit=unit),
        (Filter("day", "日期", "day", default=lambda kit: kit.today.isoformat()), UNIT), {}, DEVICE_PAGES,
    ),
    Question("/plan-repair", "检修计划", "devices", _repair, (UNIT,), {"recorder": TO_DEVICE}, DEVICE_PAGES),
    Question("/plan-retire", "报废计划", "devices", _retire, (UNIT,), {"recorder": TO_DEVICE}, DEVICE_PAGES),
    Question("/plan-renew", "更新计划", "devices", _renew, (UNIT,), {}, DEVICE_PAGES),
    Question("/losses", "损失核算", "verify", _losses),
    Question(
        "/rectification", "整改", "selfcheck", lambda kit, unit, asked: problem_list(kit, unit=unit, only=asked["only"] or None),
        (UNIT, Filter("only", "状态", "choice", PROBLEMS)), {"case": TO_CASE, "number": TO_PROBLEM}, SELFCHECK_PAGES,
    ),
    Question("/draws", "抽取", "selfcheck", _announced, (), {"announced": _drawn_at}, SELFCHECK_PAGES),
    Question("/drawn", "抽取结果", "selfcheck", _drawn, (Filter("number", "公告"),), {"case": TO_CASE}, SELFCHECK_PAGES),
    Question(
        "/statistics", "月度统计", "selfcheck", _statistics,
        (Filter("month", "月份", "month", default=this_month), UNIT, Filter("group", "口径", "choice", LISTS, lambda _: "unit")),
        {}, SELFCHECK_PAGES,
    ),
)  # fmt: skip
ARCHIVES = Question("/archives", "年底归档", "selfcheck", lambda kit, unit, _: archives(kit, unit), (UNIT,))
"""Its page is one of its own, with what can be done there."""
