"""`avrecord demo`: the whole path on rendered footage, with the answers to the three users at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click

from avrecord import station as stations
from avrecord.cli.base import Command, Session, session
from avrecord.dock.volumes import docked
from avrecord.pipeline import bring
from avrecord.pipeline.examine import examine_pending
from avrecord.pipeline.gaps import observe_gaps
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all
from avrecord.pipeline.receive import receive
from avrecord.pipeline.report import annex9, write_ledger
from avrecord.service.run import serve
from avrecord.settings import FILE, load
from avrecord.web.app import build

DAY = date(2026, 11, 16)
ROOTS = 'roots = ["dock"]'


@click.command("demo", cls=Command)
@click.option("--once", is_flag=True, help="走完全程后退出（默认继续运行服务）")
@click.option("--quick", is_flag=True, help="用十几秒的短片段（测试用）")
@session
def demo(s: Session, once: bool, quick: bool) -> None:
    """示范：示例存储卡、案件、设备，从采集到台账走完全程。"""
    started = time.monotonic()
    sample = s.root.parent / "sample"
    _step("1/7 渲染示例素材（首次约一两分钟）")
    _render(sample, quick)
    _step("2/7 采集站")
    fresh = _station(s.root, sample)
    stations.heal(s.kit)
    before = s.kit.log.size
    _step("3/7 采集封存两台记录仪的存储卡")
    for volume in docked([sample / "cards"]):
        receipt = receive(volume, s.kit)
        click.echo(
            f"  {receipt.title}：{receipt.files} 个文件，新封存 {receipt.sealed}，待认领/待查 {receipt.set_aside}，"
            f"重复内容 {receipt.again}，已在库 {receipt.unchanged}，{'完整' if receipt.complete else '未完成'}",
            err=True,
        )
    _step("4/7 导入人员、设备、案件")
    _bring(sample, s.kit)
    _step("5/7 抽检（在隔离进程中解码，先看关键帧）")
    click.echo(f"  抽检了 {examine_pending(s.kit)} 个片段", err=True)
    made, withdrawn = link_all(s.kit)
    observe_gaps(s.kit)
    click.echo(f"  新增关联 {made} 条，撤销 {withdrawn} 条", err=True)
    _step("6/7 附件9 自查工作台账")
    ledger = s.root / "exports" / "附件9自查工作台账.xlsx"
    if fresh or s.kit.log.size > before or not ledger.exists():
        write_ledger(ledger, annex9(s.kit), "service", s.kit)
    added = s.kit.log.size - before
    _step("7/7 三个问题的回答")
    _answers(s)
    took = f"用时 {time.monotonic() - started:.0f} 秒。"
    click.echo(
        f"\n{took}"
        + (f"本次日志新增 {added} 条。" if added else "本次没有新增任何内容：存储卡、案件、抽检都已在库，日志未增加。")
    )
    _next(s.root, ledger)
    if not once:
        click.echo("\n服务已启动，按 Ctrl-C 结束。", err=True)
        serve(s.root, build)


def _step(text: str) -> None:
    click.echo(text, err=True)


def _render(sample: Path, quick: bool) -> None:
    """Render the sample footage with the project's own script, unless it is there already."""
    sys.path.insert(0, str(stations.shipped("sample_media").parent))
    from sample_media.render import render

    last = [0.0]

    def show(what: str, done: int, total: int) -> None:
        if done == total or time.monotonic() - last[0] > 5:
            last[0] = time.monotonic()
            click.echo(f"  {what} {done}/{total}", err=True)

    run: Callable[..., Any] = render
    run(sample, DAY, quick=quick, progress=show)


def _station(root: Path, sample: Path) -> bool:
    """Create the sample station once; its dock is the folder of the sample cards."""
    if (root / FILE).exists():
        load(root)
        return False
    stations.create(root, "station-01", "东湖大队采集站（示范）", "丰源市城管执法局东湖大队")
    path = root / FILE
    text = path.read_text("utf-8")
    path.write_text(text.replace(ROOTS, f'roots = ["dock", "{sample / "cards"}"]'), "utf-8")
    return True


def _bring(sample: Path, kit: Kit) -> None:
    people, fresh = bring.import_officers(sample / "officers.xlsx", "service", kit)
    click.echo(f"  人员 {people} 名（新 {fresh}）", err=True)
    facts, fresh = bring.import_devices(sample / "devices.xlsx", "service", kit)
    click.echo(f"  设备 {facts} 条（新 {fresh}）", err=True)
    report = bring.inspect_cases(sample / "cases.xlsx", kit)
    bring.import_cases(sample / "cases.xlsx", report, "service", kit)
    click.echo(f"  案件环节 {len(report.file.stages)} 个（新 {len(report.new)}），无效 {len(report.file.invalid)} 行", err=True)


def _answers(s: Session) -> None:
    """Run the three users' commands as they would; their exit codes are answers, not failures."""
    month = f"{DAY:%Y-%m}"
    for words in (["cases", "missing"], ["verify", "--all"], ["devices", "list"], ["devices", "availability", "--month", month]):
        click.echo(f"\n$ avrecord {' '.join(words)}")
        sys.stdout.flush()
        code = s.run(["--root", str(s.root), "-q", *words])
        click.echo(f"（退出码 {code}）")


def _next(root: Path, ledger: Path) -> None:
    program = Path(sys.argv[0])
    clip = next((root / "vault").glob("*/*/**/*.mp4"), root)
    click.echo(
        f"""
结果在哪里：
  采集站目录  {root}
  原始片段    {root / "vault"}（每个片段旁有同名 .sig 签名）
  台账        {ledger}
接下来可以试：
  {program} --root {root} cases show '丰综执罚字〔2026〕44号'
  {program} --root {root} clips
  ssh-keygen -Y verify -f {root}/keys/allowed_signers -I station-01 -n clip@avrecord -s '{clip}.sig' < '{clip}'
  改动任意一个片段的一个字节，再运行 {program} --root {root} verify --all（退出码 11，只有它是“内容被改动”）
  {program} --root {root} run    然后打开 http://127.0.0.1:8720/"""
    )


COMMANDS = (demo,)
