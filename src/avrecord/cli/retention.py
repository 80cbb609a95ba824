"""`avrecord retention`: what is due by which rule, holds, the list, objections, and the removal that follows it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_option, session, words_needed
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.ledger.cases import case_number
from avrecord.model.moments import from_utc_text
from avrecord.model.statement import HoldSet
from avrecord.pipeline import retention as story
from avrecord.pipeline.asif import rules_as_if
from avrecord.pipeline.expiry import expire
from avrecord.pipeline.retention import Book, Kept, earlier
from avrecord.pipeline.review import find_clip
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.rules.terms import retention_words
from avrecord.words import EVIDENCE_STAYS, EXPIRY_KEPT, FATES, GROUNDS, NEEDS_PERSON

why_option = click.option("--why", required=True, metavar="理由", callback=words_needed, help="理由（记入日志的附件）")
DUE = [
    Column("clip", "片段编号", lambda clip: str(clip)[:12], 9, whole=True),
    Column("name", "文件", width=16),
    Column("recorder", "记录仪"),
    Column("bytes", "字节"),
    Column("until", "保管至", width=6, whole=True),
    Column("retention", "期限", lambda value: retention_words(value) if value else "—", 5),
    Column("ground", "依据", words(GROUNDS), 7),
    Column("case", "案号", width=12),
    Column("stage", "环节"),
    Column("fate", "状态", words(FATES)),
    Column("needs", "须人工决定的原因", lambda needs: joined((NEEDS_PERSON[need] for need in needs), ""), 10),
    Column("row", "依据的记录", width=6),
]


@click.group("retention", cls=Group)
def retention() -> None:
    """保管期限：到期、冻结、清单、撤销、移除。"""


@retention.command("due")
@click.option("--before", type=DAY, default=None, metavar="日期", help="看到某日为止会到期的（缺省为今天）")
@click.option(
    "--as-if",
    "as_if",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="假如采用这份清单，或这份 [retention] 设置：列出会因此提前到期的",
)
@formats
@session
def due(s: Session, /, before: datetime | None, as_if: Path | None, **form: Any) -> None:
    """到期的片段：每个片段的规则、所据的记录、最后保管日。只查看。"""
    day = before.date() if before else s.kit.today
    if as_if:
        give(_difference(as_if, day, s), **form)
        return
    rows = [_row(each) for each in Book(s.kit).over(day)]
    counts = {fate: sum(row["fate"] == fate for row in rows) for fate in ("due", "person", "held", "waiting")}
    told = "，".join(f"{FATES[fate]} {count}" for fate, count in counts.items() if count)
    total = sum(row["bytes"] for row in rows if row["fate"] == "due")
    notes = [f"保管期到 {day} 以前已满的片段 {len(rows)} 个{f'：{told}' if told else ''}；到期的共 {total / 1e6:.1f} MB。"]
    if s.kit.settings.retention.expiry == "off":
        notes.append('到期移除未启用（[retention] expiry = "off"）：什么都不会被移除。')
    extra = {"day": day.isoformat(), "counts": counts, "bytes_due": total, "expiry": s.kit.settings.retention.expiry}
    give(Answer("retention_due", f"保管期已满的片段（{day}）", DUE, rows, extra, notes), **form)


def _difference(path: Path, day: date, s: Session) -> Answer:
    pairs = earlier(rules_as_if(path, s.kit), day, s.kit)
    rows = [_row(then) | {"until_now": _until(now), "retention_now": now.ground.retention} for then, now in pairs]
    columns = [
        *DUE[:5],
        Column("until_now", "现在保管至", lambda until: until or "不自动到期", 7),
        *DUE[5:],
    ]
    newly = [row for row in rows if (row["until"] or "9999") < day.isoformat() <= (row["until_now"] or "9999")]
    total = sum(row["bytes"] for row in newly)
    notes = [
        f"按 {path.name}，{len(rows)} 个片段会比现在提前到期，其中到 {day} 已到期的 {len(newly)} 个，{total / 1e6:.1f} MB。",
        "未采用，什么都没有改变。",
    ]
    extra = {"day": day.isoformat(), "earlier": len(rows), "newly_due": len(newly), "bytes": total}
    return Answer("retention_as_if", "会因此提前到期的片段", columns, rows, extra, notes)


@retention.command("list")
@click.option("--clip", "clips", multiple=True, metavar="编号", help="须人工决定而决定移除的片段，逐个写明（可重复）")
@by_option
@formats
@session
def list_(s: Session, /, clips: tuple[str, ...], by: str, **form: Any) -> None:
    """列出清单并记入日志：公示期满后才可以移除。"""
    found = story.list_due([find_clip(clip, s.kit).id.hex for clip in clips], by, s.kit)
    days = s.kit.settings.retention.wait_days
    notes = [f"已列入清单 {len(found)} 个，公示 {days} 日；撤销：avrecord retention undo 编号 --by 证号 --why 理由。"]
    if not found:
        notes = ["没有到期而未列入清单的片段，未记录。"]
    give(Answer("retention_list", "拟移除清单", DUE, [_row(each) for each in found], {"count": len(found)}, notes), **form)


@retention.command("undo")
@click.argument("clip", metavar="编号")
@by_option
@why_option
@session
def undo(s: Session, clip: str, by: str, why: str) -> None:
    """把片段从清单中撤下，并延长保管。"""
    found = find_clip(clip, s.kit)
    until = story.undo(found.id, why, by, s.kit)
    click.echo(f"已撤下：{found.name}，保管至 {until}")


@retention.command("expire")
@by_option
@formats
@session
def expire_(s: Session, /, by: str, **form: Any) -> None:
    """移除公示期满、按现在的规则仍到期、未冻结、内容与封存一致的片段；先记入日志，再移除。"""
    done = expire(by, s.kit)
    rows = [_row(each) | {"fate": "removed", "kept": None, "detail": ""} for each in done.removed]
    for clip, why, detail in done.kept:
        known = s.kit.records.clips_beginning(clip)[0]
        rows.append({
            "clip": clip, "name": known.name, "recorder": known.recorder, "bytes": known.size, "kept": why, "detail": detail,
        })  # fmt: skip
    columns = [
        *DUE[:5],
        Column("retention", "期限", lambda value: retention_words(value) if value else "", 5),
        Column("kept", "结果", lambda why: EXPIRY_KEPT[why] if why else "已移除", 12),
        Column("detail", "说明", width=12),
    ]
    bad = sum(why in ("bytes", "gone") for _, why, _ in done.kept)
    total = sum(each.row["size"] for each in done.removed)
    notes = [f"已移除 {len(done.removed)} 个，{total / 1e6:.1f} MB；清单中未移除 {len(done.kept)} 个。", EVIDENCE_STAYS]
    extra = {"removed": len(done.removed), "kept": len(done.kept), "bytes": total}
    give(Answer("retention_expire", "移除结果", columns, rows, extra, notes, 11 if bad else 0), **form)


@retention.group("hold", cls=Group)
def hold() -> None:
    """冻结：案件、片段、或某记录仪某些天的录像，在解除以前不移除。"""


@hold.command("set")
@click.option("--case", "case_no", default=None, metavar="案号", help="冻结一个案件的全部片段")
@click.option("--clip", default=None, metavar="编号", help="冻结一个片段")
@click.option("--recorder", default=None, metavar="编号", help="冻结一台记录仪（可用 --from、--to 限定日期）")
@click.option("--from", "since", type=DAY, metavar="日期", help="起始日期")
@click.option("--to", "until", type=DAY, metavar="日期", help="截止日期（含当日）")
@by_option
@why_option
@session
def hold_set(
    s: Session, /, case_no: str | None, clip: str | None, recorder: str | None, since: Any, until: Any, by: str, why: str
) -> None:
    """设置冻结，记入日志。"""
    if sum(each is not None for each in (case_no, clip, recorder)) != 1:
        raise click.UsageError("--case、--clip、--recorder 须给出其中一个")
    if (since or until) and recorder is None:
        raise click.UsageError("--from、--to 只与 --recorder 同用")
    if since and until and until < since:
        raise click.UsageError("--to 早于 --from")
    about = HoldSet(
        clip=find_clip(clip, s.kit).id.hex if clip is not None else None,
        case=case_number(case_no) if case_no is not None else None,
        recorder=recorder,
        since=since.date().isoformat() if since else None,
        until=until.date().isoformat() if until else None,
        why="",
    )
    number = story.hold(about, why, by, s.kit)
    click.echo(f"已冻结，编号 {number}。解除：avrecord retention hold lift {number} --by 证号 --why 理由")


@hold.command("lift")
@click.argument("number", type=int, metavar="编号")
@by_option
@why_option
@session
def hold_lift(s: Session, number: int, by: str, why: str) -> None:
    """解除冻结，记入日志。"""
    story.lift(number, why, by, s.kit)
    click.echo(f"已解除冻结 {number}")


@hold.command("show")
@formats
@session
def hold_show(s: Session, /, **form: Any) -> None:
    """全部冻结：在效的在前。"""
    columns = [
        Column("number", "编号"),
        Column("case", "案号", width=12),
        Column("clip", "片段", lambda clip: (clip or "")[:12]),
        Column("recorder", "记录仪"),
        Column("since", "自"),
        Column("until", "至"),
        Column("why", "理由", width=16),
        Column("by", "操作人"),
        Column("at", "时间", moment, 10),
        Column("lifted_by", "解除人"),
        Column("lifted_at", "解除时间", moment, 10),
    ]
    rows = [
        {
            "number": r["seq"], "case": r["case_no"], "clip": r["clip_id"], "recorder": r["recorder"], "since": r["since"],
            "until": r["until"], "why": s.kit.attachments.get(r["why"]).decode("utf-8", "replace"), "by": r["by_whom"],
            "at": from_utc_text(r["at"]), "lifted_by": r["lifted_by"],
            "lifted_at": from_utc_text(r["lifted_at"]) if r["lifted_at"] else None,
        }
        for r in s.kit.store.rows("all_holds")
    ]  # fmt: skip
    open_ = sum(row["lifted_at"] is None for row in rows)
    give(Answer("holds", "冻结", columns, rows, {"open": open_}, [f"在效 {open_} 条，共 {len(rows)} 条。"]), **form)


def _row(kept: Kept) -> dict[str, Any]:
    row, ground = kept.row, kept.ground
    return {
        "clip": kept.clip,
        "name": row["name"],
        "recorder": row["recorder"],
        "bytes": row["size"],
        "stored": row["stored"],
        "sealed_at": from_utc_text(row["sealed_at"]),
        "until": _until(kept),
        "ground": ground.why,
        "retention": ground.retention,
        "since": ground.since.isoformat(),
        "case": ground.case,
        "stage": ground.stage,
        "item": ground.item,
        "checklist": ground.checklist,
        "row": ground.row,
        "fate": kept.fate.value,
        "needs": list(kept.keeping.needs),
        "holds": [each.seq for each in kept.keeping.holds],
    }


def _until(kept: Kept) -> str | None:
    return kept.ground.until.isoformat() if kept.ground.until else None


COMMANDS = (retention,)
