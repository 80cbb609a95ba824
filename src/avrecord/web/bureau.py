"""市局: every station at a glance, the campaigns, and each table of a station asked of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from avrecord.errors import BadQuestion
from avrecord.pipeline.kit import Kit
from avrecord.reads.across import across
from avrecord.reads.answer import Answer
from avrecord.reads.campaigns import campaign, campaigns
from avrecord.reads.letters import left_reviews
from avrecord.reads.town import town
from avrecord.web.questions import QUESTIONS
from avrecord.web.shell import address
from avrecord.web.tables import Act, Asked, Filter, Question

ASKED = (
    "/missing", "/queue", "/agreement", "/clips", "/devices", "/device", "/device-life", "/availability", "/sufficiency",
    "/plan-repair", "/plan-retire", "/plan-renew", "/rectification", "/statistics",
)  # fmt: skip
"""Tables that need the index alone. A draw is a station's, and losses are counted where the cards are docked."""
FIRST = ("/missing", "/queue", "/clips", "/devices", "/availability", "/rectification", "/statistics")
STATION = Filter("station", "采集站编号（不填为全部）")
CAMPAIGN = Filter("campaign", "任务")
BEGIN = tuple(
    Act("campaign", "/bureau-campaigns/begin", title, {"scope": scope})
    for scope, title in (("new", "核验新片段"), ("all", "核验全部片段"))
)
SET = tuple(
    Act("campaign", "/bureau-campaign/set", title, {"to": to})
    for to, title in (("pause", "暂停"), ("resume", "接着做"), ("cancel", "取消"))
)


def _whole(ask: Callable[[Kit, Asked], Answer]) -> Callable[[Kit, str, Asked], Answer]:
    """A page about the town as a whole. Raises BadQuestion for an account of one unit."""

    def answer(kit: Kit, unit: str, asked: Asked) -> Answer:
        if unit:
            raise BadQuestion(what="单位", detail="市局总览只有全局的，不能按单位查看")
        return ask(kit, asked)

    return answer


def _of_one(question: Question, unit: str, asked: Asked, view: Kit) -> Answer:
    return question.answer(view, unit, asked)


def _asked(question: Question) -> Question:
    """A table of a station over all of them. Its links lead to pages of the station itself; here a clip's lead to its copy."""

    def answer(kit: Kit, unit: str, asked: Asked) -> Answer:
        return across(kit, partial(_of_one, question, unit, asked), asked["station"] or None)

    filters = (STATION, *question.filters)
    links = {key: _to_clip for key in ("clip", "name") if question.path == "/clips"}
    links |= {"case": _to_case} if question.path in ("/missing", "/queue") else {}
    return Question(f"/bureau{question.path}", f"各站{question.title}", question.part, answer, filters, links, whole=answer)


def _campaigns(kit: Kit, _: Asked) -> Answer:
    return campaigns(kit)


def _campaign(kit: Kit, asked: Asked) -> Answer:
    return campaign(asked["campaign"], kit)


def _reviews(kit: Kit, unit: str, asked: Asked) -> Answer:
    """Raises BadQuestion for an account of one unit: the bureau's own log knows no units."""
    if unit:
        raise BadQuestion(what="单位", detail="市局的复核只有全局的，不能按单位查看；本单位的见各案件的页面")
    return left_reviews(kit, asked["station"])


def _to_station(row: dict[str, Any]) -> str:
    return address("/bureau/missing", station=row["station"])


def _to_clip(row: dict[str, Any]) -> str:
    return address("/bureau/clip", station=row["station"], clip=row["clip"])


def _to_case(row: dict[str, Any]) -> str:
    return address("/bureau/case", station=row["station"], no=row["case"])


def _to_campaign(row: dict[str, Any]) -> str:
    return address("/bureau-campaign", campaign=row["campaign"])


_TABLES = [_asked(each) for each in QUESTIONS if each.path in ASKED]
RELATED = (
    ("/bureau", "采集站"),
    ("/bureau-campaigns", "批量任务"),
    ("/bureau-reviews", "市局的复核"),
    *((each.path, each.title) for each in _TABLES if each.path.removeprefix("/bureau") in FIRST),
)
BUREAU_QUESTIONS = (
    Question("/bureau", "市局", "bureau", _whole(lambda kit, _: town(kit)), (), {"station": _to_station}, RELATED),
    Question(
        "/bureau-campaigns",
        "批量任务",
        "bureau",
        _whole(lambda kit, _: campaigns(kit)),
        (),
        {"campaign": _to_campaign},
        RELATED,
        acts=BEGIN,
    ),
    Question(
        "/bureau-campaign",
        "一个批量任务",
        "bureau",
        _whole(lambda kit, asked: campaign(asked["campaign"], kit)),
        (CAMPAIGN,),
        {},
        RELATED,
        acts=SET,
    ),
    Question(
        "/bureau-reviews",
        "市局的复核",
        "cases",
        _reviews,
        (STATION,),
        {"case": _to_case},
        RELATED,
    ),
    *(replace(each, related=RELATED) for each in _TABLES),
)
