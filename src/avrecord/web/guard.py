"""Who may open which page and do what: login, session cookie, the roles' parts, and forms that only our pages can send."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse

from avrecord.errors import BadAccount
from avrecord.pipeline.accounts import AccountFile, Door
from avrecord.pipeline.kit import Kit
from avrecord.rules.roles import Account, may_do, may_see, narrowed
from avrecord.web.shell import Shell
from avrecord.web.uploads import Sent, TooLarge, body, received

COOKIE = "avrecord"
BY_ITSELF = "x-avrecord-again"  # a page that comes again by itself is nobody at work
LARGEST_FORM = 1 << 16
Form = dict[str, str]


class Turned(Exception):
    """What is answered instead: the login, or that this is not theirs. Raised, so that no route can forget to look."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status_code)
        self.answer = answer


class Guard:
    """The door of the pages."""

    def __init__(self, kit: Kit, shell: Shell) -> None:
        self.door = Door(AccountFile(kit.root), kit.clock)
        self.shell = shell

    def routes(self, app: FastAPI) -> None:
        """Login and logout."""

        @app.get("/login", response_class=HTMLResponse)
        def login_page(to: str = "/home") -> Response:
            return self._login("", to)

        @app.post("/login")
        async def login(request: Request) -> Response:
            form = await _form(request)
            if form is None or not _is_own(request):
                return self._login("请从本页面登录。", "/home", 403)
            try:
                token = await run_in_threadpool(self.door.log_in, form.get("name", ""), form.get("password", ""))
            except BadAccount as error:
                return self._login(str(error.facts["detail"]), form.get("to", ""), 403)
            answer = RedirectResponse(inside(form.get("to", "")), 303)
            secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
            return answer

        @app.post("/logout")
        async def logout(request: Request) -> Response:
            if not _is_own(request):
                raise self.turned(request, None)
            self.door.log_out(token_of(request))
            answer = RedirectResponse("/login", 303)
            answer.delete_cookie(COOKIE, path="/")
            return answer

    def let_in(self, request: Request, part: str) -> Account:
        """Who asks. Raises Turned for nobody, and for one who may not see this part."""
        account = self.door.who_is(token_of(request), by_itself=BY_ITSELF in request.headers)
        if account is None:
            if request.url.path.endswith(".json"):
                raise Turned(Response('{"error": "login required"}\n', 401, media_type="application/json"))
            back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            raise Turned(RedirectResponse(f"/login?to={quote(back, safe='')}", 303))
        if not may_see(account, part):
            raise self.turned(request, account)
        return account

    def unit(self, request: Request, account: Account, unit: str) -> str:
        """The unit that may be asked about ("" for all). Raises Turned for another's."""
        mine = narrowed(account, unit)
        if mine is None:
            raise self.turned(request, account)
        return mine

    async def acting(self, request: Request, deed: str) -> tuple[Account, Form]:
        """Who does it, and the form. Raises Turned. A form without its session's word came from elsewhere."""
        account = await self._doer(request, deed)
        return account, self._own(request, account, await _form(request))

    @asynccontextmanager
    async def sending(self, request: Request, deed: str, most: int) -> AsyncIterator[tuple[Account, Form, Mapping[str, Sent]]]:
        """Who sends files, the form, and the files, of at most `most` bytes in all. Raises Turned.

        Nothing is read from one who may not.
        """
        account = await self._doer(request, deed)
        try:
            async with received(request, most) as found:
                yield account, self._own(request, account, found and found[0]), found[1] if found else {}
        except TooLarge:
            said = f"文件太大（最大 {most >> 20} MB），没有保存。"
            raise Turned(self.shell.problem(request, 413, said, account)) from None

    async def _doer(self, request: Request, deed: str) -> Account:
        account = await run_in_threadpool(self.door.who_is, token_of(request))
        if account is None:
            raise Turned(RedirectResponse("/login", 303))
        if not may_do(account, deed):
            raise self.turned(request, account)
        return account

    def _own(self, request: Request, account: Account, form: Form | None) -> Form:
        word = self.word(request)
        if form is None or not _is_own(request) or not hmac.compare_digest(form.get("word", "").encode(), word.encode()):
            raise self.turned(request, account)
        return form

    def word(self, request: Request) -> str:
        """What this session's forms carry."""
        return self.door.form_word(token_of(request))

    def who(self, request: Request) -> Account | None:
        """Who asks, for the head of a page that is everybody's; looking at it is no sign of being at work."""
        return self.door.who_is(token_of(request), by_itself=True)

    def turned(self, request: Request, account: Account | None) -> Turned:
        """That this is not theirs."""
        return Turned(self.shell.problem(request, 403, "您的角色不能查看或办理这一项。", account))

    def _login(self, said: str, to: str, status: int = 200) -> Response:
        nobody = not self.door.file.read()
        return self.shell.page("login.html", None, status, said=said, to=inside(to), nobody=nobody)


def token_of(request: Request) -> str:
    return request.cookies.get(COOKIE, "")


def inside(to: str) -> str:
    """A path of ours, whatever was asked for: no other host, no scheme, no backslash that browsers take for a slash."""
    parts = urlsplit(to)
    fine = to.startswith("/") and not to.startswith("//") and not parts.netloc and not parts.scheme and "\\" not in to
    return to if fine and to.isprintable() else "/home"


def _is_own(request: Request) -> bool:
    """Whether a form came from a page of ours: the browser says so itself."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    return site in (None, "same-origin", "none") and (origin is None or urlsplit(origin).netloc == host)


async def _form(request: Request) -> Form | None:
    """The fields of a small form; None for anything larger or of another kind."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    try:
        content = await body(request, LARGEST_FORM)
    except TooLarge:
        return None
    try:
        return {key: values[0] for key, values in parse_qs(content.decode(), max_num_fields=20).items()}
    except ValueError:
        return None
