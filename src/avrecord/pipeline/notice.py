"""月度通报: the month's figures as sentences, and the workbook with its tables and native charts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from avrecord.ledger.write import Chart, Share, Sheet, write_workbook
from avrecord.model.case import MarkKind
from avrecord.model.statement import ExportMade
from avrecord.model.statistics import Line, MonthFigures
from avrecord.pipeline.footing import assert_outside, footing
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.words import LIMITS_OF_A_CHECK, LIMITS_OF_A_SEAL, LOST_DAY, UNITLESS

HOUR_MS = 3_600_000
MARKED = (("抽检已见", MarkKind.SEEN), ("抽检未见", MarkKind.NOT_SEEN), ("无法判断", MarkKind.CANNOT_TELL))
Figure = Callable[[Line], object]
FIGURES: tuple[tuple[str, float, Figure], ...] = (
    ("片段", 5, lambda line: line.footage.clips),
    ("其中照片", 5, lambda line: line.footage.photos),
    ("录像时长（小时）", 6, lambda line: hours(line.footage.recorded_ms)),
    ("时长未知", 5, lambda line: line.footage.without_length),
    ("环节", 5, lambda line: len(line.stages.all)),
    ("有录像", 5, lambda line: line.stages.with_footage),
    ("完整", 5, lambda line: len(line.stages.whole)),
    ("有缺口", 5, lambda line: len(line.stages.with_gaps)),
    ("要件应见", 5, lambda line: len(line.stages.required)),
    ("抽检已见", 5, lambda line: len(line.stages.marked(MarkKind.SEEN))),
    ("抽检未见", 5, lambda line: len(line.stages.marked(MarkKind.NOT_SEEN))),
    ("无法判断", 5, lambda line: len(line.stages.marked(MarkKind.CANNOT_TELL))),
    ("人工认定缺失", 6, lambda line: len(line.stages.found_missing)),
    ("复核（次）", 5, lambda line: len(line.reviews)),
    ("上传延迟中位（小时）", 7, lambda line: None if line.uploads.median_ms is None else hours(line.uploads.median_ms)),
    ("按时上传", 6, lambda line: _share(line.uploads.share)),
)
RATE: tuple[tuple[str, float, Figure], ...] = (
    ("在用台日", 5, lambda line: line.availability.in_service_days if line.availability else None),
    ("完好台日", 5, lambda line: line.availability.serviceable_days if line.availability else None),
    ("设备完好率", 6, lambda line: _share(rate_of(line))),
)


def notice(found: MonthFigures, unit: str, kit: Kit) -> list[str]:
    """The text of a 通报: facts with their numbers, no grade and no conclusion about anybody."""
    line, year, number = found.whole, found.month[:4], int(found.month[5:])
    stages, uploads = line.stages, line.uploads
    limit = kit.settings.statistics.upload_hours
    short = [each for each in found.units if each.stages.without_footage]
    unknown = f"（另有 {line.footage.without_length} 个时长未知）" if line.footage.without_length else ""
    footage = f"录音录像 {hours(line.footage.recorded_ms)} 小时{unknown}，照片 {line.footage.photos} 张"
    extent = f"其中完整 {len(stages.whole)} 个、有缺口 {len(stages.with_gaps)} 个，无录像 {len(stages.without_footage)} 个"
    marks = "、".join(f"{title} {len(stages.marked(kind))}" for title, kind in MARKED)
    reviewed = f"本月人工复核 {len(line.reviews)} 次，认定缺失 {len(stages.found_missing)} 项次"
    said = [
        f"{year} 年 {number} 月，{unit or '全部单位'}共采集音像资料 {line.footage.clips} 个，{footage}。",
        f"应记录的执法环节 {len(stages.all)} 个，有录像 {stages.with_footage} 个，{extent}。",
        f"清单要求的要件 {len(stages.required)} 项次，{marks}；{reviewed}。",
    ]
    if uploads.median_ms is not None:
        said.append(
            f"录制结束到入库封存，中位 {hours(uploads.median_ms)} 小时，{limit} 小时内 {percent(uploads.share)}"
            f"（{uploads.in_time}/{uploads.clips}）。"
        )
    if line.availability and line.availability.in_service_days:
        rate = line.availability
        said.append(f"设备完好率 {percent(rate.rate)}（完好 {rate.serviceable_days} 台日，在用 {rate.in_service_days} 台日）。")
    if short:
        said.append(
            "有环节没有录像的单位：" + "、".join(f"{e.name or UNITLESS} {len(e.stages.without_footage)} 个" for e in short) + "。"
        )
    return [*said, LIMITS_OF_A_CHECK]


def write_statistics(out: Path, found: MonthFigures, unit: str, by: str, kit: Kit) -> None:
    """Write the workbook and state the export. Raises CannotWrite."""
    assert_outside(out, kit)
    names = {number: officer.name for number, officer in kit.records.officers().items()}
    query = f"{found.month} 月度统计，单位 {unit or '全部'}"
    foot = [*remarks(kit), *footing(query, kit), LIMITS_OF_A_CHECK + LIMITS_OF_A_SEAL]
    title = f"{found.month} 执法音像记录月度统计"
    people = [[line.name, names.get(line.name, ""), *_cells(line, FIGURES)] for line in found.officers]
    text = list(enumerate(notice(found, unit, kit), 1))
    sheets = [
        Sheet("通报", f"{found.month} 执法音像记录月度通报", [("序号", 4), ("内容", 60)], text, foot),
        Sheet("单位统计", f"{title}（单位）", _heads([("单位", 10)], (*FIGURES, *RATE)), _unit_rows(found), foot),
        Sheet("人员统计", f"{title}（人员）", _heads([("执法证号", 7), ("姓名", 5)], FIGURES), people, foot),
        Sheet("损失台日", f"{found.month} 设备损失台日", LOST, _lost_rows(found), foot),
    ]
    write_workbook(out, sheets, _charts(found))
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    state(kit, [ExportMade(what="statistics.month", rows=len(found.units) + len(found.officers), file=digest)], by)


def remarks(kit: Kit) -> list[str]:
    """What each figure means, and where the deadline comes from."""
    source = "24 小时出自公安机关的规定（辽宁公安 2015），城管没有统一的时限"
    return [
        f"按时上传：录制结束后 {kit.settings.statistics.upload_hours} 小时内入库封存（statistics.upload_hours）；{source}。",
        "时间不可信或时长未知的片段不计入延迟。",
        "片段按录制日期归月，按记录仪的登记单位和当日领用人归口；环节按开始时间归月。",
        "共用的记录仪、多人办理的环节在每人名下各计一次，人员之和可能大于合计。抽检结果是机器的，人工认定另列，互不改动。",
    ]


LOST = [("单位", 10), ("设备编号", 8), ("日期", 7), ("原因", 8), ("说明", 14), ("出处（日志序号）", 8)]


def _lost_rows(found: MonthFigures) -> list[list[object]]:
    return [
        [line.name or UNITLESS, lost.serial, lost.day.isoformat(), LOST_DAY[lost.reason], lost.detail, lost.row]
        for line in found.units
        if line.availability
        for lost in line.availability.lost
    ]


def _unit_rows(found: MonthFigures) -> list[list[object]]:
    figures = (*FIGURES, *RATE)
    lines = [[line.name or UNITLESS, *_cells(line, figures)] for line in found.units]
    return [*lines, ["合计", *_cells(found.whole, figures)]]


def _heads(first: Sequence[tuple[str, float]], figures: Sequence[tuple[str, float, Figure]]) -> list[tuple[str, float]]:
    return [*first, *((title, width) for title, width, _ in figures)]


def _cells(line: Line, figures: Sequence[tuple[str, float, Figure]]) -> list[object]:
    return [figure(line) for _, _, figure in figures]


def _charts(found: MonthFigures) -> list[Chart]:
    names = [line.name or UNITLESS for line in found.units]
    if not names:
        return []
    marks = {title: [float(len(line.stages.marked(kind))) for line in found.units] for title, kind in MARKED}
    stages = {
        "完整": [float(len(line.stages.whole)) for line in found.units],
        "有缺口": [float(len(line.stages.with_gaps)) for line in found.units],
        "无录像": [float(len(line.stages.without_footage)) for line in found.units],
    }
    recorded: list[float | None] = [hours(line.footage.recorded_ms) for line in found.units]
    shares = {"按时上传": [line.uploads.share for line in found.units], "设备完好率": [rate_of(line) for line in found.units]}
    month = found.month
    return [
        Chart("图-录像时长", f"{month} 录像时长（小时）", "单位", names, {"小时": recorded}, "0.00"),
        Chart("图-环节", f"{month} 执法环节的录像", "单位", names, stages, "0"),
        Chart("图-要件", f"{month} 清单要件的抽检结果", "单位", names, marks, "0"),
        Chart("图-按时与完好", f"{month} 按时上传率、设备完好率", "单位", names, shares),
    ]


def rate_of(line: Line) -> float | None:
    return line.availability.rate if line.availability else None


def _share(share: float | None) -> Share | None:
    return None if share is None else Share(share)


def hours(ms: int) -> float:
    return round(ms / HOUR_MS, 2)


def percent(share: float | None) -> str | None:
    """Text for people; None where there is nothing to be a share of."""
    return None if share is None else f"{share:.1%}"
