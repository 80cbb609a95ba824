"""《音像记录核查意见》 of a case: what the list asks for, what was recorded, what was seen, and what people decided."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from avrecord.errors import CannotWrite, EvidenceError, UnknownName
from avrecord.ledger.opinion import Opinion, Picture, opinion_html, write_docx
from avrecord.model.case import Account
from avrecord.model.moments import beijing
from avrecord.model.statement import ExportMade
from avrecord.pipeline.cells import footage_text, lack_texts, moment_in, segment_text
from avrecord.pipeline.footing import assert_outside, footing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts, mark_asked, why_blind
from avrecord.pipeline.record import state
from avrecord.words import LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL, MODES, SEGMENTS

TITLE = "音像记录核查意见"
MOST_PICTURES = 4  # in a row under the table


def write_opinion(case_no: str, out: Path, by: str, kit: Kit) -> int:
    """Write the page as `.docx` or `.html` by the ending of `out`; state the export; return the number of open points.

    Raises UnknownName for an unknown case, CannotWrite.
    """
    assert_outside(out, kit)
    found = opinion(case_no, kit)
    if out.suffix.lower() == ".docx":
        write_docx(found, out)
    elif out.suffix.lower() in (".html", ".htm"):
        try:
            out.write_text(opinion_html(found), "utf-8")
        except OSError as error:
            raise CannotWrite(path=out, detail=error.strerror or "写不了") from error
    else:
        raise CannotWrite(path=out, detail="文件名应以 .docx 或 .html 结尾")
    state(kit, [ExportMade(what="opinion", rows=len(found.rows), file=hashlib.sha256(out.read_bytes()).hexdigest())], by)
    return sum(len(lack_texts(account)) for account in accounts(kit, case_no=case_no))


def opinion(case_no: str, kit: Kit) -> Opinion:
    """The page's content. Raises UnknownName."""
    found = list(accounts(kit, case_no=case_no))
    if not found:
        raise UnknownName(what="案件", name=case_no)
    why = why_blind(kit)
    names = {row["officer"]: f"{row['name']}（{row['officer']}）" for row in kit.records.store.rows("all_officers")}
    first = found[0].stage
    officers = sorted({officer for account in found for officer in account.stage.officers})
    facts = [
        ("案号", f"{first.id.case}（{first.case_kind}）"),
        ("执法单位", first.unit or "—"),
        ("执法人员", "、".join(names.get(officer, officer) for officer in officers)),
        ("核查依据", "；".join(sorted({account.checklist for account in found if account.checklist})) or "没有施行的清单"),
    ]
    rows = [_row(account, why, kit) for account in found]
    footer = [*footing(f"案号 {case_no}", kit), LIMITS_OF_A_CHECK + LIMITS_OF_A_SEAL]
    return Opinion(TITLE, facts, rows, _findings(found), list(islice(_pictures(found, kit), MOST_PICTURES)), footer)


def _row(account: Account, why: dict[str, str], kit: Kit) -> tuple[str, ...]:
    stage = account.stage
    begins, ends = beijing(stage.start, "%Y-%m-%d %H:%M"), beijing(stage.end, "%H:%M")
    asked = "、".join(SEGMENTS.get(mark.segment, mark.segment) for mark in account.marks if account.mode)
    required = f"{MODES[account.mode]}记录" + (f"；{asked}" if asked else "") if account.mode else "清单未列该环节"
    judged = partial(mark_asked, why=why, kit=kit)
    shown = [(mark.segment, _after(segment_text(account, mark.segment, judged))) for mark in account.marks if account.mode]
    seen = [f"{SEGMENTS.get(segment, segment)}：{text}" for segment, text in shown]
    return f"{stage.id.name}\n{begins} 至 {ends}", required, _after(footage_text(account)), "\n".join(seen) or "—"


def _after(line: str) -> str:
    """A ledger's line without the stage's name in front: the row says it."""
    return line.partition("：")[2]


def _findings(found: list[Account]) -> list[str]:
    """Sentences for a person to weigh. None of them concludes anything about anybody."""
    lines = [line for account in found for line in lack_texts(account)]
    unlisted = [account.stage.id.name for account in found if account.mode is None]
    said = [f"{line}，请核实并补正或说明。" for line in lines]
    if unlisted:
        said.append(f"{'、'.join(unlisted)} 不在清单内，未作要求。")
    return said or ["清单要求的录像和要件均有对应的记录，未发现缺少的内容。"]


def _pictures(found: list[Account], kit: Kit) -> Iterator[Picture]:
    """The frames that marks rest on, one for each segment and stage."""
    for account in found:
        for mark in account.marks:
            seen = mark.observation
            if seen is None or mark.clip is None or not seen.evidence:
                continue
            try:
                content = kit.attachments.get(seen.evidence)
            except (EvidenceError, OSError):
                continue  # gone or altered: verify names it, the page does without
            name = SEGMENTS.get(mark.segment, mark.segment)
            yield Picture(content, f"{account.stage.id.name} {name}：{mark.clip.name} {moment_in(mark.clip, seen.at_ms)}")
