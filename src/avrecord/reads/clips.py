"""Clips as rows, and one clip with what it is, what was seen in it and how to check it by hand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from shlex import quote
from typing import Any

from avrecord.checks import measured
from avrecord.checks.measured import worth_of
from avrecord.ledger.cases import case_number
from avrecord.model.clip import Clip
from avrecord.model.moments import day_begins, from_utc_text, utc_text
from avrecord.model.observation import Examination, Observation
from avrecord.pipeline.cells import moment_in
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.offering import offered_in
from avrecord.pipeline.retention import Book
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.rules.terms import retention_words
from avrecord.rules.worth import Worth
from avrecord.words import CLAIM_DOUBTS, FATES, FAULTS, GROUNDS, LIGHT, MEDIA, OFFERED, OUTCOMES, SEGMENTS, SET_ASIDE

COLUMNS = [
    Column("clip", "编号", lambda clip: clip[:12], whole=True),
    Column("name", "文件", width=16),
    Column("recorder", "记录仪", lambda value: value or "未知设备", whole=True),
    Column("start", "开始（北京时间）", moment, 10),
    Column("seconds", "时长（秒）"),
    Column("media", "类别", words(MEDIA), 4),
    Column("set_aside", "待查原因", words(SET_ASIDE)),
    Column("outcome", "抽检", words(OUTCOMES), 5),
    Column("seen", "见到", lambda segments: joined((SEGMENTS.get(s, s) for s in segments), "")),
    Column("faults", "画面声音问题", lambda kinds: joined((FAULTS[kind] for kind in kinds), "")),
]


def day_bounds(since: date | None, until: date | None) -> dict[str, str]:
    """Local days, both counted, as the half-open span of UTC text that queries take."""
    return {
        "since": utc_text(_begins(since)) if since else "",
        "until": utc_text(_begins(until) + timedelta(days=1)) if until else "",
    }


def _begins(day: date) -> datetime:
    return day_begins(day.date() if isinstance(day, datetime) else day)


def row_of(clip: Clip, examination: Examination | None) -> dict[str, Any]:
    """One clip as a row; times by the station's clock."""
    return {
        "clip": clip.id.hex,
        "name": clip.name,
        "recorder": clip.recorder,
        "start": clip.true_start,
        "seconds": round(clip.duration_ms / 1000) if clip.duration_ms is not None else None,
        "bytes": clip.size,
        "media": clip.media.value,
        "stored": clip.stored,
        "claim_doubt": clip.doubt,
        "set_aside": clip.set_aside,
        "outcome": examination.outcome if examination else None,
        "seen": sorted({o.segment for o in examination.observations if not o.doubtful}) if examination else [],
        "faults": sorted({fault.kind for fault in examination.faults}) if examination else [],
    }


def _keeping(clip: Clip, kit: Kit) -> str:
    """Until when it is kept and why, or by which rule it was removed."""
    gone = kit.store.row("expired_clip", clip_id=clip.id.hex)
    if gone:
        when = moment(from_utc_text(gone["at"]))
        return f"{FATES['removed']}，{when}，操作人 {gone['by_whom']}（日志 {gone['seq']}）：{gone['rule']}"
    kept = Book(kit).one(clip.id.hex, kit.today)
    if kept is None:
        return "—"
    ground = kept.ground
    until = f"保管至 {ground.until}" if ground.until else FATES["never"]
    rule = f"，期限 {retention_words(ground.retention)}" if ground.retention else ""
    case = f"，{ground.case} {ground.stage}" if ground.case else ""
    return f"{FATES[kept.fate]}：{until}（{GROUNDS[ground.why]}{rule}{case}）"


def _sound(examination: Examination) -> str:
    """How much of the sound was gone through, or why none of it."""
    seconds = sum(last - first for first, last in examination.heard) // 1000
    return examination.unheard or (f"听了 {seconds} 秒" if examination.listened else "没有听")


def _beside(examination: Examination) -> list[tuple[str, str]]:
    """The clock in the picture and the light: facts that decide no item."""
    facts, found = examination.facts, []
    if facts.overlay_start:
        start, drift = from_utc_text(facts.overlay_start), (facts.overlay_drift_ms or 0) / 1000
        went = f"比录像时间{'多' if drift > 0 else '少'}走 {abs(drift):.0f} 秒" if drift else "与录像时间走得一致"
        found.append(("画面时钟", f"片头 {moment(start)}，到片尾{went}（读到 {facts.overlay_reads} 处）"))
    if facts.light:
        found.append(("光线", f"{LIGHT[facts.light]}（占关键帧 {(facts.light_share or 0) / 10:.0f} %）"))
    return found


