"""What was decided at the bureau about stations' stages, and what became of it, as an answer."""

from __future__ import annotations

from typing import Any

from avrecord.bureau.reviewing import Fate, Left, left, letter_of
from avrecord.errors import EvidenceError
from avrecord.model.moments import from_utc_text
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.reads.answer import Answer, Column, moment
from avrecord.reads.reviews import ITEMS
from avrecord.words import DECISIONS
from avrecord.words.bureau import LETTER_FATES

COLUMNS = [
    Column("station", "采集站", width=10, whole=True),
    Column("case", "案号", width=18),
    Column("stage", "环节", width=12),
    Column("item", "要件", lambda item: ITEMS.get(item, item), 12),
    Column("decision", "结论", DECISIONS.__getitem__),
    Column("by", "复核人"),
    Column("at", "时间", moment, 10),
    Column("why", "理由", width=20),
    Column(
        "fate", "去向", lambda row: LETTER_FATES[row["fate"]] + (f"（log:{row['leaf']}）" if row["leaf"] else ""), 20, of_row=True
    ),
]


def left_reviews(kit: Kit, station: str = "", case: str = "") -> Answer:
    """Decisions taken here, the newest first."""
    catch_up(kit)
    rows = [_row(each, kit) for each in reversed(left(kit, station, case))]
    waiting = sum(row["fate"] == Fate.WAITING for row in rows)
    overtaken = sum(row["fate"] == Fate.OVERTAKEN for row in rows)
    notes = [f"共 {len(rows)} 项，其中等待采集站收下 {waiting} 项。"]
    notes += ["采集站已有后来的复核的没有记入，需要时请看过再复核一次。"] if overtaken else []
    return Answer(
        "left_reviews", "市局的复核", COLUMNS, rows, {"count": len(rows), "waiting": waiting, "overtaken": overtaken}, notes
    )


def _row(each: Left, kit: Kit) -> dict[str, Any]:
    row = each.row
    try:
        why = letter_of(row, kit).why
    except EvidenceError:
        why = "（附件不在或已改动，请运行 verify）"
    return {
        "station": row["of_station"], "case": row["case_no"], "stage": row["stage_id"], "item": row["item"],
        "decision": row["decision"], "by": row["by_whom"], "at": from_utc_text(row["at"]), "why": why,
        "fate": each.fate.value, "leaf": each.leaf, "row": f"log:{row['seq']}",
    }  # fmt: skip
