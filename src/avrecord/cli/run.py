"""Running a station: the one command that needs the pages and all they stand on."""

from __future__ import annotations

import click

from avrecord.cli.base import Command, Session, session
from avrecord.service.run import serve
from avrecord.web.app import build


@click.command("run", cls=Command)
@session
def run(s: Session) -> None:
    """启动服务：自动采集、封存、抽检、关联，并提供状态页。"""
    serve(s.root, build)


COMMANDS = (run,)
