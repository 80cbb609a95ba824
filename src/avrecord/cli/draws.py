"""`avrecord audit draw`: a sample that nobody can choose and everybody can draw again."""

from __future__ import annotations

from typing import Any

import click

from avrecord.cli.base import Session, at_least, by_option, session
from avrecord.cli.clips import DAY
from avrecord.cli.output import formats, give
from avrecord.cli.trust import audit
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.draw import announce, draw, drawn
from avrecord.reads.answer import Answer, Column, moment
from avrecord.reads.clips import day_bounds
from avrecord.words import SEEDS

SAMPLE = [Column("n", "序号"), Column("case", "案号", width=14, whole=True), Column("stage", "环节", width=12)]
LIST = [
    Column("announced", "公告（日志序号）"),
    Column("at", "公告时间", moment, 10),
    Column("by", "公告人"),
    Column("of", "总数"),
    Column("count", "抽取数"),
    Column("seed_from", "种子", lambda seed: SEEDS.get(seed, "尚未抽取"), 14),
]


@audit.command("announce")
@click.option("--count", type=int, required=True, metavar="个数", callback=at_least(1), help="抽多少个环节")
@click.option("--unit", default="", metavar="单位", help="只从某单位抽")
@click.option("--from", "since", type=DAY, metavar="日期", help="环节起始日期，如 2026-11-01")
@click.option("--to", "until", type=DAY, metavar="日期", help="环节截止日期（含当日）")
@by_option
@session
def announce_(s: Session, count: int, unit: str, since: Any, until: Any, by: str) -> None:
    """公告抽取规则：范围和名单先记入日志，之后才产生种子。"""
    number, of = announce(count, by, s.kit, unit=unit, **day_bounds(since, until))
    click.echo(f"已公告：从 {of} 个环节中抽 {min(count, of)} 个，公告序号 {number}。")
    click.echo(f"下一步：请外部见证人签署检查点（log witness-request），再运行 avrecord audit draw {number} --by 证号")


@audit.command("draw")
@click.argument("number", type=int, required=False, metavar="公告序号")
@click.option("--by", default="", metavar="证号", help="抽取人的执法证号或工号（抽取时必填）")
@click.option("--public", default="", metavar="文字", help="没有见证时可用的公开号码及来源，如“福彩开奖号码 第2026316期 572”")
@click.option("--check", is_flag=True, help="复验：按公告的名单和种子再抽一次，看是否相同")
@click.option("--list", "list_", is_flag=True, help="列出所有公告")
@formats
@session
def draw_(s: Session, /, number: int | None, by: str, public: str, check: bool, list_: bool, **form: Any) -> None:
    """按公告抽取，或复验一次抽取。"""
    if list_ or number is None:
        give(_announcements(s), **form)
        return
    if not check and not by:
        raise click.UsageError("抽取须写明 --by 证号；只看结果请加 --check")
    found = drawn(number, s.kit) if check else draw(number, by, s.kit, public)
    rows = [{"n": n, "case": stage.case, "stage": stage.name} for n, stage in enumerate(found.stages, 1)]
    notes = [
        f"公告 {number}：从 {found.of} 个环节中抽出 {len(rows)} 个。种子：{SEEDS[found.seed_from]}，SHA-256 {found.seed}",
        "再抽一次结果相同。" if found.same else "再抽一次结果不同：日志中的结果不是按公告抽出来的！",
    ]
    if found.seed_from == "checkpoint":
        notes.append("注意：种子是采集站自己的检查点。采集站可以反复尝试以挑选结果，有外部见证或公开号码的抽取才能排除这一点。")
    extra = {"announced": number, "of": found.of, "seed_from": found.seed_from, "seed": found.seed, "same": found.same}
    give(Answer("draw", "抽取结果", SAMPLE, rows, extra | {"rule": found.rule}, notes, 0 if found.same else 11), **form)


def _announcements(s: Session) -> Answer:
    rows = [
        {
            "announced": row["seq"],
            "at": from_utc_text(row["at"]),
            "by": row["by_whom"],
            "of": row["of_count"],
            "count": row["count"],
            "seed_from": row["seed_from"],
        }
        for row in s.kit.store.rows("all_announcements")
    ]
    notes = [] if rows else ["还没有公告。先运行 avrecord audit announce --count 个数 --by 证号"]
    return Answer("announcements", "抽取公告", LIST, rows, {"count": len(rows)}, notes)


COMMANDS = ()
