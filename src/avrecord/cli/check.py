"""抽检 on demand: what is pending, some clips again, or a loose file without a station."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from avrecord.checks.segments import read
from avrecord.cli.base import Command, Session, session
from avrecord.cli.output import formats, give
from avrecord.media.trial import OFF, in_force
from avrecord.model.observation import Examination
from avrecord.pipeline.examine import THOROUGH, examine_clips, waiting
from avrecord.pipeline.link import link_all
from avrecord.pipeline.loose import examine_file
from avrecord.pipeline.review import find_clip
from avrecord.reads.answer import Answer, Column, joined, words
from avrecord.rules.clocks import KINDS as CLOCK_FAULTS
from avrecord.settings import CheckTable
from avrecord.station import shipped
from avrecord.words import FAULTS, ISOLATION, LIMITS_OF_A_CHECK, MARKS, OUTCOMES, SEGMENTS, STAGES

COLUMNS = [
    Column("clip", "编号", lambda clip: clip[:12]),
    Column("outcome", "结果", words(OUTCOMES)),
    Column("found", "见到"),
    Column("faults", "画面声音问题", lambda faults: joined(dict.fromkeys(FAULTS[f["kind"]] for f in faults), "")),
    Column("reason", "说明"),
]


@click.command("check", cls=Command)
@click.argument("clips", nargs=-1, metavar="[编号…]")
@click.option("--pending", is_flag=True, help="抽检所有尚未抽检的片段")
@click.option(
    "--file",
    "loose",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="文件",
    help="抽检一个散放的文件，不需要采集站",
)
@click.option(
    "--speech-model",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="目录",
    help="与 --file 同用：用此目录中的语音模型听声音",
)
@click.option("--explain", is_flag=True, help="逐个说明各步看了多少、为什么没有再看")
@formats
@session
def check(
    s: Session,
    /,
    clips: tuple[str, ...],
    pending: bool,
    loose: Path | None,
    speech_model: Path | None,
    explain: bool,
    **form: Any,
) -> None:
    """抽检片段：亮证、告知、画面声音问题。"""
    if sum((bool(clips), pending, loose is not None)) != 1:
        raise click.UsageError("请给出片段编号、--pending 或 --file 三者之一")
    if speech_model and not loose:
        raise click.UsageError("--speech-model 只与 --file 同用；采集站的语音模型在 station.toml 的 check.speech_model 设置")
    if pending:
        found = list({each.clip: each for each in examine_clips(waiting(s.kit), s.kit)}.values())
        link_all(s.kit)
    else:
        found = [_loose(loose, speech_model)] if loose else _again(clips, s)
    explained = [line for examination in found for line in _stages(examination)] if explain else []
    if explain:
        explained.append(_isolation(CheckTable() if loose else s.kit.settings.check))
    give(
        Answer(
            "check",
            "抽检结果",
            COLUMNS,
            [_row(e) for e in found],
            notes=[
                *explained,
                f"抽检了 {len(found)} 个片段。",
                *_sound(found),
                LIMITS_OF_A_CHECK,
            ],
        ),
        **form,
    )


def _again(texts: tuple[str, ...], s: Session) -> list[Examination]:
    clips = [find_clip(text, s.kit) for text in texts]
    return list(examine_clips([(clip, s.kit.records.attempts(clip.id), THOROUGH) for clip in clips], s.kit))


def _loose(path: Path, speech_model: Path | None) -> Examination:
    """Examine a file as it is, without a station."""
    table = CheckTable(speech_model=str(speech_model or ""))
    return examine_file(path, read(shipped("config") / "segments.toml"), table, Path.cwd())


def _row(found: Examination) -> dict[str, Any]:
    row = asdict(found) | {"cost": dict(found.cost)}
    hiding = [fault for fault in found.faults if fault.kind not in CLOCK_FAULTS]  # a wrong clock hides nothing
    nothing = MARKS["not_seen"] if found.looked and found.outcome == "complete" and not hiding else MARKS["cannot_tell"]
    return row | {"found": "\n".join(_seen(o) for o in row["observations"]) or nothing}


def _stages(found: Examination) -> list[str]:
    """What each stage did with one clip, in the order in which it is entered."""
    cost = dict(found.cost)
    seconds = (found.facts.duration_ms or 0) / 1000
    keys = f"关键帧 {found.facts.key_frames or 0} 个，最长间隔 {(found.facts.longest_gap_ms or 0) / 1000:.1f} 秒"
    head = f"{found.clip[:12]}：{seconds:.0f} 秒，{keys}"
    return [head, *(f"  {what} {cost[key]}" for key, what in STAGES.items() if cost.get(key))]


def _isolation(table: CheckTable) -> str:
    return ISOLATION["off"] if table.isolation == OFF else str(in_force(table.isolation))


def _sound(found: list[Examination]) -> list[str]:
    """Why sound was not listened to, once each."""
    return [f"声音{reason}。" for reason in dict.fromkeys(e.unheard for e in found) if reason]


def _seen(observation: dict[str, Any]) -> str:
    doubt = "疑似" if observation["doubtful"] else ""
    segment = SEGMENTS.get(observation["segment"], observation["segment"])
    return f"{doubt}{segment} {observation['at_ms'] / 1000:.1f} 秒 “{observation['words']}”"


COMMANDS = (check,)
