"""`avrecord sync`: what this station has, to the object store; what the bureau answered, back."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Command, Session, session
from avrecord.cli.output import formats, give
from avrecord.pipeline.locking import Locks
from avrecord.pipeline.storing import keeps_locks, trusted_objects
from avrecord.pipeline.sync import Line, sync
from avrecord.reads.copies import synced


@click.command("sync", cls=Command)
@click.option("--now", is_flag=True, help="不论上传时段（sync.hours），现在就上传")
@click.option("--again", is_flag=True, help="逐个查看存储中是否还有，缺的补传（存储丢失过对象时）")
@formats
@session
def sync_(s: Session, /, now: bool, again: bool, **form: Any) -> None:
    """上传片段、封条、日志和附件到对象存储，取回市局的见证、入库回执和复核；中断后重新运行会接着做。"""
    objects = trusted_objects(s.kit)
    locks = Locks(objects, s.kit) if keeps_locks(s.kit) else None
    give(synced(sync(objects, s.kit, Line(s.kit, always=now), again, locks), objects.name), **form)


COMMANDS = (sync_,)
