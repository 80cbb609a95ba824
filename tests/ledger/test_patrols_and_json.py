"""Patrol logs and JSON through the reader of case tables; numbers that a spreadsheet damaged; names without numbers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.errors import BadInput
from avrecord.ledger.cases import read_cases
from avrecord.ledger.read import identifier
from avrecord.model.case import StageId
from avrecord.pipeline.bring import import_cases, import_officers, inspect_cases
from ledger.ledger_files import CASE_HEADER, book, case_row, case_table, csv_file, xls_file

LONGEST = timedelta(hours=8)
PATROL = ("巡查编号", "巡查日期", "巡查时间", "巡查路线", "巡查人员", "执法证号", "巡查单位", "发现问题")
ROUND = ("XC-001", "2026-11-16", "08:30-10:00", "东湖路—西园街", "张三、李四", "FY1、FY2", "东湖大队", "占道 2 处")


def patrols(tmp_path, *rows, header=PATROL):
    return read_cases(book(tmp_path / "巡查.xlsx", 巡查记录=[header, *rows]), LONGEST)


def test_a_patrol_log_is_told_by_its_header_and_gives_stages(tmp_path):
    found = patrols(tmp_path, ROUND)
    (stage,) = found.stages
    assert (found.patrols, found.unknown) == (True, ("发现问题",))
    assert (stage.id, stage.case_kind, stage.stage, stage.unit, stage.place) == (
        StageId("XC-001", "巡查"), "巡查", "巡查", "东湖大队", "东湖路—西园街"
    )  # fmt: skip
    assert stage.officers == ("FY1", "FY2")
    assert (stage.start, stage.end) == (datetime(2026, 11, 16, 0, 30, tzinfo=UTC), datetime(2026, 11, 16, 2, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("8:30-10:00", (0, 30), (2, 0)), ("８：３０—１０：００", (0, 30), (2, 0)), ("8时30分至10时", (0, 30), (2, 0)),
        ("上午8:30到下午2:00", (0, 30), (6, 0)), ("14:00~15:30:30", (6, 0), (7, 30)), ("8点-10点", (0, 0), (2, 0)),
    ],
)  # fmt: skip
def test_spans_of_time_as_clerks_write_them(tmp_path, span, start, end):
    (stage,) = patrols(tmp_path, (*ROUND[:2], span, *ROUND[3:])).stages
    assert ((stage.start.hour, stage.start.minute), (stage.end.hour, stage.end.minute)) == (start, end)


@pytest.mark.parametrize("cells", [("22:00", "02:00"), (time(22), time(2)), ("2026-11-16 22:00", "2026-11-17 02:00")])
def test_a_patrol_over_midnight_ends_on_the_next_day(tmp_path, cells):
    header = ("日期", "开始时间", "结束时间", "路线", "执法证号")
    (stage,) = patrols(tmp_path, ("2026-11-16", *cells, "滨河路", "FY1"), header=header).stages
    assert (stage.start, stage.end) == (datetime(2026, 11, 16, 14, tzinfo=UTC), datetime(2026, 11, 16, 18, tzinfo=UTC))


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"巡查时间": "上午"}, "看不出巡查的起止时间"),
        ({"巡查时间": "25:00-26:00"}, "不是有效的时间：25:00"),
        ({"巡查时间": "08:00-20:00"}, "时长超过 8 小时"),
        ({"巡查日期": "2026-11-31"}, "不是有效的日期"),
        ({"巡查日期": ""}, "看不出巡查的起止时间"),
        ({"执法证号": "", "巡查人员": ""}, "没有执法证号"),
        ({"执法证号": "", "巡查人员": "王五"}, "名册中也没有“王五”"),
        ({"巡查编号": 1.2e17}, "末几位已丢失"),
    ],
)
def test_a_patrol_that_says_too_little_is_named_with_the_reason_and_hides_no_other(tmp_path, cells, reason):
    bad = tuple(cells.get(name, cell) for name, cell in zip(PATROL, ROUND, strict=True))
    found = patrols(tmp_path, bad, ("XC-002", *ROUND[1:]))
    assert [stage.id.case for stage in found.stages] == ["XC-002"]
    assert [number for number, _ in found.invalid] == [2]
    assert reason in found.invalid[0][1]


def test_two_patrols_of_a_day_without_numbers_stay_two_and_the_same_when_read_again(tmp_path):
    header = ("日期", "时间", "路线", "人员", "单位")
    rows = [
        ("2026-11-16", "08:00-09:00", "东湖路", "FY1", "东湖大队"),
        ("2026-11-16", "15:00-16:00", "东湖路", "FY1", "东湖大队"),
    ]
    first, second = patrols(tmp_path, *rows, header=header).stages
    assert {first.id.name, second.id.name} == {"巡查", "巡查-2"}
    assert first.id.case == second.id.case == "巡查·东湖大队·2026-11-16·东湖路"
    other = ("2026-11-16", "08:00-09:00", "西园街", "FY3", "东湖大队")
    assert len(patrols(tmp_path, *rows, other, header=header).stages) == 3


def test_a_case_table_without_its_case_number_is_no_patrol_log(tmp_path):
    rows = [("日期", *CASE_HEADER[1:]), ("2026-11-16", *case_row(stage="巡查")[1:])]
    with pytest.raises(BadInput, match="表头缺少：案号"):
        read_cases(book(tmp_path / "a.xlsx", 巡查=[("巡查情况",), *rows]), LONGEST)


def test_patrols_go_through_the_same_import_and_are_not_doubled(kit, tmp_path):
    path = book(tmp_path / "巡查.xlsx", 表=[PATROL, ROUND])
    import_cases(path, inspect_cases(path, kit), "FY9", kit)
    again = inspect_cases(path, kit)
    assert (len(again.new), len(again.changed), again.unchanged) == (0, 0, 1)


# JSON


def rows_of(*rows):
    return [dict(zip(CASE_HEADER, row, strict=True)) for row in rows]


def test_json_rows_with_chinese_keys_are_what_the_workbook_is(tmp_path):
    rows = [case_row(), case_row(case="A2", officers="FY3")]
    (tmp_path / "a.json").write_text(json.dumps(rows_of(*rows), ensure_ascii=False), "utf-8")
    assert read_cases(tmp_path / "a.json", LONGEST) == read_cases(case_table(tmp_path / "a.xlsx", *rows), LONGEST)


def test_json_rows_with_english_keys_lists_and_utc_times(tmp_path):
    row = {
        "case": "综执罚字[2026]44号", "case_kind": "行政处罚", "stage": "现场检查", "officers": ["FY1", "FY2"],
        "unit": "东湖大队",
        "start": "2026-11-16T01:00:00Z", "end": "2026-11-16T09:20:00+08:00", "place": None, "judge": "x",
    }  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps({"rows": [row]}), "utf-8")
    found = read_cases(tmp_path / "a.json", LONGEST)
    (stage,) = found.stages
    assert (stage.id.case, stage.officers, found.unknown) == ("综执罚字〔2026〕44号", ("FY1", "FY2"), ("judge",))
    assert (stage.start, stage.end) == (datetime(2026, 11, 16, 1, tzinfo=UTC), datetime(2026, 11, 16, 1, 20, tzinfo=UTC))


def test_a_whole_number_in_json_is_exact_and_one_with_an_exponent_is_not(tmp_path):
    text = json.dumps(rows_of(case_row(officers=120260000000000017), case_row(case="A2")))
    (tmp_path / "a.json").write_text(text.replace('"A2"', "1.2e17"), "utf-8")
    found = read_cases(tmp_path / "a.json", LONGEST)
    assert [stage.officers for stage in found.stages] == [("120260000000000017",)]
    assert [(number, "末几位已丢失" in reason) for number, reason in found.invalid] == [(3, True)]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[1, 2]",
        b'"x"',
        b"{}",
        b'{"rows": 3}',
        b"[[1]]",
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b'[{"a": NaN}]',
        '[{"案号": NaN}]'.encode(),
        b"null",
    ],
)
def test_json_that_is_no_table_is_bad_input_and_no_traceback(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(BadInput):
        read_cases(tmp_path / "a.json", LONGEST)


# Numbers that a spreadsheet damaged


@pytest.mark.parametrize(
    "write", [lambda p, rows: book(p.with_suffix(".xlsx"), 表=rows), lambda p, rows: xls_file(p.with_suffix(".xls"), rows)]
)
@pytest.mark.parametrize("column", ["officers", "case"])
def test_a_number_that_excel_rounded_is_refused_with_its_row(tmp_path, write, column):
    rows = [CASE_HEADER, case_row(case="A1"), case_row(**{"case": "A2", column: 1.2e17}), case_row(case="A3")]
    found = read_cases(write(tmp_path / "a", rows), LONGEST)
    assert [stage.id.case for stage in found.stages] == ["A1", "A3"]
    assert [(number, "末几位已丢失" in reason) for number, reason in found.invalid] == [(3, True)]


@pytest.mark.parametrize("cell", ["1.2E+17", "1.20260411E+17", "1e20", " 1.2E17 "])
def test_a_number_that_a_csv_shows_in_powers_of_ten_is_refused(tmp_path, cell):
    found = read_cases(csv_file(tmp_path / "a.csv", [CASE_HEADER, case_row(officers=cell)]), LONGEST)
    assert "末几位已丢失" in found.invalid[0][1]


@given(st.integers(0, 10**15 - 1))
def test_up_to_fifteen_digits_a_number_cell_is_the_number_as_typed(number):
    assert identifier(float(number)) == str(number)


@given(st.integers(10**15, 10**20))
def test_beyond_fifteen_digits_no_number_cell_is_ever_taken_for_an_id(number):
    with pytest.raises(ValueError, match="末几位已丢失"):
        identifier(float(number))


@pytest.mark.parametrize("cell", ["E2026", "12E", "FY1E5", "3E中队", "1E-5"])
def test_ids_that_merely_hold_an_e_are_ids(cell):
    assert identifier(cell) == cell


# Long names, odd files


def test_names_of_sixty_four_characters_are_kept_whole(tmp_path):
    long = "丰源市城市管理综合行政执法局东湖大队关于某某有限责任公司未经批准擅自在城市道路两侧" + "堆放物料一案" * 9
    long = long[:64]
    assert len(long) == 64
    (stage,) = read_cases(case_table(tmp_path / "a.xlsx", case_row(case=long, stage=long, unit=long)), LONGEST).stages
    assert (stage.id, stage.unit) == (StageId(long, long), long)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_csv_in_the_encodings_that_offices_send_is_read(tmp_path, encoding):
    path = csv_file(tmp_path / "a.csv", [CASE_HEADER, case_row(unit="东湖大队")], encoding)
    assert [stage.unit for stage in read_cases(path, LONGEST).stages] == ["东湖大队"]


def test_what_excel_saves_as_unicode_text_is_read(tmp_path):
    lines = ["\t".join(map(str, row)) for row in (CASE_HEADER, case_row())]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-16")
    assert len(read_cases(tmp_path / "a.txt", LONGEST).stages) == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_an_encoding_that_nobody_can_tell_is_refused_in_chinese(tmp_path, encoding):
    with pytest.raises(BadInput, match="文字编码认不出"):
        read_cases(csv_file(tmp_path / "a.csv", [CASE_HEADER, case_row()], encoding), LONGEST)


@pytest.mark.parametrize("encoding", ["big5", "shift_jis"])
def test_another_countrys_encoding_gives_no_rows_of_nonsense(tmp_path, encoding):
    path = tmp_path / "a.csv"
    path.write_bytes("案件,類別\nA1,行政\n".encode(encoding))
    with pytest.raises(BadInput):
        read_cases(path, LONGEST)


# Names without numbers


def test_people_named_without_numbers_are_found_in_the_roster(kit, tmp_path):
    roster = csv_file(
        tmp_path / "人员.csv", [("执法证号", "姓名"), ("FY1", "张三"), ("FY2", "李四"), ("FY3", "王五"), ("FY4", "王五")]
    )
    import_officers(roster, "FY9", kit)
    header = tuple("执法人员" if name == "执法证号" else name for name in CASE_HEADER)
    rows = [
        case_row(case="A1", officers="张三、李四"),
        case_row(case="A2", officers="王五"),
        case_row(case="A3", officers="王五（FY4）"),
    ]
    report = inspect_cases(csv_file(tmp_path / "a.csv", [header, *rows]), kit)
    assert [(stage.id.case, stage.officers) for stage in report.file.stages] == [("A1", ("FY1", "FY2")), ("A3", ("FY4",))]
    assert report.file.invalid == ((3, "名册中有 2 个“王五”（FY3、FY4），请写明执法证号"),)


def test_a_large_table_asks_for_the_known_stages_once(tmp_path):
    asked, told = [], []
    rows = [CASE_HEADER, *(case_row(case=f"A{n}") for n in range(6_000))]
    found = read_cases(
        csv_file(tmp_path / "a.csv", rows),
        LONGEST,
        lambda cases: asked.append(len(cases)) or {},
        told=lambda *so_far: told.append(so_far),
    )
    assert (len(found.stages), asked, told) == (6_000, [6_000], [(0, 6_000), (5_000, 6_000), (6_000, 6_000)])
