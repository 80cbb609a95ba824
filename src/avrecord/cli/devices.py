"""Recorders: the custodian's commands. Registry and condition here; rates, plans and entries by hand in the files beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Group, Session, by_default, check_option, session
from avrecord.cli.device_events import assign, event, flags
from avrecord.cli.device_plans import plan
from avrecord.cli.device_rates import availability, sufficiency
from avrecord.cli.device_show import life, show
from avrecord.cli.output import formats, give
from avrecord.cli.profile_test import profile_test
from avrecord.pipeline import bring
from avrecord.pipeline.link import link_all
from avrecord.reads.devices import device_list
from avrecord.reads.imports import of_others

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("devices", cls=Group)
def devices() -> None:
    """执法记录仪：登记、状况、完好率、计划。"""


@devices.command("import")
@click.argument("file", type=FILE, metavar="文件")
@check_option
@by_default
@formats
@session
def import_(s: Session, /, file: Path, check: bool, by: str, **form: Any) -> None:
    """导入设备、领用、设备事件（一个工作簿的三张表）。"""
    found = bring.inspect_devices(file, s.kit)
    if not check:
        bring.apply(found, by, s.kit)
        link_all(s.kit)
    give(of_others("devices", found, not check, s.kit), **form)


@devices.command("list")
@formats
@session
def list_(s: Session, /, **form: Any) -> None:
    """列出记录仪和状况（来自停靠、录像和登记的事实）。"""
    give(device_list(s.kit), **form)


for _command in (show, life, assign, event, flags, availability, sufficiency, plan, profile_test):
    devices.add_command(_command)

COMMANDS = (devices,)
