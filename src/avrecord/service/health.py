"""Is this station able to work? The same checks for `doctor` and for `/readyz`."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils.utils import sqlite3

from avrecord.checks.hearing.folder import engine_problem
from avrecord.errors import AvrecordError, IsolationMissing
from avrecord.media.trial import OFF, in_force, tried
from avrecord.media.worker import Limits, isolated
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.pipeline.space import days_left_text, space_left
from avrecord.words import ISOLATION

BUILT = datetime(2026, 11, 1, tzinfo=UTC)  # a station clock before this is wrong for certain


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: a stable key, what it is called, whether it is well, and a sentence."""

    key: str
    what: str
    ok: bool
    detail: str


def problems(kit: Kit, thorough: bool = False) -> list[Check]:
    """Every check in order. With `thorough` the decoder child is started once as well."""
    found = [*essential(kit), _speech(kit)]
    return [*found, _isolation(kit), _decoder(kit)] if thorough else found


def essential(kit: Kit) -> list[Check]:
    """What a station needs to take the next card. Cheap: no child, no model, one byte written."""
    return [_database(kit), _vault(kit), _space(kit), _clock(kit), _keys(kit), _dock(kit)]


def _database(kit: Kit) -> Check:
    try:
        catch_up(kit)
    except AvrecordError as error:
        return Check("database", "数据库与日志", False, str(error))
    return Check("database", "数据库与日志", True, f"SQLite {sqlite3.sqlite_version}，与日志 {kit.log.size} 条一致")


def _vault(kit: Kit) -> Check:
    try:
        with tempfile.TemporaryFile(dir=kit.vault.incoming) as file:
            file.write(b"x")
            os.fsync(file.fileno())
    except OSError as error:
        return Check("vault", "库可写", False, f"{kit.vault.incoming}：{error.strerror}")
    return Check("vault", "库可写", True, str(kit.vault.root))


def _space(kit: Kit) -> Check:
    left = space_left(kit)
    lasts, text = days_left_text(left, kit.settings.vault.warn_days)
    detail = f"{text}；已留出 {kit.settings.vault.reserve_mib} MiB"
    return Check("space", "磁盘空间", left.free > 0, detail if lasts else f"注意：{detail}")


def _clock(kit: Kit) -> Check:
    now = kit.clock()
    return Check("clock", "采集站时钟", now > BUILT, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def _keys(kit: Kit) -> Check:
    return Check("keys", "密钥", True, f"片段密钥 {kit.sealer.key_id}")


def _dock(kit: Kit) -> Check:
    roots = [kit.root / root for root in kit.settings.dock.roots]
    missing = [str(root) for root in roots if not Path(root).is_dir()]
    return Check("dock", "停靠目录", not missing, f"不存在：{'、'.join(missing)}" if missing else "、".join(map(str, roots)))


def _speech(kit: Kit) -> Check:
    """No model is a choice; one that cannot be used is not."""
    model = kit.settings.check.speech_model
    if not model:
        return Check("speech", "语音模型", True, "未设置（check.speech_model），不听声音")
    problem = engine_problem(kit.root / model)
    return Check("speech", "语音模型", problem is None, f"{kit.root / model}：{problem}" if problem else str(kit.root / model))


def _isolation(kit: Kit) -> Check:
    """What keeps examination children from network and files. Less than both is said, never passed over."""
    mode = kit.settings.check.isolation
    if mode == OFF:
        return Check("isolation", "抽检隔离", True, ISOLATION["off"])
    try:
        found = in_force(mode)
    except (IsolationMissing, OSError) as error:
        return Check("isolation", "抽检隔离", False, str(error))
    missing = [problem for problem in tried().values() if problem]
    return Check("isolation", "抽检隔离", found.complete, "；".join([str(found), *missing]))


def _decoder(kit: Kit) -> Check:
    try:
        alone = in_force(kit.settings.check.isolation)
    except (IsolationMissing, OSError) as error:
        return Check("decoder", "抽检程序", False, str(error))
    with isolated("avrecord.pipeline.probing:ready", {}, Limits(wall_s=60), reads=[], isolation=alone) as outcome:
        if outcome.answer is None:
            return Check("decoder", "抽检程序", False, outcome.reason or "")
        return Check("decoder", "抽检程序", True, str(outcome.answer["versions"]))
