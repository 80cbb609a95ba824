"""`devices show`: one recorder, docking by docking."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Command, Session, session
from avrecord.cli.output import formats, give
from avrecord.reads.device import one_device
from avrecord.reads.life import life_of


@click.command("show", cls=Command)
@click.argument("serial", metavar="设备编号")
@formats
@session
def show(s: Session, /, serial: str, **form: Any) -> None:
    """查看一台记录仪：每次停靠的时钟偏差、两次之间的走时漂移、异常。"""
    give(one_device(serial, s.kit), **form)


@click.command("life", cls=Command)
@click.argument("serial", metavar="设备编号")
@formats
@session
def life(s: Session, /, serial: str, **form: Any) -> None:
    """一台记录仪的经历：购置、领用、停靠、故障、送修、报废，各有出处。"""
    give(life_of(serial, s.kit), **form)
