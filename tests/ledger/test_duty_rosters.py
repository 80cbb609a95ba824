"""值班表: who is on duty, by number; a later roster of a unit's day is the one that counts."""

from __future__ import annotations

import pytest

from avrecord.errors import BadInput
from avrecord.ledger.duty import read_duty
from avrecord.pipeline.bring import import_duty
from ledger.ledger_files import book, csv_file

HEAD = ("日期", "单位", "执法证号")


def roster(tmp_path, *rows, name="值班.xlsx"):
    return book(tmp_path / name, 值班表=[HEAD, *rows])


def entries(path):
    return [tuple(entry.values()) for entry in read_duty(path).entries]


def test_a_row_may_name_several_people_and_each_counts_once(tmp_path):
    path = roster(tmp_path, ("2026-11-16", "东湖大队", "FY1、FY2，FY1"), ("2026年11月16日", "东湖大队", "FY2"))
    assert entries(path) == [("2026-11-16", "东湖大队", "FY1"), ("2026-11-16", "东湖大队", "FY2")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ((None, "东湖大队", "FY1"), "为空"), (("2026-11-16", None, "FY1"), "为空"), (("2026-11-16", "东湖大队", None), "为空"),
        (("2026-11-16", "东湖大队", "陈立新"), "不要填姓名：陈立新"), (("不详", "东湖大队", "FY1"), "不是有效的日期"),
    ],
)  # fmt: skip
def test_a_bad_row_is_reported_with_its_number_and_the_rest_is_read(tmp_path, row, reason):
    found = read_duty(roster(tmp_path, row, ("2026-11-16", "东湖大队", "FY2")))
    ((number, said),) = found.invalid
    assert (number, len(found.entries)) == (2, 1)
    assert reason in said


def test_a_table_without_the_numbers_is_refused(tmp_path):
    with pytest.raises(BadInput, match="表头缺少：执法证号"):
        read_duty(csv_file(tmp_path / "a.csv", [("日期", "单位", "姓名"), ("2026-11-16", "东湖大队", "陈立新")]))


def test_the_same_roster_again_states_nothing(kit, tmp_path):
    path = roster(tmp_path, ("2026-11-16", "东湖大队", "FY1"))
    assert import_duty(path, "FY9", kit)[1] == 1
    size = kit.log.size
    assert (import_duty(path, "FY9", kit)[1], kit.log.size) == (0, size)


def test_a_changed_roster_replaces_that_units_day_and_no_other(kit, tmp_path):
    import_duty(
        roster(
            tmp_path, ("2026-11-16", "东湖大队", "FY1 FY2"), ("2026-11-16", "西园大队", "FY3"), ("2026-11-17", "东湖大队", "FY1")
        ),
        "FY9",
        kit,
    )
    import_duty(roster(tmp_path, ("2026-11-16", "东湖大队", "FY2"), name="b.xlsx"), "FY9", kit)
    assert [row["officer"] for row in kit.store.rows("duty_on", day="2026-11-16")] == ["FY2", "FY3"]
    assert [row["officer"] for row in kit.store.rows("duty_on", day="2026-11-17")] == ["FY1"]


def test_an_empty_roster_takes_nobody_off_duty(kit, tmp_path):
    import_duty(roster(tmp_path, ("2026-11-16", "东湖大队", "FY1")), "FY9", kit)
    size = kit.log.size
    assert (import_duty(roster(tmp_path, name="b.xlsx"), "FY9", kit)[1], kit.log.size) == (0, size)
