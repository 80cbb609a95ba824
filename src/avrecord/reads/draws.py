"""Draws: what was announced, and what was drawn of it."""

from __future__ import annotations

from avrecord.model.moments import from_utc_text
from avrecord.pipeline.draw import Drawn
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, moment
from avrecord.store.documents import read_population
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


def announcements(kit: Kit, unit: str = "") -> Answer:
    """Every announcement, drawn or not: an auditor asks about those that were not."""
    rows = [
        {
            "announced": row["seq"],
            "at": from_utc_text(row["at"]),
            "by": row["by_whom"],
            "of": row["of_count"],
            "count": row["count"],
            "seed_from": row["seed_from"],
        }
        for row in kit.store.rows("all_announcements")
        if not unit or unit_of(row["population"], kit) == unit
    ]
    notes = [] if rows else ["还没有公告。先运行 avrecord audit announce --count 个数 --by 证号"]
    return Answer("announcements", "抽取公告", LIST, rows, {"count": len(rows)}, notes)


def unit_of(population: str, kit: Kit) -> str:
    """The unit that a population was announced for; empty: all."""
    rule, _ = read_population(kit.attachments.get(population))
    return str(rule.get("unit", ""))


def drawn_of(number: int, found: Drawn) -> Answer:
    """The sample of a draw, and whether it comes out the same again."""
    rows = [{"n": n, "case": stage.case, "stage": stage.name} for n, stage in enumerate(found.stages, 1)]
    notes = [
        f"公告 {number}：从 {found.of} 个环节中抽出 {len(rows)} 个。种子：{SEEDS[found.seed_from]}，SHA-256 {found.seed}",
        "再抽一次结果相同。" if found.same else "再抽一次结果不同：日志中的结果不是按公告抽出来的！",
    ]
    if found.seed_from == "public":
        notes.append("注意：种子是抽取人填写的。请核对它由谁、在公告之后的什么时候公开，对不上的等于自己挑选。")
    if found.seed_from == "checkpoint":
        notes.append("注意：种子是采集站自己的检查点。采集站可以反复尝试以挑选结果，有外部见证或公开号码的抽取才能排除这一点。")
    extra = {"announced": number, "of": found.of, "seed_from": found.seed_from, "seed": found.seed, "same": found.same}
    return Answer("draw", "抽取结果", SAMPLE, rows, extra | {"rule": found.rule}, notes, 0 if found.same else 11)
