"""`avrecord release`: may a card be wiped? A dry run unless --grant; nothing is removed unless --wipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord import durable
from avrecord.cli.base import Command, Session, by_option, session
from avrecord.cli.output import formats, give
from avrecord.dock.volumes import docked, volume_at
from avrecord.dock.wiping import is_writable
from avrecord.errors import CardError
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.release import Inspection, grant, inspect_release, receipt_path, wipe
from avrecord.reads.answer import Answer, Column, joined, moment
from avrecord.rules.releasing import REFUSALS


@click.command("release", cls=Command)
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="目录")
@click.option("--grant", "granted", is_flag=True, help="写入释放记录并出具回执（默认只查看，不改动任何内容）")
@click.option("--wipe", "wiped", is_flag=True, help="释放后从卡上删除已释放的文件（须与 --grant 同用，不可恢复）")
@by_option
@formats
@session
def release(s: Session, /, path: Path, granted: bool, wiped: bool, by: str, **form: Any) -> None:
    """释放存储卡：逐个文件重新读取、核验，符合策略才允许清除记录仪上的原件。"""
    if wiped and not granted:
        raise click.UsageError("--wipe 须与 --grant 同用")
    volume = volume_at(path)
    if volume is None:
        raise CardError(card=path, detail="不是文件夹")
    if wiped and not is_writable(volume):
        raise click.UsageError("存储卡是只读挂载的，不能删除；请用 --grant 出具回执后由厂家工具清除")
    found = inspect_release(volume, s.kit)
    facts: dict[str, Any] = {"granted": False, "wiped": 0, "not_wiped": []}
    if granted and found.free and not found.refusal:
        receipt = receipt_path(s.root / "exports", found, s.kit.log.size)
        durable.make_folder(receipt.parent)
        durable.replace_with(receipt, grant(found, by, s.kit))
        facts |= {"granted": True, "receipt": str(receipt)}
        if wiped:
            facts["wiped"], facts["not_wiped"] = wipe(found, by, s.kit)
    give(_answer(found, facts), **form)


def _answer(found: Inspection, facts: dict[str, Any]) -> Answer:
    columns = [
        Column("path", "文件"),
        Column("size", "字节"),
        Column("clip", "SHA-256", lambda digest: digest[:12] or "—"),
        Column("refusal", "结论", lambda reason: REFUSALS[reason] if reason else "可以释放"),
    ]
    rows = [
        {"path": v.file.shown, "size": v.file.size, "clip": v.clip, "leaf": v.leaf, "refusal": v.refusal} for v in found.files
    ]
    if found.refusal:
        notes = [f"整张卡不得释放：{REFUSALS[found.refusal]}。"]
    else:
        notes = [f"{len(found.free)} 个可以释放，{len(found.files) - len(found.free)} 个不得释放。"]
    if facts["granted"]:
        notes.append(f"已写入释放记录，回执：{facts['receipt']}。")
        notes += [f"已从卡上删除 {facts['wiped']} 个。"] if facts["wiped"] else []
        notes += [f"未能删除 {len(facts['not_wiped'])} 个：{facts['not_wiped'][0]}"] if facts["not_wiped"] else []
    extra = {"recorder": found.card.recorder, "docking": found.docking, "refusal": found.refusal, **facts}
    refused = bool(found.refusal) or len(found.free) < len(found.files)
    title = f"释放：{found.card.title}"
    return Answer("release", title, columns, rows, extra=extra, notes=notes, exit_code=15 if refused else 0)


@click.command("releases", cls=Command)
@click.option("--docked", "waiting", is_flag=True, help="改为列出现在插着的卡：各有多少可以释放（只查看）")
@formats
@session
def releases(s: Session, /, waiting: bool, **form: Any) -> None:
    """释放记录：哪张卡、何时、由谁、依据什么规则允许清除。"""
    give(_waiting(s.kit) if waiting else _granted(s.kit), **form)


def _granted(kit: Kit) -> Answer:
    columns = [
        Column("at", "时间", lambda at: moment(from_utc_text(at))),
        Column("recorder", "记录仪"),
        Column("rule", "规则"),
        Column("files", "文件"),
        Column("bytes", "字节"),
        Column("wiped", "已由本站删除"),
        Column("by_whom", "操作人"),
        Column("receipt", "回执附件", lambda digest: digest[:12]),
    ]
    return Answer("releases", "释放记录", columns, kit.store.rows("releases"))


def _waiting(kit: Kit) -> Answer:
    columns = [
        Column("card", "存储卡"),
        Column("files", "文件"),
        Column("free", "可以释放"),
        Column("bytes", "字节"),
        Column("refusals", "不得释放的原因", lambda reasons: joined(REFUSALS[reason] for reason in reasons)),
    ]
    rows: list[dict[str, Any]] = []
    for volume in docked([kit.root / root for root in kit.settings.dock.roots]):
        try:
            found = inspect_release(volume, kit)
        except CardError as error:
            rows.append({"card": volume.label, "files": 0, "free": 0, "bytes": 0, "refusals": [], "problem": str(error)})
            continue
        reasons = {found.refusal} if found.refusal else {verdict.refusal for verdict in found.files}
        row = {"card": found.card.title, "files": len(found.card.files), "free": len(found.free)}
        row |= {"bytes": sum(v.file.size for v in found.free), "refusals": sorted(reason for reason in reasons if reason)}
        rows.append(row | {"problem": None})
    return Answer("releasable", "现在插着的卡", columns, rows)


COMMANDS = (release, releases)
