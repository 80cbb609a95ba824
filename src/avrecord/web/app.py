"""The status page, its JSON twin, and `/healthz`. Plain HTML, no scripts, nothing from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from avrecord import __version__
from avrecord.errors import AvrecordError
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline import witnessing
from avrecord.pipeline.kit import Kit
from avrecord.web import (
    archive,
    campaigning,
    cases,
    deciding,
    elsewhere,
    exchange,
    following,
    footage,
    home,
    imports,
    ledgers,
    rectifying,
    selfcheck,
    system,
    tables,
    verifying,
)
from avrecord.web.bureau import BUREAU_QUESTIONS
from avrecord.web.guard import Guard, Turned
from avrecord.web.jobs import Jobs
from avrecord.web.questions import QUESTIONS
from avrecord.web.shell import Shell, template
from avrecord.web.uploads import TooLarge, body
from avrecord.words import LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL

LARGEST_REQUEST = 1 << 16
SPARE = 2 << 30  # bytes beside the reserve that long work leaves free
REFUSED = {404: "没有这个页面。", 405: "这个地址不能这样打开，请从页面上操作。", 422: "填写的内容读不懂。"}
STALE_SECONDS = 600  # a card of 64 GB takes longer than one rescan, but reports progress meanwhile
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it Chromium sends `Origin: null` with our own forms, and nobody could log in.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def build(kit: Kit, status: Callable[[], dict[str, Any]], checks: Callable[[], list[dict[str, Any]]] = list) -> FastAPI:
    """The application. `status` gives the service's own state without I/O, `checks` what a station needs for the next card."""
    app = FastAPI(title="avrecord", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    # Another name for this machine (DNS rebinding) would let any page of a browser read this one.
    app.add_middleware(
        TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", kit.settings.web.host, *kit.settings.web.names]
    )
    shell = Shell(kit)
    guard = Guard(kit, shell)

    @app.middleware("http")
    async def headers(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    _errors(app, guard, shell)

    @app.get("/healthz")
    async def healthz() -> JSONResponse:
        """Alive: the last scan is not too long ago. No I/O, so it answers while the disk hangs."""
        since = status()["seconds_since_scan"]
        alive = since is None or since < STALE_SECONDS
        return JSONResponse({"status": "ok" if alive else "stalled", "seconds_since_scan": since}, 200 if alive else 503)

    @app.get("/status.json")
    def status_json() -> dict[str, Any]:
        return overview(kit, status())

    @app.get("/", response_class=HTMLResponse)
    def page(request: Request) -> Response:
        return shell.page("status.html", guard.who(request), **overview(kit, status()))

    @app.get("/witness/{origin}/checkpoint")
    async def last_cosigned(origin: str) -> Response:
        """C2SP tlog-witness, read side: what this witness last cosigned for a log (hex SHA-256 of its origin)."""
        text = await run_in_threadpool(witnessing.last_cosigned, kit, origin)
        return PlainTextResponse(text) if text else PlainTextResponse("unknown log\n", 404)

    @app.post("/witness/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        """C2SP tlog-witness: cosign another station's checkpoint. Small bodies only."""
        try:
            content = await body(request, LARGEST_REQUEST)
        except TooLarge:
            return Response("too large\n", 413)
        reply = await run_in_threadpool(witnessing.answer, kit, content.decode("utf-8", "replace"))
        # As a header: given as a media type, a charset would be appended, and clients compare the whole.
        return Response(reply.body, reply.status, headers={"Content-Type": reply.media_type})

    guard.routes(app)
    jobs = Jobs(kit.root, kit.clock, (kit.settings.vault.reserve_mib << 20) + SPARE)
    home.routes(app, guard, shell, kit, status)
    cases.routes(app, guard, shell, kit)
    footage.routes(app, guard, shell, kit, jobs)
    verifying.routes(app, guard, shell, kit, jobs)
    following.routes(app, guard, shell, kit, jobs)
    selfcheck.routes(app, guard, shell, kit, jobs)
    ledgers.routes(app, guard, shell, kit)
    rectifying.routes(app, guard, shell, kit)
    archive.routes(app, guard, shell, kit, jobs)
    imports.routes(app, guard, shell, jobs)
    campaigning.routes(app, guard, shell, kit)
    elsewhere.routes(app, guard, shell, kit, jobs)
    deciding.routes(app, guard, shell, kit)
    exchange.routes(app, kit)
    system.routes(app, guard, shell, kit, system.Live(status, checks))
    for question in (*QUESTIONS, *BUREAU_QUESTIONS):
        tables.routes(app, guard, shell, kit, question)

    @app.get("/style.css")
    async def style() -> Response:
        return Response(template("style.css"), media_type="text/css")

    @app.get("/icon.svg")
    async def icon() -> Response:
        return Response(template("icon.svg"), media_type="image/svg+xml")

    @app.get("/page.js")
    async def script() -> Response:
        return Response(template("page.js"), media_type="text/javascript")

    return app


def _errors(app: FastAPI, guard: Guard, shell: Shell) -> None:
    """Every way in which a request ends badly, in words. Not `async`: they read files."""

    @app.exception_handler(Turned)
    def turned(_: Request, error: Turned) -> Response:
        return error.answer

    @app.exception_handler(AvrecordError)
    def failed(request: Request, error: AvrecordError) -> Response:
        return shell.failure(request, error, guard.who(request))

    @app.exception_handler(StarletteHTTPException)
    def refused(request: Request, error: StarletteHTTPException) -> Response:
        said = REFUSED.get(error.status_code, "这个请求办不了。")
        return shell.problem(request, error.status_code, said, guard.who(request))

    @app.exception_handler(RequestValidationError)
    def unreadable(request: Request, _: RequestValidationError) -> Response:
        return shell.problem(request, 422, REFUSED[422], guard.who(request))

    @app.exception_handler(Exception)
    def unforeseen(request: Request, error: Exception) -> Response:
        """Answered outside of all middleware, and raised again for the server's log."""
        detail = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        answer = shell.problem(request, 500, str(AvrecordError(detail=detail)))
        answer.headers.update(HEADERS)
        return answer


def overview(kit: Kit, live: dict[str, Any]) -> dict[str, Any]:
    """Everything the page shows, as its JSON twin gives it."""
    checkpoint = [*kit.log.checkpoint().split("\n"), "", "", ""][:3]
    return {
        "schema": "avrecord.status_page/1",
        "station": {"id": kit.station, "name": kit.settings.station.name, "unit": kit.settings.station.unit},
        "version": __version__,
        "now": beijing(kit.clock()),
        "slots": live["slots"],
        "seconds_since_scan": live["seconds_since_scan"],
        "totals": kit.records.store.row("totals"),
        "dockings": [_docking(row) for row in kit.records.store.rows("recent_dockings")],
        "log": {"size": kit.log.size, "root": checkpoint[2]},
        "free_gb": round(kit.vault.free() / 1e9, 1),
        "limits": [LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL],
    }


def _docking(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"seen_at_beijing": beijing(from_utc_text(row["seen_at"])), "recorder": row["recorder"] or None}
