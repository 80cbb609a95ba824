"""Recorders: the custodian's commands. Registry and condition here; rates, plans and entries by hand in the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, session
from avrecord.cli.device_events import assign, event, flags
from avrecord.cli.device_plans import plan
from avrecord.cli.device_rates import availability, sufficiency
from avrecord.cli.device_show import life, show
from avrecord.cli.output import formats, give
from avrecord.cli.profile_test import profile_test
from avrecord.pipeline import bring
from avrecord.pipeline.holding import shared
from avrecord.pipeline.link import link_all
from avrecord.reads.devices import device_list

FILE = click.Path(dir_okay=False, path_type=Path)
MOST_OVERLAPS = 20


@click.group("devices", cls=Group)
def devices() -> None:
    """执法记录仪：登记、状况、完好率、计划。"""


@devices.command("import")
@click.argument("file", type=FILE, metavar="文件")
@by_default
@session
def import_(s: Session, /, file: Path, by: str) -> None:
    """导入设备、领用、设备事件（一个工作簿的三张表）。"""
    fleet, fresh = bring.import_devices(file, by, s.kit)
    link_all(s.kit)
    click.echo(f"读到 {len(fleet.bodies)} 条，已写入新记录 {fresh} 条，无效 {len(fleet.invalid)} 条（未写入）")
    for sheet, number, reason in fleet.invalid:
        click.echo(f"  {sheet} 第 {number} 行：{reason}", err=True)
    found = shared(s.kit)
    for overlap in found[:MOST_OVERLAPS]:
        span = f"{overlap.since} 至 {overlap.until or '今'}"
        click.echo(f"  注意：{overlap.recorder} 在 {span} 同时领给 {'、'.join(overlap.officers)}（共用，未拒绝）", err=True)
    if len(found) > MOST_OVERLAPS:
        click.echo(f"  另有 {len(found) - MOST_OVERLAPS} 处共用", err=True)


@devices.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出记录仪和状况（来自停靠、录像和登记的事实）。"""
    give(device_list(s.kit), **form)


for _command in (show, life, assign, event, flags, availability, sufficiency, plan, profile_test):
    devices.add_command(_command)

COMMANDS = (devices,)
