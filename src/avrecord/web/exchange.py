"""The interface for other systems: JSON over HTTP with a token. No session and no cookie: no browser can be led to it."""

from __future__ import annotations

import json
import re
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from avrecord.ledger.platform import COLUMNS, NOTES
from avrecord.pipeline.exchange import MOST_CASES, MOST_ROWS, index_page, push_cases
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.tokens import Token, TokenFile
from avrecord.web.guard import Turned
from avrecord.web.uploads import TooLarge, body
from avrecord.words.bureau import API_REFUSED

LARGEST = 8 << 20  # bytes of a push
SCHEME = "bearer "
NUMBER = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def routes(app: FastAPI, kit: Kit) -> None:
    """`/api/platform` (GET) and `/api/cases` (POST)."""
    tokens = TokenFile(kit.root)

    @app.get("/api/platform")
    def platform(request: Request) -> Response:
        """The platform index: `after` is the `next` of the page before, `most` up to 1,000 rows."""
        _let_in(request, tokens, "read")
        page = index_page(kit, _number(request, "after", -1), _number(request, "most", MOST_ROWS))
        columns = [{"key": key, "title": title} for key, title, _ in COLUMNS]
        head = {"schema": "avrecord.platform/1", "station": kit.station, "notes": list(NOTES), "columns": columns}
        return JSONResponse({**head, "rows": list(page.rows), "next": page.following})

    @app.post("/api/cases")
    async def cases(request: Request) -> Response:
        """Cases pushed by a case system: all valid, or none taken."""
        token = await run_in_threadpool(_let_in, request, tokens, "push")
        report = await run_in_threadpool(push_cases, kit, await _cases(request), token.number)
        invalid = [{"row": number - 1, "why": why} for number, why in report.file.invalid]  # the table has a header
        answer = {
            "schema": "avrecord.pushed/1",
            "taken": not invalid,
            "new": len(report.new) if not invalid else 0,
            "changed": len(report.changed) if not invalid else 0,
            "unchanged": report.unchanged,
            "invalid": invalid,
        }
        return JSONResponse(answer, 422 if invalid else 200)


def _let_in(request: Request, tokens: TokenFile, deed: str) -> Token:
    given = request.headers.get("authorization", "")
    token = tokens.of(given[len(SCHEME) :].strip()) if given.lower().startswith(SCHEME) else None
    if token is None:
        raise _turned(401, "unknown")
    if deed not in token.may:
        raise _turned(403, "not_yours")
    return token


async def _cases(request: Request) -> list[dict[str, Any]]:
    try:
        cases = json.loads(await body(request, LARGEST))["cases"]
    except TooLarge as error:
        raise _turned(413, "too_large") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _turned(400, "no_cases") from error
    if not isinstance(cases, list) or not cases or len(cases) > MOST_CASES or not all(isinstance(case, dict) for case in cases):
        raise _turned(400, "no_cases")
    return cases


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    if not text:
        return otherwise
    if not NUMBER.fullmatch(text) or (name == "most" and int(text) < 1):
        raise _turned(400, "no_number")
    return int(text)


def _turned(status: int, why: str) -> Turned:
    return Turned(JSONResponse({"error": API_REFUSED[why]}, status, {"WWW-Authenticate": "Bearer"} if status == 401 else {}))
