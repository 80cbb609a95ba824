"""The log: checkpoints to carry away, proofs to hand out, witnesses to ask and to be."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import click

from avrecord.cli.base import Group, Session, by_default, session
from avrecord.cli.clips import DAY
from avrecord.errors import BadInput, CannotWrite
from avrecord.model.moments import BEIJING, beijing, from_utc_text
from avrecord.model.statement import Anchor
from avrecord.pipeline import witnessing
from avrecord.pipeline.review import find_clip
from avrecord.pipeline.sheet import daily_sheet

FILE = click.Path(dir_okay=False, path_type=Path)
MOST = 1 << 20  # bytes of a request or an answer: 63 hashes and a few signatures are far below


@click.group("log", cls=Group)
def log() -> None:
    """日志：检查点、证明、见证。"""


@log.command("checkpoint")
@session
def checkpoint(s: Session) -> None:
    """打印当前检查点（可抄录、可带走，供以后对照）。"""
    click.echo(s.kit.log.checkpoint(), nl=False)


@log.command("sheet")
@click.option("--out", required=True, type=FILE, metavar="文件", help="写到哪个 .html 文件")
@click.option("--day", type=DAY, default=None, metavar="日期", help="哪一天的采集情况（默认今天）")
@session
def sheet(s: Session, out: Path, day: datetime | None) -> None:
    """生成采集日报：检查点二维码与哈希，打印后由采集站以外的人签字保存。"""
    html = daily_sheet(s.kit, day or s.kit.clock().astimezone(BEIJING))
    try:
        out.write_text(html, "utf-8")
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error
    click.echo(f"已写入 {out}，请打印、签字，由采集站以外的人保存。")


@log.command("prove")
@click.argument("clip", metavar="片段编号")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), metavar="目录", help="证明写到哪个目录")
@session
def prove(s: Session, clip: str, out: Path) -> None:
    """为一个片段写出记录原文和 .tlog-proof 证明，可离线核验。"""
    found = find_clip(clip, s.kit)
    index, text = witnessing.prove(s.kit, found.id)
    out.mkdir(parents=True, exist_ok=True)
    (out / f"{found.id.short}.statement.json").write_bytes(witnessing.entry_of(s.kit, index))
    (out / f"{found.id.short}.tlog-proof").write_text(text, "utf-8")
    click.echo(f"已写入 {out}：{found.name} 是日志第 {index} 条。")


@log.command("witness-request")
@click.option("--out", required=True, type=FILE, metavar="文件", help="请求写到哪个文件（可用 U 盘带走）")
@click.option("--old", type=int, default=None, metavar="条数", help="对方上次见证到第几条（默认按本站记录）")
@session
def witness_request(s: Session, out: Path, old: int | None) -> None:
    """生成见证请求，交给主管局或另一个采集站签名。"""
    out.write_text(witnessing.request(s.kit, old), "utf-8")
    click.echo(f"已写入 {out}。请对方运行：log witness-sign {out.name} --out 答复文件")


@log.command("witness-ask")
@click.argument("url", metavar="地址")
@click.option("--witness", "vkey", required=True, metavar="公钥", help="见证方的公钥（对方 keys/witness.vkey 的内容）")
@by_default
@session
def witness_ask(s: Session, url: str, vkey: str, by: str) -> None:
    """经网络请对方见证并收下签名（地址如 http://主机:端口/witness）。"""
    _told(witnessing.ask(s.kit, url, witnessing.witness_key(vkey), by))


@log.command("witness-sign")
@click.argument("file", type=FILE, metavar="请求文件")
@click.option("--out", required=True, type=FILE, metavar="文件", help="答复写到哪个文件")
@session
def witness_sign(s: Session, file: Path, out: Path) -> None:
    """为别的采集站见证：核对其日志未被改动后签名。"""
    reply = witnessing.answer(s.kit, _read(file))
    if reply.status != 200:
        print(reply.body, end="", file=sys.stderr)
        raise BadInput(path=file, detail=f"未予见证（{reply.status}）：{witnessing.REFUSED[reply.status]}")
    out.write_text(reply.body, "utf-8")
    click.echo(f"已见证，答复写入 {out}。")


@log.command("witness-add")
@click.argument("file", type=FILE, metavar="答复文件")
@click.option("--witness", "vkey", required=True, metavar="公钥", help="见证方的公钥（对方 keys/witness.vkey 的内容）")
@by_default
@session
def witness_add(s: Session, file: Path, vkey: str, by: str) -> None:
    """收下见证签名，记入日志。"""
    _told(witnessing.accept(s.kit, _read(file), witnessing.witness_key(vkey), by))


def _told(anchor: Anchor) -> None:
    when = beijing(from_utc_text(anchor.cosigned_at))
    click.echo(f"已收下 {anchor.witness} 的见证：日志前 {anchor.size} 条，不晚于 {when}（北京时间）。")


@log.command("trust")
@click.argument("vkey", metavar="公钥")
@session
def trust(s: Session, vkey: str) -> None:
    """登记另一个采集站的日志公钥，以便为它见证。"""
    click.echo(f"已登记日志公钥：{witnessing.trust(s.kit, vkey)}")


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > MOST:
            raise BadInput(path=path, detail="文件过大")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path=path, detail="读不出") from error


COMMANDS = (log,)
