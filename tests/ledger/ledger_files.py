"""Tables as bureaus send them, written as real files: CSV in any encoding, xlsx, and the old xls."""

from __future__ import annotations

import csv
import struct
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook

Rows = Sequence[Sequence[object]]

CASE_HEADER = ("案号", "执法类别", "执法环节", "执法单位", "执法证号", "开始时间", "结束时间")
CASE_ROW = ("综执罚字〔2026〕44号", "行政处罚", "现场检查", "东湖大队", "FY1、FY2", "2026-11-16 09:00", "2026-11-16 09:20")


def case_row(**other: object) -> tuple[object, ...]:
    """The usual row with some cells changed: `case_row(officers="", end=...)`."""
    names = ("case", "kind", "stage", "unit", "officers", "start", "end")
    assert other.keys() <= set(names)
    return tuple(other.get(name, cell) for name, cell in zip(names, CASE_ROW, strict=True))


def csv_file(path: Path, rows: Rows, encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def book(path: Path, **sheets: Rows) -> Path:
    """An xlsx with the named sheets."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        page = made.create_sheet(name)
        for row in rows:
            page.append(list(row))
    made.save(path)
    return path


def case_table(path: Path, *rows: Sequence[object]) -> Path:
    return book(path, 案件=[CASE_HEADER, *rows])


def xls_file(path: Path, rows: Rows) -> Path:
    """A workbook of Excel 97 (BIFF8 in a compound file), byte by byte: no library here writes it."""
    cells = b"".join(_cell(y, x, value) for y, row in enumerate(rows) for x, value in enumerate(row) if value is not None)
    sheet = _bof(0x10) + cells + _record(0x0A, b"")
    formats = b"".join(_record(0xE0, struct.pack("<HH16x", 0, form)) for form in (0, 22))  # 22: m/d/yy h:mm
    head = _bof(0x05) + formats
    label = struct.pack("<HBB", 0, 6, 1) + "Sheet1".encode("utf-16-le")
    starts = len(head) + 4 + 4 + len(label) + 4  # behind the sheet's own record and the end of the globals
    book_stream = head + _record(0x85, struct.pack("<I", starts) + label) + _record(0x0A, b"") + sheet
    padding = _record(0, bytes(-len(book_stream) % 4))  # readers go on in steps of a record's head to the last sector's end
    path.write_bytes(_compound("Workbook", book_stream + padding))
    return path


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _bof(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 6))


def _cell(y: int, x: int, value: object) -> bytes:
    if isinstance(value, datetime):
        days = (value - datetime(1899, 12, 30)).total_seconds() / 86_400
        return _record(0x203, struct.pack("<HHHd", y, x, 1, days))
    if isinstance(value, int | float):
        return _record(0x203, struct.pack("<HHHd", y, x, 0, value))
    text = str(value).encode("utf-16-le")
    return _record(0x204, struct.pack("<HHHHB", y, x, 0, len(text) // 2, 1) + text)


def _compound(name: str, stream: bytes) -> bytes:
    """A compound file with one stream, padded past 4,096 bytes so that it needs no small sectors."""
    end, free, mine = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    chain = [mine, end, *range(3, sectors + 2), end]
    table = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    entries = _entry("Root Entry", 5, 1, end, 0) + _entry(name, 2, free, 2, len(stream)) + b"\0" * 256
    head = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    return head + table + entries + stream


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
    return (head + bytes(36) + struct.pack("<IQ", first, size)).ljust(128, b"\0")
