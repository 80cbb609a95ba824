"""What monitors ask beside `/healthz`: `/readyz` and `/metrics`, added to the pages' application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from avrecord.pipeline.kit import Kit
from avrecord.service.metrics import CONTENT_TYPE, Happened, Metrics, Station
from avrecord.service.ready import Readiness


def with_probes(app: FastAPI, kit: Kit, status: Callable[[], dict[str, Any]], happened: Happened, ready: Readiness) -> FastAPI:
    """The application with both routes. They answer from threads: a hanging disk must not hold `/healthz` up."""
    metrics = Metrics(Station(kit, status, happened, ready))

    @app.get("/readyz")
    def readyz() -> JSONResponse:
        answer = ready.answer()
        return JSONResponse(answer, 200 if answer["ready"] else 503)

    @app.get("/metrics")
    def scrape() -> Response:
        return Response(metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    return app
