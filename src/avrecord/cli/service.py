"""Installing the service on this machine."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from avrecord.cli.base import Command, Session, session
from avrecord.errors import CannotInstall
from avrecord.service.install import Plan, apply, plan
from avrecord.station import shipped


@click.command("install-service", cls=Command)
@click.option("--apply", "doing", is_flag=True, help="写入文件并执行命令（需要 root；默认只说明将做什么）")
@click.option(
    "--prefix",
    default=Path("/"),
    type=click.Path(file_okay=False, path_type=Path),
    metavar="目录",
    help="装到此目录下（制作软件包用）：只写文件，不执行命令，不需要 root",
)
@session
def install_service(s: Session, doing: bool, prefix: Path) -> None:
    """安装系统服务和存储卡自动挂载，默认只说明将做什么。"""
    made = plan(s.root, Path(sys.prefix) / "bin" / "avrecord", shipped("deploy"), prefix.absolute())
    here = prefix.absolute() == Path("/")
    for warning in made.warnings:
        click.echo(f"注意：{warning}。", err=True)
    _show(made, commands=here)
    if not doing:
        click.echo("以上未执行，没有改动任何文件。确认后加 --apply 执行。")
        return
    if here and os.geteuid() != 0:
        raise CannotInstall(detail="需要管理员（root）权限")
    written = apply(made, commands=here)
    done = "服务已启用并启动，可用 systemctl status avrecord 查看" if here else "按 --prefix 未执行命令"
    click.echo(f"已写入 {len(written)} 个文件；{done}。")


def _show(made: Plan, *, commands: bool) -> None:
    for file in made.files:
        state = "已是最新" if not file.changes else "新建" if file.present is None else "修改"
        click.echo(f"文件 {file.path}（{state}）")
        for line in file.shown().splitlines():
            click.echo(f"    {line}")
    for command in made.commands if commands else ():
        click.echo(f"命令 {shlex.join(command)}")


COMMANDS = (install_service,)
