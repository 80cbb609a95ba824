"""Verification, the log, the self-check ledger: the auditor's commands."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, by_default, session
from avrecord.cli.clips import DAY, day_bounds
from avrecord.cli.output import Answer, Column, formats, give, moment, words
from avrecord.cli.progress import teller
from avrecord.ledger.cases import case_number
from avrecord.model.finding import GOOD, Verification
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.account import account
from avrecord.pipeline.bundle import make_bundle
from avrecord.pipeline.report import write_ledger
from avrecord.pipeline.unbundle import read_trust, verify_bundle
from avrecord.pipeline.verify import Demand, verify_evidence
from avrecord.seal.policy import read_policy
from avrecord.station import evidence
from avrecord.words import FILE_STATES, FINDINGS, KEY_NOT_APPROVED, LIMITS_OF_A_SEAL, NO_EXTERNAL_REFERENCE

COLUMNS = [
    Column("code", "结论", words(FINDINGS), 12),
    Column("about", "对象", width=24),
    Column("index", "日志序号"),
    Column("expected", "应为", lambda value: (value or "")[:16]),
    Column("found", "实为", lambda value: (value or "")[:16]),
    Column("detail", "说明", width=20),
]


@click.command("verify", cls=Command)
@click.argument("bundle", required=False, type=click.Path(file_okay=False, path_type=Path), metavar="[资料包目录]")
@click.option("--all", "everything", is_flag=True, help="核验全部片段和日志")
@click.option("--clip", default=None, metavar="编号", help="只核验一个片段（日志仍全部核验）")
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="文件",
    help="采集站以外保存的检查点（可重复）：签名文件，或从纸上录入的“名称 条数 根哈希”",
)
@click.option("--policy", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="核验策略：公钥与见证要求")
@click.option(
    "--signers", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="核验资料包：可信的 allowed_signers"
)
@click.option("--trust-bundle", is_flag=True, help="核验资料包：使用包内公钥（只能说明包内自洽）")
@click.option("--full", is_flag=True, help="完好的片段也逐个列出")
@formats
@session
def verify_(
    s: Session,
    /,
    bundle: Path | None,
    everything: bool,
    clip: str | None,
    checkpoints: tuple[Path, ...],
    policy: Path | None,
    signers: Path | None,
    trust_bundle: bool,
    full: bool,
    **form: Any,
) -> None:
    """核验：重读每个片段和日志，或离线核验一个资料包，逐个给出结论。"""
    if sum((everything, clip is not None, bundle is not None)) != 1:
        raise click.UsageError("请给出 --all、--clip 编号或资料包目录")
    started = time.monotonic()
    rules = read_policy(policy) if policy else None
    if bundle:
        result = verify_bundle(bundle, read_trust(bundle, signers, rules, trust_bundle))
    else:
        demand = Demand(checkpoints, rules)
        result = verify_evidence(evidence(s.root, teller(s.quiet)), clip.lower() if clip else None, demand)
    seconds = time.monotonic() - started
    rows = [asdict(finding) for finding in result.findings]
    shown = (
        rows if full or form["as_json"] else [r for r in rows if r["code"] not in GOOD and r["code"] != "NO_EXTERNAL_REFERENCE"]
    )
    totals = "，".join(f"{FINDINGS[code]} {count}" for code, count in result.totals.items() if code != "NO_EXTERNAL_REFERENCE")
    notes = [
        (
            f"日志 {result.log_size} 条；应有片段 {result.checked} 个，已重读 {result.read} 个，"
            f"{result.bytes_read / 1e6:.1f} MB，{seconds:.1f} 秒"
        ),
        f"结论：{totals or '没有片段'}",
        *_on_what(result, bundle is not None),
        LIMITS_OF_A_SEAL,
    ]
    extra = {
        "log_size": result.log_size, "checked": result.checked, "read": result.read, "bytes_read": result.bytes_read,
        "totals": result.totals, "exit_code": result.exit_code, "key_approved": result.key_approved, "covered": result.covered,
    }  # fmt: skip
    give(Answer("verify", "核验结论", COLUMNS, shown, extra, notes, result.exit_code), **form)


def _on_what(result: Verification, in_bag: bool) -> list[str]:
    """Which trust the verdict rests on, in words."""
    if "NO_EXTERNAL_REFERENCE" in result.totals:
        seen = f"{FINDINGS['NO_EXTERNAL_REFERENCE']}：{NO_EXTERNAL_REFERENCE}"
    else:
        seen = f"外部参照覆盖日志前 {result.covered} 条；此后封存的片段只有采集站自己的记录。"
    whose = "资料包里的公钥，造包的人也能造钥匙" if in_bag else "采集站自己保存的公钥"
    own = f"{KEY_NOT_APPROVED}：使用的是{whose}，未与单位核准的公钥对照。"
    return [seen] if result.key_approved else [seen, own]


@click.command("account", cls=Command)
@formats
@session
def account_(s: Session, /, **form: Any) -> None:
    """损失核算：每张卡上出现过的每个文件现在在哪里，去向不明的逐个列出。"""
    found = account(s.kit)
    rows = [
        {"state": state, "holder": each.holder, "path": each.path, "bytes": each.size, "last_seen": from_utc_text(each.last_seen)}
        for state, group in (("missing", found.missing), ("on_recorder", found.waiting))
        for each in group
    ]
    columns = [
        Column("state", "状态", words(FILE_STATES)),
        Column("holder", "记录仪或位置"),
        Column("path", "文件", width=24),
        Column("bytes", "字节"),
        Column("last_seen", "最后一次见到", moment, 10),
    ]
    totals = "，".join(f"{FILE_STATES[state]} {count}" for state, count in found.totals if count)
    notes = [f"卡上出现过的文件 {found.seen} 个：{totals or '无'}"]
    code = 14 if found.missing else 0
    give(
        Answer(
            "account", "尚未封存或去向不明的文件", columns, rows, {"seen": found.seen, "totals": dict(found.totals)}, notes, code
        ),
        **form,
    )


@click.group("audit", cls=Group)
def audit() -> None:
    """不正之风自查：台账。"""


@audit.command("ledger")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="写到哪个 .xlsx 文件")
@click.option("--case", "case_no", default="", metavar="案号", help="只写某案件")
@click.option("--unit", default="", metavar="单位", help="只写某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@by_default
@session
def ledger(s: Session, out: Path, case_no: str, unit: str, since: Any, until: Any, by: str) -> None:
    """生成附件9《自查工作台账》，由录像事实预填。"""
    template = s.kit.root / "config" / "ledgers" / "annex9.toml"
    number = case_number(case_no) if case_no else ""
    count = write_ledger(out, template, by, s.kit, case_no=number, unit=unit, **day_bounds(since, until))
    click.echo(f"已写入 {out}：{count} 个案件。空白栏由责任单位填写。")


@audit.command("bundle")
@click.option("--case", "case_no", required=True, metavar="案号", help="哪个案件")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="目录", help="写到哪个（还不存在的）目录")
@by_default
@session
def bundle(s: Session, case_no: str, out: Path, by: str) -> None:
    """导出一个案件的资料包：片段、记录、签名、证明，可离线核验。"""
    made = make_bundle(case_number(case_no), out, by, s.kit)
    click.echo(f"已写入 {made.folder}：片段 {made.clips} 个，记录 {made.statements} 条，清单摘要 {made.digest[:16]}")
    click.echo("核验方法见其中的 VERIFY.txt；请另行向对方提供单位公布的公钥指纹。")


COMMANDS = (verify_, account_, audit)
