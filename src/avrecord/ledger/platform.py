"""The index that a Chinese platform can read: the record of three products, not a standard, and our digest and seal beside it.

Column names are those of TCL SDV (`wjbh`, `wjmc`, …), as read from that product; two others hold much the same. None of
the three has a digest. The fields of DA/T 63 are not mapped: nothing that we have says which of them is which.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from avrecord.ledger.cleaning import csv_text
from avrecord.ledger.write import Sheet, write_workbook

Entry = Mapping[str, str | int | None]

COLUMNS: tuple[tuple[str, str, float], ...] = (
    ("wjbh", "文件编号", 12),
    ("wjmc", "文件名称", 14),
    ("bmbh", "单位", 8),
    ("gzz_xh", "采集站", 7),
    ("sbbh", "记录仪编号", 7),
    ("yhbh", "使用人编号", 7),
    ("pssj", "拍摄时间", 8),
    ("drsj", "导入时间", 8),
    ("mtlx", "媒体类型", 4),
    ("mtlx_name", "媒体类型名称", 4),
    ("wjgs", "文件格式", 4),
    ("wjdx", "文件大小（字节）", 6),
    ("wjsc", "文件时长（秒）", 5),
    ("zybj", "重要标记", 4),
    ("case_no", "案号", 12),
    ("stage", "环节", 8),
    ("retention", "保管期限", 5),
    ("sha256", "内容摘要", 16),
    ("seal", "封存签名文件", 14),
    ("path", "包内位置", 14),
    ("linked", "归入方式", 7),
    ("state", "状态", 6),
)
MEDIA_NUMBERS = {"log": 0, "video": 1, "audio": 2, "photo": 3}
IMPORTANCE = {1: "一般", 2: "已关联案件", 3: "记录仪上标为重要"}
NOTES = (
    "列名取自三种平台产品的索引记录（以 TCL SDV 为准），不是标准；摘要、签名文件、案号等列是本系统加的。",
    "mtlx：0 日志，1 视频，2 音频，3 照片，其他留空。zybj：1 一般，2 已关联案件，3 记录仪上标为重要（顺序是本系统定的）。",
    "pssj、drsj 为北京时间；pssj 已按采集时测得的时钟误差校正，拍摄时间不可信的留空；drsj 是采集站自称的封存时间。",
)
PER_WORKBOOK = 50_000  # rows: a workbook is built in memory, and one of more rows is no use to a person either


def header(key: str, title: str) -> str:
    """`文件编号 wjbh`."""
    return f"{title} {key}"


def write_index(folder: Path, title: str, entries: Iterable[Entry]) -> int:
    """Write `platform.csv`, `.json` and `.xlsx` (further ones `-2`, `-3` … from 50,000 rows on); return the number of rows.

    Rows are written as they come, so that a year's index never lies in memory whole. Raises OSError, CannotWrite.
    """
    folder.mkdir(exist_ok=True)
    with ExitStack() as stack:
        table = stack.enter_context((folder / "platform.csv").open("w", encoding="utf-8-sig", newline=""))
        document = stack.enter_context((folder / "platform.json").open("w", encoding="utf-8"))
        writer = csv.writer(table)
        writer.writerow([header(key, name) for key, name, _ in COLUMNS])
        columns = [{"key": key, "title": name} for key, name, _ in COLUMNS]
        head = {"schema": "avrecord.platform/1", "title": title, "notes": list(NOTES), "columns": columns}
        document.write(json.dumps(head, ensure_ascii=False, indent=1)[:-2] + ',\n "rows": [')
        count = 0
        for number, chunk in enumerate(_chunks(entries)):
            for entry in chunk:
                writer.writerow([_shown(entry[key]) for key, _, _ in COLUMNS])
                row = {key: entry[key] for key, _, _ in COLUMNS}
                document.write(("," if count else "") + "\n  " + json.dumps(row, ensure_ascii=False))
                count += 1
            _workbook(folder / f"platform{f'-{number + 1}' if number else ''}.xlsx", title, chunk)
        document.write("\n ]\n}\n")
    return count


def _chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        if len(chunk) == PER_WORKBOOK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _workbook(path: Path, title: str, chunk: list[Entry]) -> None:
    columns = [(header(key, name), width) for key, name, width in COLUMNS]
    rows = [[entry[key] for key, _, _ in COLUMNS] for entry in chunk]
    write_workbook(path, [Sheet("索引", title, columns, rows, NOTES)])


def _shown(value: str | int | None) -> str | int:
    """Our own numbers are numbers; text may come from a card."""
    return csv_text(value) if isinstance(value, str) else "" if value is None else value
