"""系统: who may open the pages, what is set and where it comes from, and who did what lately."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request, Response

from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.accounts import AccountFile
from avrecord.pipeline.kit import Kit
from avrecord.settings import origins
from avrecord.web.guard import Guard
from avrecord.web.shell import Shell
from avrecord.words import ROLE_NAMES, STATEMENTS

RECENT = 100


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit) -> None:
    """The administrator's page and its JSON twin."""

    @app.get("/system")
    def page(request: Request) -> Response:
        return shell.page("system.html", guard.let_in(request, "system"), **_system(kit))

    @app.get("/system.json")
    def twin(request: Request) -> dict[str, Any]:
        guard.let_in(request, "system")
        return {"schema": "avrecord.system/1", **_system(kit)}


def _system(kit: Kit) -> dict[str, Any]:
    accounts = AccountFile(kit.root).read().values()
    return {
        "users": [
            {"name": each.account.name, "number": each.account.number, "role": ROLE_NAMES[each.account.role],
             "unit": each.account.unit or "全部", "disabled": each.disabled}
            for each in accounts
        ],
        "settings": [
            {"name": name, "value": _value(value), "from": where} for name, value, where in origins(kit.settings, kit.root)
        ],
        "recent": [
            {"at": beijing(from_utc_text(row["at"])), "by": row["by_whom"], "what": STATEMENTS.get(row["kind"], row["kind"]),
             "row": f"log:{row['seq']}"}
            for row in kit.store.rows("recent_statements", limit=RECENT)
        ],
    }  # fmt: skip


def _value(value: object) -> str:
    """A setting as people read it."""
    if isinstance(value, tuple):
        return "、".join(map(str, value)) or "—"
    return str(value) if value != "" else "—"
