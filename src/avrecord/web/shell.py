"""What every page has: the station's name, the parts that this person may open, and errors in words."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape

from avrecord.errors import AvrecordError, UnknownName
from avrecord.pipeline.kit import Kit
from avrecord.rules.roles import Account, may_do, may_see
from avrecord.words import ROLE_NAMES


@dataclass(frozen=True, slots=True)
class Tab:
    """One entry of the pages' head."""

    path: str
    title: str
    part: str


TABS = (
    Tab("/home", "总览", "home"),
    Tab("/cases", "案件", "cases"),
    Tab("/queue", "待复核", "cases"),
    Tab("/clips", "片段", "footage"),
    Tab("/devices", "设备", "devices"),
    Tab("/verify", "核验", "verify"),
    Tab("/selfcheck", "自查", "selfcheck"),
    Tab("/imports", "导入", "imports"),
    Tab("/bureau", "市局", "bureau"),
    Tab("/system", "系统", "system"),
    Tab("/", "采集", "dock"),
)
BUREAU = "bureau"  # the folder in which a bureau keeps its stations
STATUS = {30: 503, 32: 400}
"""HTTP status for an error's exit code (`errors.py`); 503 for the others: the station cannot answer now."""


class Shell:
    """Renders pages."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.parts: dict[str, str] = {}
        """Of which part each table is, so that a page leads nobody to one that is not theirs."""
        self.templates = Environment(
            loader=FunctionLoader(template), autoescape=select_autoescape(default=True), undefined=StrictUndefined
        )
        self.templates.globals.update(station=kit.settings.station, address=address, may_do=may_do)

    def page(self, name: str, account: Account | None, status: int = 200, **content: Any) -> HTMLResponse:
        """A page as this account sees it; None: nobody is logged in."""
        tabs = [tab for tab in TABS if account and may_see(account, tab.part) and self._is_at_work(tab)]
        who = {"name": account.name, "role": ROLE_NAMES[account.role], "unit": account.unit} if account else None
        found = self.templates.get_template(name)
        return HTMLResponse(found.render(content, tabs=tabs, who=who, account=account, page=name), status)

    def _is_at_work(self, tab: Tab) -> bool:
        """Most stations are no bureau, and a bureau is one once a station was taken; and then for who may ask about all units."""
        return tab.part != "bureau" or (self.kit.root / BUREAU).is_dir()

    def problem(self, request: Request, status: int, said: str, account: Account | None = None) -> Response:
        """What went wrong, as a page or, for a twin and for other systems, as JSON."""
        if request.url.path.endswith(".json") or request.url.path.startswith("/api/"):
            return JSONResponse({"error": said}, status)
        return self.page("problem.html", account, status, said=said)

    def failure(self, request: Request, error: AvrecordError, account: Account | None = None) -> Response:
        """An error of the product in its own words."""
        status = 404 if isinstance(error, UnknownName) else STATUS.get(error.exit_code, 503)
        return self.problem(request, status, str(error), account)


def address(path: str, **asked: object) -> str:
    """An address of ours with what is asked for; empty values are left out."""
    given = {key: str(value) for key, value in asked.items() if value not in ("", None)}
    return quote(path) + (f"?{urlencode(given)}" if given else "")


def template(name: str) -> str:
    return files("avrecord.web").joinpath("templates", name).read_text("utf-8")
