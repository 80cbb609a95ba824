"""What an import would bring or has brought: counts in words, and every row that is not valid with its reason."""

from __future__ import annotations

from avrecord.pipeline.bring import Brought, CaseReport
from avrecord.pipeline.holding import shared
from avrecord.pipeline.kit import Kit
from avrecord.reads.answer import Answer, Column, joined

MOST_OVERLAPS = 20
COLUMNS = [
    Column("sheet", "工作表", lambda name: name or "—"),
    Column("row", "行号"),
    Column("reason", "无效原因（这些行不写入）", width=30),
]
COUNTED = {"officers": "人", "duty": "人次", "devices": "条"}
NOT_YET = "以上只是检查结果，未写入"


def of_cases(report: CaseReport, applied: bool, kit: Kit) -> Answer:
    """A table of cases or patrols."""
    file = report.file
    rows = [{"row": number, "reason": reason} for number, reason in file.invalid]
    said = [
        ("按巡查记录读入：" if file.patrols else "")
        + f"有效 {len(file.stages)} 行（新增 {len(report.new)}，变更 {len(report.changed)}，无变化 {report.unchanged}），"
        + f"无效 {len(rows)} 行"
    ]
    linked: int | None = None
    if applied:
        filmed = kit.records.linked_stages({stage.id.case for stage in file.stages})
        linked = sum(stage.id in filmed for stage in file.stages)
        written = len(report.new) + len(report.changed)
        said.append(f"已写入 {written} 个环节；有录像的 {linked} 个，没有的 {len(file.stages) - linked} 个")
    else:
        said.append(NOT_YET)
    if file.unknown:
        said.append(f"未识别的列（已忽略）：{joined(file.unknown)}")
    extra = {
        "kind": "cases", "applied": applied, "patrols": file.patrols, "valid": len(file.stages), "new": len(report.new),
        "changed": len(report.changed), "unchanged": report.unchanged, "unknown_columns": list(file.unknown),
        "linked": linked, "said": said,
    }  # fmt: skip
    return Answer("cases_import", "无效的行", COLUMNS, rows, extra, _hinted(said, "确认无误后加 --apply 导入"))


def of_others(kind: str, found: Brought, applied: bool, kit: Kit) -> Answer:
    """Officers, duties or recorders."""
    counted = COUNTED[kind]
    rows = [{"sheet": sheet, "row": number, "reason": reason} for sheet, number, reason in found.invalid]
    said = [f"读到 {found.read} {counted}，新增或变更 {found.fresh} {counted}，无效 {len(rows)} 行（未写入）"]
    if kind == "devices":
        said += _overlaps(kit)
    if not applied:
        said.append(NOT_YET)
    extra = {"kind": kind, "applied": applied, "valid": found.read, "new": found.fresh, "said": said}
    return Answer("import", "无效的行", COLUMNS, rows, extra, _hinted(said, "去掉 --check 即导入"))


def _hinted(said: list[str], hint: str) -> list[str]:
    """With the option that goes on from a mere check, for who stands at the command line."""
    return [f"{line}；{hint}" if line == NOT_YET else line for line in said]


def _overlaps(kit: Kit) -> list[str]:
    """Recorders that stand in two people's hands at once, by what is known now."""
    found = shared(kit)
    said = [
        f"注意：{each.recorder} 在 {each.since} 至 {each.until or '今'} 同时领给 {'、'.join(each.officers)}（共用，未拒绝）"
        for each in found[:MOST_OVERLAPS]
    ]
    return said + ([f"另有 {len(found) - MOST_OVERLAPS} 处共用"] if len(found) > MOST_OVERLAPS else [])
