"""May the recorder's copy of a clip go? Undoing is impossible, so every doubt refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Second(StrEnum):
    """What must hold beside the seal before anything may be released. There is no release without a second condition."""

    COSIGNED = "cosigned"
    """Somebody outside cosigned a checkpoint that covers the seal: the station can no longer leave it out."""
    COPY = "copy"
    """A second copy in another place was read in full and is the same."""
    BUREAU = "bureau"
    """The bureau read the copy in the object store in full and signed for it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The written policy: which second conditions hold at the same time, and how old a seal must be."""

    needs: tuple[Second, ...]
    least_age: timedelta


@dataclass(frozen=True, slots=True)
class Proof:
    """What was found of one file of a card, just now, by reading it again."""

    sealed: bool
    """Its very bytes, read from the card in full, have a seal in the log."""
    verdict: str
    """The finding of the vault's copy, its seal and its place in the log: `OK` or `OK_UNWITNESSED` is sound."""
    read_back: str
    """How the copy was compared with the disk when it was taken."""
    whole: bool
    """No part of it was kept as zeros because the card could not be read."""
    age: timedelta
    has: tuple[Second, ...]
    """The second conditions that hold."""


REFUSALS = {
    "off": "释放策略未启用（release.policy）",
    "ambiguous": "有另一张卡或另一个盘符自称同一台记录仪，不能确定是哪一张",
    "unknown_recorder": "未识别的记录仪，须先认领",
    "changed_mount": "存储卡与采集时登记的不是同一次插入，请先重新采集",
    "not_sealed": "卡上内容没有封存（未采集或已改变）",
    "same_file": "库内副本就是卡上的这个文件，不是另一份",
    "not_sound": "库内副本核验未通过",
    "not_read_back": "采集时未能越过缓存回读校验",
    "not_whole": "采集时有读不出的扇区，库内副本不完整",
    "too_young": "封存后的时间不足",
    "not_cosigned": "尚无外部见证覆盖该片段的封存记录",
    "no_copy": "第二份副本不存在或内容不同",
    "no_receipt": "没有市局的入库回执（读回对象存储中的副本后签发）",
}
"""Reasons, as people read them."""


def refusal_of_card(policy: Policy | None, recorder: str | None, same_docking: bool, others: Sequence[str]) -> str | None:
    """Why nothing on a card may be released, or None. `others`: further places at which this recorder's card seems to be."""
    if policy is None:
        return "off"
    if recorder is None:
        return "unknown_recorder"
    if others:
        return "ambiguous"
    return None if same_docking else "changed_mount"


def refusal(policy: Policy, proof: Proof) -> str | None:
    """Why one file may not be released, a key of `REFUSALS`; None when it may."""
    if not proof.sealed:
        return "not_sealed"
    if proof.verdict not in ("OK", "OK_UNWITNESSED"):
        return "not_sound"
    if not proof.whole:
        return "not_whole"
    if proof.read_back not in ("direct", "uncached"):
        return "not_read_back"
    if proof.age < policy.least_age:
        return "too_young"
    for needed, reason in ((Second.COSIGNED, "not_cosigned"), (Second.COPY, "no_copy"), (Second.BUREAU, "no_receipt")):
        if needed in policy.needs and needed not in proof.has:
            return reason
    return None
