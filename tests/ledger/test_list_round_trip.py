"""A version that is written out as a workbook is read back as it was, whatever the format can hold."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from avrecord.ledger.checklists import read_checklist
from avrecord.ledger.listout import list_sheets
from avrecord.ledger.write import write_workbook
from avrecord.model.checklist import Checklist, Item, Mode, describes
from avrecord.rules.proposing import photographs_only
from avrecord.station import shipped
from avrecord.words import MEANS, SEGMENTS
from ledger.reading import proposed

HAN = "查封扣押财物现场检查送达全程告知无需出示执法证件，。；（）“”、：=+-@'注永久2年不限一二"
WORDS = st.text(HAN, max_size=12)
NAMES = st.text("查封扣押现场检查送达听证全程告知一二三（）、", min_size=1, max_size=8).filter(lambda name: name.strip("（）、"))
MEAN = st.lists(st.sampled_from(sorted(MEANS)), min_size=1, max_size=2, unique=True).map("+".join)
ITEMS = st.builds(
    Item,
    code=st.text("AB123", min_size=1, max_size=3),
    case_kind=st.sampled_from(["", "行政检查", "行政处罚", "行政强制"]),
    stage=NAMES,
    mode=st.sampled_from(Mode),
    segments=st.lists(st.sampled_from(sorted(SEGMENTS)), unique=True, max_size=3).map(tuple),
    retention=st.sampled_from(["case", "permanent", "2y", "6m", "12m", "30y"]),
    remarks=WORDS,
    matter=st.sampled_from(["", "占道经营", "违法建设"]),
    record=WORDS,
    also=st.lists(st.text("查封扣押送达一二", min_size=1, max_size=5), unique=True, max_size=2).map(tuple),
    means=st.lists(MEAN, unique=True, max_size=3).map(tuple),
    place=WORDS,
    device=WORDS,
    recorded_by=WORDS,
    begins=WORDS,
    content=WORDS,
    ends=WORDS,
    category=WORDS,
    deadline=st.sampled_from(["", "适时", "24小时内"]),
    storage_kind=WORDS,
    storage_place=WORDS,
    other=st.lists(WORDS.filter(bool), unique=True, max_size=2).map(tuple),
).filter(lambda item: not (item.mode is Mode.WHOLE and photographs_only(item.means)))
LISTS = st.lists(ITEMS, min_size=1, max_size=6, unique_by=(lambda item: item.code, describes)).map(tuple)


def again(found: Checklist) -> Checklist:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "清单.xlsx"
        write_workbook(path, list_sheets(found, SEGMENTS, ["由程序导出"]))
        read = proposed(path)
    return Checklist(read.name, read.unit, read.version, read.in_force_from, tuple(each.item for each in read.items))


@settings(max_examples=60, deadline=None)
@given(LISTS)
def test_a_list_written_out_is_read_back_unchanged(items):
    found = Checklist("东湖清单", "东湖大队", "2026-2", date(2026, 11, 10), items)
    assert again(found) == found


def test_the_shipped_list_is_read_back_unchanged():
    found = read_checklist(shipped("config") / "checklists" / "default.toml")
    assert again(found) == found


def test_nothing_in_a_written_list_is_a_formula(tmp_path):
    item = Item("=1", "", "+现场检查", Mode.KEY, (), remarks="@SUM(A1)", content="-1")
    write_workbook(tmp_path / "a.xlsx", list_sheets(Checklist("=A1", "", "1", date(2026, 1, 1), (item,)), {}, []))
    cells = [
        cell for row in CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python() for cell in row
    ]
    assert {"=1", "+现场检查", "@SUM(A1)", "-1", "=A1"} <= set(cells)
