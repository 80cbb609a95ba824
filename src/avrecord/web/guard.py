"""Who may open which page: login, session cookie, and the roles' parts. A page that is not listed as open asks for a login."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment

from avrecord.errors import BadAccount
from avrecord.pipeline.accounts import AccountFile, Door
from avrecord.pipeline.kit import Kit
from avrecord.rules.roles import Account, may_see
from avrecord.words import ROLE_NAMES

COOKIE = "avrecord"
LARGEST_FORM = 4096
FORBIDDEN = '<!doctype html><meta charset="utf-8"><p>您的角色不能查看这个页面。<a href="/cases">返回</a></p>'


class Guard:
    """The door of the pages."""

    def __init__(self, kit: Kit, pages: Environment) -> None:
        self.door = Door(AccountFile(kit.root), kit.clock)
        self.pages = pages
        self.kit = kit

    def routes(self, app: FastAPI) -> None:
        """Login and logout."""

        @app.get("/login", response_class=HTMLResponse)
        def login_page(to: str = "/cases") -> str:
            return self._login("", to)

        @app.post("/login")
        async def login(request: Request) -> Response:
            form = await _form(request)
            if form is None or not _is_own(request):
                return HTMLResponse(self._login("请从本页面登录。", "/cases"), 403)
            try:
                token = await run_in_threadpool(self.door.log_in, form.get("name", ""), form.get("password", ""))
            except BadAccount as error:
                return HTMLResponse(self._login(str(error.facts["detail"]), form.get("to", "")), 403)
            answer = RedirectResponse(inside(form.get("to", "")), 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
            return answer

        @app.post("/logout")
        async def logout(request: Request) -> Response:
            if not _is_own(request):
                return HTMLResponse(FORBIDDEN, 403)
            self.door.log_out(request.cookies.get(COOKIE, ""))
            answer = RedirectResponse("/login", 303)
            answer.delete_cookie(COOKIE, path="/")
            return answer

    def let_in(self, request: Request, part: str) -> Account | Response:
        """The account, or what to answer instead: the login, or that this is not theirs to see."""
        account = self.door.who_is(request.cookies.get(COOKIE, ""))
        if account is None:
            if request.url.path.endswith(".json"):
                return Response('{"error": "login required"}\n', 401, media_type="application/json")
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/login?to={quote(back, safe='')}", 303)
        return account if may_see(account, part) else HTMLResponse(FORBIDDEN, 403)

    def _login(self, said: str, to: str) -> str:
        nobody = not self.door.file.read()
        return self.pages.get_template("login.html").render(
            station=self.kit.settings.station, said=said, to=inside(to), nobody=nobody
        )


def shown(account: Account) -> dict[str, Any]:
    """Who is logged in, for the page's head."""
    return {"name": account.name, "role": ROLE_NAMES[account.role], "unit": account.unit}


def inside(to: str) -> str:
    """A path of ours, whatever was asked for: no other host, no scheme, no backslash that browsers take for a slash."""
    parts = urlsplit(to)
    fine = to.startswith("/") and not to.startswith("//") and not parts.netloc and not parts.scheme and "\\" not in to
    return to if fine and to.isprintable() else "/cases"


def _is_own(request: Request) -> bool:
    """Whether a form came from a page of ours: the browser says so itself."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    return site in (None, "same-origin", "none") and (origin is None or urlsplit(origin).netloc == host)


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of a small form; None for anything larger or of another kind."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > LARGEST_FORM:
            return None
    try:
        return {key: values[0] for key, values in parse_qs(content.decode(), max_num_fields=10).items()}
    except ValueError:
        return None
