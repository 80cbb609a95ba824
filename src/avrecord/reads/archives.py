"""年底归档: which bags were made, and what the other side has signed for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.yearbag import Archive
from avrecord.reads.answer import Answer, Column, moment

MADE = [
    Column("unit", "单位", width=10),
    Column("clips", "片段"),
    Column("bytes", "字节"),
    Column("result", "结果", width=10),
    Column("folder", "资料包", width=24),
    Column("bag", "清单摘要", lambda digest: digest[:16], 9),
]
COLUMNS = [
    Column("unit", "单位", width=10),
    Column("station", "采集站", width=10),
    Column("year", "年度"),
    Column("clips", "片段"),
    Column("bytes", "字节"),
    Column("at", "造包时间", moment, 10),
    Column("bag", "清单摘要", lambda digest: digest[:16], 9),
    Column("received_at", "签收登记", lambda at: moment(at) if at else "尚未签收", 10),
    Column("received_key", "签收公钥", lambda key: (key or "")[-16:], 9),
]


def archives(kit: Kit, unit: str = "") -> Answer:
    """Every bag that was made, and whether it was signed for."""
    rows = [
        {
            **{key: row[key] for key in ("unit", "year", "clips", "bytes", "bag", "received_key", "received_by")},
            "station": row["copy_of"] or kit.station,
            "at": from_utc_text(row["at"]),
            "received_at": from_utc_text(row["received_at"]) if row["received_at"] else None,
            "row": f"log:{row['seq']}",
        }
        for row in kit.store.rows("archives")
        if unit in ("", row["unit"])
    ]
    waiting = sum(row["received_at"] is None for row in rows)
    said = [f"尚未签收 {waiting} 个，共 {len(rows)} 个。"]
    return Answer("archives", "年底归档", COLUMNS, rows, {"count": len(rows), "waiting": waiting}, said)


def made_of(year: int, made: Sequence[Archive], outside: tuple[int, int]) -> Answer:
    """What one run made. `outside`: clips and bytes that are in no unit's bag."""
    clips, size = outside
    said = [f"{each.unit}：{year} 年没有片段，未造包。" for each in made if each.folder is None]
    if clips:
        why = "未关联案件，记录仪也没有登记单位：不在任何包里，请先登记"
        said.append(f"另有 {clips} 个片段（{size / 1e6:.1f} MB）{why}。")
    if any(each.folder for each in made):
        said.append("请接收方核验资料包后对回执签名，再用 avrecord archive receipt 登记。")
    extra = {
        "year": year, "clips": sum(each.clips for each in made), "outside_clips": clips, "outside_bytes": size, "said": said,
    }  # fmt: skip
    code = 11 if any(each.wrong for each in made) else 0
    return Answer("archive", f"{year} 年度归档", MADE, [_row(each) for each in made], extra, said, code)


def _row(made: Archive) -> dict[str, Any]:
    if made.folder is None:
        result = "没有片段"
    elif made.wrong:
        result = f"已写入，其中 {len(made.wrong)} 个片段与封存不符或已不在"
    else:
        result = "早已写入" if made.was_there else "已写入"
    return {
        "unit": made.unit,
        "clips": made.clips,
        "bytes": made.bytes,
        "result": result,
        "wrong": list(made.wrong),
        "folder": str(made.folder) if made.folder else None,
        "receipt": str(made.receipt) if made.receipt else None,
        "bag": made.bag,
    }
