"""What a verification found."""

from __future__ import annotations

from dataclasses import asdict

from avrecord.model.finding import GOOD, Verification
from avrecord.reads.answer import Answer, Column, words
from avrecord.words import FINDINGS, KEY_NOT_APPROVED, LIMITS_OF_A_SEAL, NO_EXTERNAL_REFERENCE

COLUMNS = [
    Column("code", "结论", words(FINDINGS), 12),
    Column("about", "对象", width=24),
    Column("index", "日志序号"),
    Column("expected", "应为", lambda value: (value or "")[:16]),
    Column("found", "实为", lambda value: (value or "")[:16]),
    Column("detail", "说明", width=20),
]


def verified(result: Verification, seconds: float, on_what: list[str], full: bool) -> Answer:
    """The findings; good ones only when `full`."""
    rows = [asdict(finding) for finding in result.findings]
    shown = rows if full else [r for r in rows if r["code"] not in GOOD and r["code"] != "NO_EXTERNAL_REFERENCE"]
    totals = "，".join(f"{FINDINGS[code]} {count}" for code, count in result.totals.items() if code != "NO_EXTERNAL_REFERENCE")
    rate = f"，每秒 {result.bytes_read / 1e6 / seconds:.0f} MB" if seconds > 1 else ""
    unread = f"；另有 {result.unread} 个片段不在本次范围内，未读，不作结论" if result.unread else ""
    notes = [
        (
            f"日志 {result.log_size} 条；应有片段 {result.checked} 个，已重读 {result.read} 个，"
            f"{result.bytes_read / 1e6:.1f} MB，{seconds:.1f} 秒{rate}{unread}"
        ),
        f"结论：{totals or '没有片段'}",
        *on_what,
        LIMITS_OF_A_SEAL,
    ]
    extra = {
        "log_size": result.log_size, "checked": result.checked, "read": result.read, "bytes_read": result.bytes_read,
        "totals": result.totals, "exit_code": result.exit_code, "key_approved": result.key_approved, "covered": result.covered,
        "unread": result.unread,
    }  # fmt: skip
    return Answer("verify", "核验结论", COLUMNS, shown, extra, notes, result.exit_code)


def on_what(result: Verification, in_bag: bool) -> list[str]:
    """Which trust the verdict rests on, in words."""
    if "NO_EXTERNAL_REFERENCE" in result.totals:
        seen = f"{FINDINGS['NO_EXTERNAL_REFERENCE']}：{NO_EXTERNAL_REFERENCE}"
    else:
        seen = f"外部参照覆盖日志前 {result.covered} 条；此后封存的片段只有采集站自己的记录。"
    whose = "资料包里的公钥，造包的人也能造钥匙" if in_bag else "采集站自己保存的公钥"
    own = f"{KEY_NOT_APPROVED}：使用的是{whose}，未与单位核准的公钥对照。"
    return [seen] if result.key_approved else [seen, own]
