"""Loss accounting, the self-check ledger, bundles: the auditor's other commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command, Group, Session, by_default, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.ledger.cases import case_number
from avrecord.pipeline.bundle import make_bundle
from avrecord.pipeline.package import make_package
from avrecord.pipeline.report import annex9, write_ledger
from avrecord.reads.clips import day_bounds
from avrecord.reads.losses import losses


@click.command("account", cls=Command)
@formats
@session
def account_(s: Session, /, **form: Any) -> None:
    """损失核算：每张卡上出现过的每个文件现在在哪里，去向不明的逐个列出。"""
    give(losses(s.kit), **form)


@click.group("audit", cls=Group)
def audit() -> None:
    """不正之风自查：台账、月度统计。"""


@audit.command("ledger")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="写到哪个 .xlsx 文件")
@click.option("--case", "case_no", default="", metavar="案号", help="只写某案件")
@click.option("--unit", default="", metavar="单位", help="只写某单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option(
    "--template", type=click.Path(dir_okay=False, path_type=Path), metavar="文件", help="填入本单位自己的台账模板（.xlsx）"
)
@by_default
@session
def ledger(s: Session, out: Path, case_no: str, unit: str, since: Any, until: Any, template: Path | None, by: str) -> None:
    """生成附件9《自查工作台账》，由录像事实和整改登记预填。"""
    filters = {"case_no": case_number(case_no) if case_no else "", "unit": unit, **day_bounds(since, until)}
    count = write_ledger(out, annex9(s.kit), by, s.kit, template, **filters)
    click.echo(f"已写入 {out}：{count} 个案件。整改各栏来自 avrecord rectify 的登记，没有登记的留空。")


@audit.command("package")
@click.option("--unit", required=True, metavar="单位", help="哪个单位")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="目录", help="写到哪个（还不存在的）目录")
@by_default
@session
def package(s: Session, unit: str, since: Any, until: Any, out: Path, by: str) -> None:
    """导出一份完整的音像记录资料备查（未发现问题的单位至少提供一份）。"""
    made = make_package(unit, out, by, s.kit, **day_bounds(since, until))
    click.echo(f"已写入 {out}：案件 {made.case}，片段 {made.bundle.clips} 个，附核查意见。")
    if made.open_cases:
        click.echo(f"注意：该单位还有 {made.open_cases} 个案件缺少清单要求的内容，不属于“未发现问题”。", err=True)


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


COMMANDS = (account_, audit)
