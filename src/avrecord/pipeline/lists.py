"""The bureau's list: read from its own workbook, confirmed, adopted as a version, compared with others."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from avrecord.errors import BadInput, UnknownName
from avrecord.ledger.checklists import Draft, read_draft
from avrecord.ledger.listin import Said, read_proposal
from avrecord.ledger.listtoml import proposal_toml
from avrecord.ledger.listwords import read_words
from avrecord.model.checklist import Checklist
from avrecord.model.moments import BEIJING
from avrecord.model.proposal import Proposal
from avrecord.model.statement import ChecklistAdopted
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.store import documents

WORDS = Path("config") / "checklist-words.toml"


@dataclass(frozen=True, slots=True)
class Version:
    """One adopted version with where the log says so."""

    checklist: Checklist
    seq: int
    adopted_at: str
    by: str


def propose(path: Path, sheet: str | None, said: Said, kit: Kit) -> Proposal:
    """Read a bureau's own list. States nothing. Raises BadInput or ConfigError."""
    words = read_words(kit.root / WORDS, kit.segments)
    return read_proposal(path, sheet, said, words, kit.segments, kit.today)


def proposal_text(found: Proposal, path: Path, out: Path, kit: Kit) -> str:
    """The proposal as TOML, naming the workbook by its digest and its place beside `out`."""
    names = {code: table.get("name", code) for code, table in kit.segments.items()}
    source = os.path.relpath(path.resolve(), out.resolve().parent)
    return proposal_toml(found, Path(source).as_posix(), hashlib.sha256(path.read_bytes()).hexdigest(), names)


def adopt_checklist(
    path: Path, by: str, kit: Kit, *, source: Path | None = None, confirm_all: bool = False
) -> tuple[Checklist, bool]:
    """Adopt a version of the list; False when exactly this version is adopted already.

    Items of a proposal must be confirmed, one by one in the file or, with `confirm_all`, at once: that is stated with their
    number. The workbook that a proposal came from is kept as an attachment; `source` names it where it was moved.
    Raises BadInput.
    """
    draft = read_draft(path, kit.segments)
    if draft.unconfirmed and not confirm_all:
        raise BadInput(path=path, detail=_waiting(draft))
    checklist = draft.checklist
    if list_on(checklist.in_force_from, kit) == checklist:  # an earlier version may be adopted again
        return checklist, False
    body = ChecklistAdopted(
        name=checklist.name,
        version=checklist.version,
        in_force_from=checklist.in_force_from.isoformat(),
        checklist=kit.attachments.put(documents.checklist(checklist)),
        items=len(checklist.items),
        source=_kept(path, draft, source, kit),
        confirmed_at_once=len(draft.unconfirmed),
    )
    state(kit, [body], by)
    return checklist, True


def versions(kit: Kit) -> list[Version]:
    """Every adopted version, the earliest in force first."""
    return [
        Version(documents.read_checklist(kit.attachments.get(r["checklist"])), r["seq"], r["adopted_at"], r["by_whom"])
        for r in kit.store.rows("adopted_checklists")
    ]


def version_named(version: str, kit: Kit) -> Checklist:
    """An adopted version by its number, or by list and number as `checklist list` shows them. Raises UnknownName.

    Two lists that bear one number are told apart by the list's name in front.
    """
    known = [each.checklist for each in versions(kit)]
    found = [each for each in known if version in (each.version, f"{each.name} {each.version}")]
    if len(found) > 1:
        names = "、".join(f"{each.name} {each.version}" for each in found)
        raise UnknownName(what="唯一的清单版本（请连同清单名称写：" + names + "）", name=version)
    if not found:
        raise UnknownName(what="清单版本", name=version)
    return found[0]


def list_on(day: date, kit: Kit) -> Checklist | None:
    """The version in force on a local day."""
    return kit.records.checklist_for(datetime.combine(day, time(12), BEIJING))


def _waiting(draft: Draft) -> str:
    some = "、".join(draft.unconfirmed[:5]) + ("等" if len(draft.unconfirmed) > 5 else "")
    return (
        f"还有 {len(draft.unconfirmed)} 项没有确认（{some}）；请逐项核对并把 confirmed 改为 true，或加 --confirm-all 一次确认全部"
    )


def _kept(path: Path, draft: Draft, source: Path | None, kit: Kit) -> str | None:
    """The workbook of a proposal as an attachment. Raises BadInput when it is not there or not the one that was read."""
    if draft.source_sha256 is None:
        return None
    file = source or draft.source
    try:
        content = file.read_bytes() if file else b""
    except OSError as error:
        raise BadInput(path=path, detail=f"找不到提案所据的原表（{file}）；请用 --source 指明") from error
    if hashlib.sha256(content).hexdigest() != draft.source_sha256:
        raise BadInput(path=path, detail=f"原表（{file}）与提案所据的不是同一个文件；请用 --source 指明，或重新导入")
    return kit.attachments.put(content)
