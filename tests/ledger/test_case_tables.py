"""Case tables: one number whatever its brackets, a reason for each bad row, and a second import that changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from avrecord.errors import BadInput
from avrecord.ledger.cases import case_number, read_cases
from avrecord.model.case import StageId
from avrecord.pipeline.bring import import_cases, inspect_cases
from ledger.ledger_files import CASE_HEADER, case_row, case_table, csv_file

LONGEST = timedelta(hours=8)


def read(tmp_path, *rows):
    return read_cases(case_table(tmp_path / "案件.xlsx", *rows), LONGEST)


@pytest.mark.parametrize(
    "year", ["〔2026〕", "[2026]", "(2026)", "（2026）", "【2026】", "［2026］", "{2026}", " 〔 2026 〕 ", "﹝2026﹞"]
)
def test_all_brackets_around_the_year_make_one_case_number(year):
    assert case_number(f"丰综执罚字{year}44号") == "丰综执罚字〔2026〕44号"


def test_full_width_digits_make_the_same_case_number():
    assert case_number("丰综执罚字〔２０２６〕４４号") == "丰综执罚字〔2026〕44号"


def test_brackets_that_hold_no_year_stay(tmp_path):
    assert case_number("东湖(大队)44号") == "东湖(大队)44号"


@pytest.mark.parametrize(
    "cell", ["FY1、FY2", "FY1,FY2", "FY1，FY2", "FY1；FY2", "FY1;FY2", "FY1 FY2", "FY1\nFY2", " FY1 、 FY2 ", "FY1/FY2"]
)
def test_two_officers_in_one_cell_are_two_officers(tmp_path, cell):
    (stage,) = read(tmp_path, case_row(officers=cell)).stages
    assert stage.officers == ("FY1", "FY2")


def test_an_officer_named_twice_in_a_cell_counts_once(tmp_path):
    (stage,) = read(tmp_path, case_row(officers="FY1、FY2、FY1")).stages
    assert stage.officers == ("FY1", "FY2")


def test_an_officers_number_that_excel_made_a_number_is_text_again(tmp_path):
    (stage,) = read(tmp_path, case_row(officers=41007.0)).stages
    assert stage.officers == ("41007",)


def test_times_in_the_table_are_beijing_time_and_kept_as_utc(tmp_path):
    (stage,) = read(tmp_path, case_row(start=datetime(2026, 11, 16, 9), end="2026年11月16日 09:20")).stages
    assert (stage.start, stage.end) == (datetime(2026, 11, 16, 1, tzinfo=UTC), datetime(2026, 11, 16, 1, 20, tzinfo=UTC))


BAD_ROWS = [
    ({"end": "2026-11-16 08:59"}, "结束时间不晚于开始时间"),
    ({"end": "2026-11-16 09:00"}, "结束时间不晚于开始时间"),
    ({"end": "2026-11-16 17:00:01"}, "时长超过 8 小时"),
    ({"officers": ""}, "没有执法证号"),
    ({"officers": "、，"}, "没有执法证号"),
    ({"start": "2026-11-31 09:00"}, "不是有效的时间：2026-11-31 09:00"),
    ({"end": ""}, "不是有效的时间：空"),
    ({"case": ""}, "案号或环节为空"),
    ({"stage": " "}, "案号或环节为空"),
]


@pytest.mark.parametrize(("cells", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_with_its_number_and_reason_and_hides_no_other(tmp_path, cells, reason):
    found = read(tmp_path, case_row(case="A1"), case_row(**cells), case_row(case="A3"))
    assert found.invalid == ((3, reason),)
    assert [stage.id.case for stage in found.stages] == ["A1", "A3"]


def test_every_bad_row_is_named_not_only_the_first(tmp_path):
    found = read(tmp_path, case_row(officers=""), case_row(), case_row(end="x"))
    assert [number for number, _ in found.invalid] == [2, 4]


def test_a_stage_of_exactly_eight_hours_is_valid(tmp_path):
    assert read(tmp_path, case_row(end="2026-11-16 17:00")).invalid == ()


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_same_stage_again_is_numbered_by_time_whatever_the_order_of_rows(tmp_path, order):
    rows = [case_row(start=f"2026-11-16 {hour}:00", end=f"2026-11-16 {hour}:20") for hour in ("09", "11", "15")]
    found = read(tmp_path, *(rows[n] for n in order))
    assert [(stage.id.name, stage.start.hour) for stage in found.stages] == [
        ("现场检查", 1),
        ("现场检查-2", 3),
        ("现场检查-3", 7),
    ]


def test_a_numbered_stage_is_still_judged_as_its_stage(tmp_path):
    found = read(tmp_path, case_row(), case_row(start="2026-11-16 11:00", end="2026-11-16 11:20"))
    assert {stage.stage for stage in found.stages} == {"现场检查"}


def test_the_same_stage_of_another_case_is_not_numbered(tmp_path):
    found = read(tmp_path, case_row(case="A1"), case_row(case="A2"))
    assert [stage.id for stage in found.stages] == [StageId("A1", "现场检查"), StageId("A2", "现场检查")]


def test_two_spellings_of_one_number_are_two_stages_of_one_case(tmp_path):
    again = case_row(case="综执罚字[2026]44号", start="2026-11-16 11:00", end="2026-11-16 11:20")
    assert [stage.id.name for stage in read(tmp_path, case_row(), again).stages] == ["现场检查", "现场检查-2"]


def test_a_table_without_the_officers_column_is_refused_by_its_chinese_name(tmp_path):
    path = csv_file(tmp_path / "a.csv", [[h for h in CASE_HEADER if h != "执法证号"], ["A1"]])
    with pytest.raises(BadInput, match="表头缺少：执法证号"):
        read_cases(path, LONGEST)


def bring(path, kit):
    report = inspect_cases(path, kit)
    import_cases(path, report, "FY9", kit)
    return len(report.new), len(report.changed), report.unchanged


def test_looking_at_a_table_states_nothing(kit, tmp_path):
    before = kit.log.size
    report = inspect_cases(case_table(tmp_path / "a.xlsx", case_row()), kit)
    assert (len(report.new), kit.log.size, kit.records.stages()) == (1, before, [])


def test_importing_a_table_again_states_nothing_new(kit, tmp_path):
    path = case_table(tmp_path / "a.xlsx", case_row(officers="FY2、FY1"), case_row(case="A2"))
    assert bring(path, kit) == (2, 0, 0)
    size = kit.log.size
    assert (bring(path, kit), kit.log.size) == ((0, 0, 2), size)


def test_the_same_rows_in_another_order_and_format_are_unchanged(kit, tmp_path):
    one, two = case_row(case="A1", officers="FY1、FY2"), case_row(case="A2")
    bring(case_table(tmp_path / "a.xlsx", one, two), kit)
    other = [*one[:4], "FY2 FY1", "2026/11/16 9:00:00", *one[6:]]
    assert bring(csv_file(tmp_path / "b.csv", [CASE_HEADER, two, other], "gb18030"), kit) == (0, 0, 2)


@pytest.mark.parametrize("cells", [{"end": "2026-11-16 09:30"}, {"officers": "FY1"}, {"unit": "西园大队"}, {"kind": "行政检查"}])
def test_a_changed_row_updates_its_stage_and_never_doubles_it(kit, tmp_path, cells):
    bring(case_table(tmp_path / "a.xlsx", case_row()), kit)
    assert bring(case_table(tmp_path / "b.xlsx", case_row(**cells)), kit) == (0, 1, 0)
    (stage,) = kit.records.stages()
    (wanted,) = read(tmp_path, case_row(**cells)).stages
    assert stage == wanted


def test_an_import_keeps_the_very_file_it_came_from(kit, tmp_path):
    path = case_table(tmp_path / "a.xlsx", case_row())
    bring(path, kit)
    kept = [p.read_bytes() for p in (kit.root / "attachments").rglob("*") if p.is_file()]
    assert path.read_bytes() in kept
