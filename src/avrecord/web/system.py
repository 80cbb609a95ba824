"""系统: is the service well, who may open the pages, what is set and where it comes from, and who did what lately."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response

from avrecord import __version__
from avrecord.model.moments import beijing, from_utc_text
from avrecord.pipeline.accounts import AccountFile
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.outstanding import outstanding
from avrecord.settings import origins
from avrecord.web.guard import Guard
from avrecord.web.shell import Shell
from avrecord.words import ROLE_NAMES, STATEMENTS

RECENT = 100


@dataclass(frozen=True, slots=True)
class Live:
    """What the service itself says: its slots, and whether it could take the next card."""

    status: Callable[[], dict[str, Any]]
    checks: Callable[[], list[dict[str, Any]]]


def routes(app: FastAPI, guard: Guard, shell: Shell, kit: Kit, live: Live) -> None:
    """The administrator's page and its JSON twin."""

    @app.get("/system")
    def page(request: Request) -> Response:
        return shell.page("system.html", guard.let_in(request, "system"), **_system(kit, live))

    @app.get("/system.json")
    def twin(request: Request) -> dict[str, Any]:
        guard.let_in(request, "system")
        return {"schema": "avrecord.system/1", **_system(kit, live)}


def _system(kit: Kit, live: Live) -> dict[str, Any]:
    status = live.status()
    accounts = AccountFile(kit.root).read().values()
    return {
        "version": __version__,
        "seconds_since_scan": status["seconds_since_scan"],
        "checks": live.checks(),
        "docks": [
            {"root": str(kit.root / root), "there": (kit.root / root).is_dir()} for root in kit.settings.dock.roots
        ],
        "slots": [
            {"slot": str(row.get("slot", "")), "recorder": row.get("recorder") or "", "title": str(row.get("title", "")),
             "detail": str(row.get("detail") or "")}
            for row in status["slots"]
        ],
        "store": _store(kit, status.get("store")),
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


def _store(kit: Kit, last: dict[str, Any] | None) -> dict[str, Any] | None:
    """The object store: what waits for it, and how the service's last round went."""
    if (waits := outstanding(kit)) is None:
        return None
    told, last = [], last or {}
    if last.get("kept_back"):
        told.append(f"{last['kept_back']} 个片段与封存时不同或存储中的内容不同，没有上传；请运行 verify。")
    if last.get("unlocked"):
        told.append(last["unlocked"])
    if last.get("owed"):
        told.append(f"{last['owed']} 个附件不在或已改动，没有上传；请运行 verify。")
    told += [f"市局的答复没有收下：{why}" for why in last.get("refused", ())]
    return {
        "name": waits.store,
        "waits": waits.text,
        "late": waits.is_late(kit.clock()),
        "at": beijing(from_utc_text(last["at"])) if last.get("at") else None,
        "told": told,
        "problem": last.get("problem"),
    }


def _value(value: object) -> str:
    """A setting as people read it."""
    if isinstance(value, tuple):
        return "、".join(map(str, value)) or "—"
    return str(value) if value != "" else "—"