def _corrected(clip: Clip) -> str:
    """The start by the station's clock, and how sure it is. After a reset it is a reckoning, or there is none."""
    if clip.doubt:
        return f"{moment(clip.true_start)}（由日志中的校时推算，仅供参考）" if clip.offset_ms else "无法校正"
    return f"{moment(clip.true_start)}（记录仪{_ahead(clip.offset_ms)}，误差 ±{clip.uncertainty_ms / 1000:.0f} 秒）"


def _ahead(offset_ms: int) -> str:
    """How a recorder's clock stood against true time."""
    return f"{'快' if offset_ms > 0 else '慢'} {abs(offset_ms) / 1000:.0f} 秒" if offset_ms else "时钟无已知偏差"


def _seen(observation: Observation, known: measured.Measured) -> dict[str, Any]:
    """One observation as JSON; `worth` is what finds like it were worth where the truth was known."""
    names = ("segment", "check", "at_ms", "score", "words", "evidence", "crop", "doubtful")
    worth = worth_of(observation, known)
    figures = {"right": worth.right, "of": worth.of, "low_per_mille": worth.low} if worth else None
    return {name: getattr(observation, name) for name in names} | {"worth": figures}


def _worth(worth: Worth | None) -> str:
    return f"（样本中此类 {worth.right}/{worth.of} 属实，95 % 下限 {worth.low / 10:.0f} %）" if worth else ""


def one_clip(found: Clip, kit: Kit) -> Answer:
    """A clip: seal, what the check relied on, links, and how to verify it by hand."""
    examination = kit.records.full_examination(found.id)
    path = kit.vault.whereabouts(found.stored)
    links = [f"{link.case} {link.name}" for link in kit.records.links_of(found.id)]
    facts = [
        ("编号（SHA-256）", found.id.hex),
        ("文件", path),
        ("记录仪", found.recorder or "未知设备"),
        ("记录仪自称开始时间", moment(found.start)),
        ("校正后开始时间", _corrected(found)),
        ("自称时间", f"不可信：{CLAIM_DOUBTS[found.doubt]}；不用于自动关联" if found.doubt else "—"),
        ("封存时间（采集站自称）", moment(found.sealed_at)),
        ("待查原因", SET_ASIDE.get(found.set_aside or "", "—")),
        ("关联", joined(links)),
        ("保管", _keeping(found, kit)),
        ("抽检", OUTCOMES[examination.outcome] if examination else "尚未抽检"),
    ]
    if examination and examination.facts.derived_from:
        facts.append(("派生副本", f"{examination.reason}；原件未被改动，下列时间均为推算"))
    known = measured.read(kit.root / "config" / measured.FILE)
    for seen in examination.observations if examination else ():
        basis = f"画面 {kit.attachments.path(seen.evidence)}" if seen.evidence else "听到"
        basis += f"，局部 {kit.attachments.path(seen.crop)}" if seen.crop else ""
        doubt = "疑似" if seen.doubtful else ""
        facts.append(
            (
                f"{doubt}{SEGMENTS.get(seen.segment, seen.segment)}",
                f"“{seen.words}” {moment_in(found, seen.at_ms)}，得分 {seen.score}{_worth(worth_of(seen, known))}，{basis}",
            )
        )
    if examination:
        facts += _beside(examination)
        facts += [(OFFERED, f"{moment_in(found, each.at_ms)} {path}") for _, each, path in offered_in([found], kit)]
    for fault in examination.faults if examination else ():
        facts.append((FAULTS[fault.kind], f"{fault.from_ms / 1000:.1f}–{fault.to_ms / 1000:.1f} 秒 {fault.detail}"))
    if examination:
        facts.append(("声音", _sound(examination)))
    signers = kit.root / "keys" / "allowed_signers"
    notes = [
        "自行核验签名：",
        f"  ssh-keygen -Y verify -f {signers} -I {kit.station} -n clip@avrecord -s {quote(f'{path}.sig')} < {quote(path)}",
    ]
    rows = [{"what": what, "value": value} for what, value in facts]
    extra = row_of(found, examination) | {
        "observations": [_seen(o, known) for o in examination.observations] if examination else [],
        "cost": dict(examination.cost) if examination else {},
        "facts": asdict(examination.facts) if examination else {},
        "offered": [asdict(each) for each in examination.offered] if examination else [],
    }
    return Answer("clip", "片段", [Column("what", "项目"), Column("value", "内容")], rows, extra, notes)


def clip_list(kit: Kit, *, case_no: str = "", **filters: str) -> Answer:
    """Clips by case_no, recorder, officer, since, until (UTC text) and state; empty ones do not filter."""
    found = kit.records.clips(case_no=case_number(case_no) if case_no else "", **filters)
    rows = [row_of(clip, kit.records.examination(clip.id)) for clip in found]
    return Answer("clips", "片段", COLUMNS, rows, {"count": len(rows)}, [f"共 {len(rows)} 个片段"])
