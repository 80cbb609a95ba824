"""`avrecord users`: who may open the pages."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from avrecord.cli.base import Group, Session, number, session
from avrecord.cli.output import formats, give
from avrecord.pipeline.accounts import AccountFile
from avrecord.reads.answer import Answer, Column, words
from avrecord.rules.roles import ROLES, Account
from avrecord.words import ROLE_NAMES


@click.group("users", cls=Group)
def users() -> None:
    """页面账户：谁可以登录状态页以外的页面。"""


@users.command("set")
@click.argument("name", metavar="用户名")
@click.option(
    "--role", type=click.Choice(ROLES), required=True, metavar="角色", help="、".join(f"{r} {ROLE_NAMES[r]}" for r in ROLES)
)
@click.option("--number", "who", required=True, metavar="证号", callback=number, help="其执法证号或工号，所做的操作以此记入日志")
@click.option("--unit", default="", metavar="单位", help="只能看某单位（不写则看全部）")
@click.password_option("--password", prompt="口令", confirmation_prompt="再输一次", metavar="口令", help="不写则提示输入（推荐）")
@session
def set_(s: Session, name: str, role: str, who: str, unit: str, password: str) -> None:
    """新建账户，或为其重设口令、角色、单位。"""
    AccountFile(s.kit.root).set(Account(name, who, role, unit), password)
    click.echo(f"账户 {name}（{ROLE_NAMES[role]}{'，' + unit if unit else ''}）可以登录。")


@users.command("disable")
@click.argument("name", metavar="用户名")
@session
def disable(s: Session, name: str) -> None:
    """停用账户，已登录的立即退出。"""
    AccountFile(s.kit.root).disable(name)
    click.echo(f"账户 {name} 已停用。")


@users.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出账户。"""
    kept = AccountFile(s.kit.root).read().values()
    rows = [asdict(each.account) | {"disabled": each.disabled} for each in kept]
    columns = [
        Column("name", "用户名"),
        Column("role", "角色", words(ROLE_NAMES)),
        Column("number", "证号"),
        Column("unit", "单位", lambda unit: unit or "全部", 12),
        Column("disabled", "状态", lambda off: "已停用" if off else "可登录"),
    ]
    notes = [] if rows else ["还没有账户。新建：avrecord users set 用户名 --role supervisor --number 证号"]
    give(Answer("users", "页面账户", columns, rows, {"count": len(rows)}, notes), **form)


COMMANDS = (users,)
