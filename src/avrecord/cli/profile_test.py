"""`devices profile-test`: what a profile reads from each file of a sample tree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from avrecord.cli.base import Command
from avrecord.cli.output import formats, give
from avrecord.dock import profiles
from avrecord.dock.profile import GENERIC
from avrecord.dock.volumes import volume_at
from avrecord.errors import BadInput
from avrecord.model.card import Card, ClockReading
from avrecord.pipeline.trial import Trial, Tried, trial
from avrecord.reads.answer import Answer, Column, joined, moment, words
from avrecord.reads.device import oddity_said
from avrecord.station import shipped
from avrecord.words import CLAIM_DOUBTS, CLOCK_METHODS, MEDIA, SET_ASIDE

MOST_LINES = 200  # of one log in JSON; a screen shows their number and the last one


@click.command("profile-test", cls=Command)
@click.argument("file", type=click.Path(path_type=Path), metavar="配置文件")
@click.argument("tree", type=click.Path(path_type=Path), metavar="样例目录")
@click.option("--label", metavar="卷标", help="当作存储卡的卷标（样例目录没有卷标时用）")
@formats
def profile_test(file: Path, tree: Path, label: str | None, **form: Any) -> None:
    """用一个样例目录试验机型配置：每个文件会读出什么，为什么没有认出。"""
    profile, generic = profiles.read(file), profiles.read(shipped("devices") / "generic.toml")
    tried_with = (profile,) if profile.name == GENERIC else (profile, generic)
    volume = volume_at(tree)
    if volume is None:
        raise BadInput(path=tree, detail="没有这个文件夹")
    volume = replace(volume, label=label) if label else volume
    made = trial(volume, tuple(profiles.beside(each, tried_with[-1]) for each in tried_with), datetime.now(UTC))
    if not made.files:
        raise BadInput(path=tree, detail="文件夹里没有文件")
    give(_answer(profile.name, profile.title, made), **form)


def _answer(name: str, title: str, made: Trial) -> Answer:
    card, first = made.card, made.attempts[0]
    columns = [
        Column("path", "文件", width=20),
        Column("kind", "类别", words(MEDIA), 4),
        Column("start", "自称开始（北京时间）", moment, 10),
        Column("device", "设备"),
        Column("user", "用户"),
        Column("sequence", "编号"),
        Column("important", "重点", lambda yes: "是" if yes else "", 4),
        Column("doubt", "时间存疑", words(CLAIM_DOUBTS)),
        Column("set_aside", "待查原因", words(SET_ASIDE)),
        Column("facts", "读出的内容", lambda facts: "\n".join(_said(fact) for fact in facts[-3:]), 24),
    ]
    matched = card.profile == name
    extra = {
        "profile": name,
        "matched": matched,
        "used": card.profile,
        "attempts": [
            {"profile": a.profile, "applies": a.applies, "recorder": a.recorder, "why_not": a.why_not} for a in made.attempts
        ],
        "recorder": card.recorder,
        "identity_from": card.facts.identity_from,
        "clock": _clock(card.clock) if card.clock else None,
        "readings": [_clock(reading) for reading in card.facts.readings],
        "battery_percent": card.battery,
        "free_mb": card.facts.free_mb,
        "users": list(card.facts.users),
        "faults": list(card.facts.faults),
        "oddities": [{"kind": odd.kind, "amount": odd.amount} for odd in card.facts.oddities],
    }
    notes = [f"机型：{title}（{name}）{'符合' if matched else '不符合'}{f'：{first.why_not}' if first.why_not else ''}"]
    return Answer("profile-test", "机型配置试验", columns, [_row(each) for each in made.files], extra, [*notes, *_notes(card)])


def _notes(card: Card) -> list[str]:
    facts = card.facts
    whose = f"{card.recorder}（{identity_said(facts.identity_from)}）" if card.recorder else "认不出，将作为未知设备采集"
    battery = "—" if card.battery is None else f"{card.battery} %"
    free = "—" if facts.free_mb is None else f"{facts.free_mb} MB"
    return [
        f"设备：{whose}",
        f"时钟：{clock_said(card.clock)}",
        f"电量：{battery}；剩余空间：{free}",
        f"用户：{joined(facts.users)}；故障记录 {len(facts.faults)} 条",
        *(f"注意：{oddity_said(odd.kind, odd.amount)}" for odd in facts.oddities),
        "以上只是试读：任何文件都会照常采集封存，不符合规则的也不会拒收。",
    ]


def identity_said(source: str | None) -> str:
    """Where the recorder's number was read."""
    kind, _, what = (source or "").partition(":")
    return {"file": f"出自文件 {what}", "label": f"出自卷标 {what}", "names": f"出自 {what} 个文件名"}.get(kind, "—")


def clock_said(clock: ClockReading | None) -> str:
    """A reading in words; no reading is said to be none, which is not zero."""
    if clock is None:
        return "卡上读不出偏差（不等于没有偏差）"
    way = "快" if clock.offset_ms > 0 else "慢"
    method = CLOCK_METHODS.get(clock.method, clock.method)
    return f"{way} {abs(clock.offset_ms) / 1000:g} 秒 ±{clock.uncertainty_ms / 1000:g} 秒（{method}）"


def _clock(reading: ClockReading) -> dict[str, Any]:
    return {
        "offset_ms": reading.offset_ms, "uncertainty_ms": reading.uncertainty_ms, "method": reading.method, "own": reading.own,
    }  # fmt: skip


def _row(each: Tried) -> dict[str, Any]:
    claim, track = each.claim, each.track
    facts: list[dict[str, Any]] = [
        {"rule": line.rule, "line": line.text.strip(), **line.values} for line in each.lines[-MOST_LINES:]
    ]
    if track:
        facts.append({"rule": "track", "first": track.first, "last": track.last, "bad": track.bad})
    return {
        "path": each.file.shown,
        "bytes": each.file.size,
        "kind": claim.media.value,
        "start": claim.start,
        "device": claim.device,
        "user": claim.user,
        "sequence": claim.sequence,
        "important": claim.important,
        "ignored": claim.ignored,
        "by_profile": claim.by_profile,
        "doubt": claim.doubt,
        "set_aside": each.set_aside,
        "facts": facts,
    }


def _said(fact: dict[str, Any]) -> str:
    if fact["rule"] == "track":
        return f"轨迹 {moment(fact['first'])} 至 {moment(fact['last'])}，坏行 {fact['bad']}"
    return f"{fact['rule']}：{fact['line']}"
