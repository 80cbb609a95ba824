"""总览: what needs somebody's attention now, each with where to see it. Nothing is counted that the reader may not open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response

from avrecord.model.moments import beijing, utc_text
from avrecord.model.spans import months_later
from avrecord.pipeline import problems
from avrecord.pipeline.care import utc_of
from avrecord.pipeline.holding import flagged
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import missing
from avrecord.pipeline.outstanding import outstanding
from avrecord.pipeline.planning import enough, repairs
from avrecord.pipeline.space import days_left_text, space_left
from avrecord.rules.roles import Account, may_see
from avrecord.web.guard import Guard
from avrecord.web.shell import Shell, address
from avrecord.words import DEVICE_FLAGS, LACKS, UNITLESS

FAULTY = ("fault", "incomplete", "no_space", "stalled")  # states of a slot that somebody should look at
STALE = timedelta(minutes=5)
Live = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Matter:
    """One line: what, how many, in words, where to see it. `urgent`: it stands in red."""

    what: str
    title: str
    count: int
    words: str
    link: str
    urgent: bool


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, live: Live) -> None:
    """The overview and its JSON twin."""
    lately = _Lately()

    @app.get("/home")
    def page(request: Request) -> Response:
        account = guard.let_in(request, "home")
        found = list(matters(account, kit, live, lately))
        return shell.page("home.html", account, matters=found, totals=kit.records.store.row("totals"))

    @app.get("/home.json")
    def twin(request: Request) -> dict[str, Any]:
        account = guard.let_in(request, "home")
        rows = [asdict(each) for each in matters(account, kit, live, lately)]
        return {"schema": "avrecord.home/1", "at": utc_text(kit.clock()), "rows": rows}


def matters(account: Account, kit: Kit, live: Live, lately: _Lately) -> Iterator[Matter]:
    """What this account should look at; matters without anything to do say so."""
    if may_see(account, "cases"):
        yield lately.missing(account.unit, kit)
    if may_see(account, "selfcheck"):
        yield _overdue(account.unit, kit)
    if may_see(account, "footage") and not account.unit:  # whose they are is the very question
        yield _set_aside(kit)
    if may_see(account, "devices"):
        yield from _devices(account.unit, kit)
    yield from _dock(kit, live)


class _Lately:
    """What takes seconds at a large bureau is reckoned once in a while, and says when."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[datetime, Matter]] = {}

    def missing(self, unit: str, kit: Kit) -> Matter:
        now, (at, found) = kit.clock(), self._found.get(unit, (None, None))
        if at is None or found is None or not timedelta(0) <= now - at < STALE:
            found = _missing(unit, kit)
            self._found[unit] = (now, found)
        return found


def _missing(unit: str, kit: Kit) -> Matter:
    first = months_later(kit.today.replace(day=1), -1)
    found = missing(kit, unit=unit, since=utc_of(first), until=utc_text(kit.clock()))
    cases, counts = {lack.stage.id.case for lack in found}, Counter(lack.what for lack in found)
    told = "，".join(f"{LACKS[what]} {count} 处" for what, count in counts.most_common())
    words = f"上月以来有 {len(cases)} 件案件缺少清单要求的内容：{told}" if found else "上月以来没有发现缺少的内容"
    words += f"（{beijing(kit.clock(), '%H:%M')} 统计）"
    return Matter(
        "missing", "案件缺录像", len(cases), words, address("/missing", **{"from": first}), bool(counts.get("no_footage"))
    )


def _overdue(unit: str, kit: Kit) -> Matter:
    found = problems.problems(kit, unit=unit)
    late = problems.overdue(found, kit)
    still = sum(each.closed_at is None for each in found)
    words = f"未销号 {still} 个，其中逾期 {len(late)} 个" if still else "没有未销号的整改问题"
    return Matter(
        "rectification", "整改", len(late), words, address("/rectification", only="overdue" if late else "open"), bool(late)
    )


def _set_aside(kit: Kit) -> Matter:
    count = int((kit.store.row("totals") or {"set_aside": 0})["set_aside"])
    words = f"{count} 个文件没有设备归属、损坏或未完整读出，需要有人认领或查明" if count else "没有待查的文件"
    return Matter("set_aside", "待认领 / 待查", count, words, address("/clips", state="set_aside"), False)


def _devices(unit: str, kit: Kit) -> Iterator[Matter]:
    due = [each for each in repairs(30, kit) if not unit or each.device.unit == unit]
    words = f"30 天内应检修 {len(due)} 台" if due else "30 天内没有应检修的记录仪"
    yield Matter("repair", "检修", len(due), words, "/plan-repair", any(each.due <= kit.today for each in due))
    short = [each for each in enough(kit.today, kit) if each.short and (not unit or each.unit == unit)]
    lacking = sum(each.short for each in short)
    told = "、".join(f"{each.unit or UNITLESS} {each.short} 台" for each in short)
    words = f"今天缺 {lacking} 台：{told}" if short else "今天够用"
    yield Matter("sufficiency", "够不够用", lacking, words, "/sufficiency", bool(short))
    if not unit:
        counts = Counter(flag.kind for flag in flagged(kit.today, kit))
        told = "、".join(f"{DEVICE_FLAGS[kind]} {count}" for kind, count in counts.items())
        yield Matter("flags", "设备标记", sum(counts.values()), told or "没有需要核对的记录仪", "/devices", False)


def _dock(kit: Kit, live: Live) -> Iterator[Matter]:
    bad = [slot for slot in live()["slots"] if slot["state"] in FAULTY]
    words = "；".join(f"{slot['recorder'] or slot['slot']}：{slot['title']}" for slot in bad) or "停靠位没有故障"
    yield Matter("dock", "停靠位", len(bad), words, "/", bool(bad))
    fine, told = days_left_text(space_left(kit), kit.settings.vault.warn_days)
    yield Matter("space", "磁盘空间", 0 if fine else 1, told, "/", not fine)
    if waits := outstanding(kit):
        yield Matter("sync", "上传", waits.clips, waits.text, "/", waits.is_late(kit.clock()))
