"""A bureau's own list from workbook to judgement: proposed, confirmed, adopted, compared, written out; two versions at a day."""

from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from openpyxl import load_workbook

from cli.desk import Desk
from ledger.ledger_files import case_row, case_table
from ledger.real_lists import JIAOZUO, REAL_LISTS, ZHENGXIANG, write_list

OLD_DAY, NEW_DAY = "2026-11-15", "2026-11-16"


@pytest.fixture
def desk(root, monkeypatch, capsys) -> Desk:
    return Desk(root, monkeypatch, capsys)


@pytest.fixture
def own(tmp_path):
    """The bureau's workbook, and where its proposal is written."""
    return write_list(tmp_path / "清单.xlsx", ZHENGXIANG), tmp_path / "提案.toml"


def test_import_shows_each_row_and_writes_only_when_told(desk, own):
    file, out = own
    said = desk("checklist", "import", file, "--json")
    assert (said.code, said.json["items"], out.exists()) == (0, 6, False)
    row = next(row for row in said.json["rows"] if row["row"] == 7)
    assert row["segments"] == ["notice_given", "rights_notice"]
    assert {"proposes": "rights_notice", "column": "记录事项", "words": "告知陈述、申辩权"} in row["relied_on"]
    assert "以上只是提案" in desk("checklist", "import", file).out


@pytest.mark.parametrize("found", REAL_LISTS, ids=lambda found: found.bureau)
def test_every_real_list_goes_from_its_workbook_into_the_log(desk, tmp_path, found):
    file, out = write_list(tmp_path / "清单.xlsx", found), tmp_path / "提案.toml"
    assert desk("checklist", "import", file, "--version", "2026-9", "--in-force-from", NEW_DAY, "--out", out).code == 0
    assert desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all").code == 0
    assert desk("checklist", "show", "--version", "2026-9", "--json").json["rows"]


def test_a_proposal_is_not_adopted_before_every_item_is_confirmed(desk, own):
    file, out = own
    desk("checklist", "import", file, "--out", out)
    said = desk("checklist", "adopt", out, "--by", "FY9")
    assert (said.code, "还有 6 项没有确认" in said.err) == (32, True)
    out.write_text(out.read_text("utf-8").replace("confirmed = false", "confirmed = true", 5), "utf-8")
    assert "还有 1 项没有确认（6 强制拆除）" in desk("checklist", "adopt", out, "--by", "FY9").err
    out.write_text(out.read_text("utf-8").replace("confirmed = false", "confirmed = true"), "utf-8")
    assert desk("checklist", "adopt", out, "--by", "FY9").code == 0
    assert len(desk.rows("checklist", "list")) == 2


def test_confirming_all_at_once_is_stated_with_the_person_and_the_workbook_is_kept(desk, own, root):
    file, out = own
    desk("checklist", "import", file, "--out", out)
    assert desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all").code == 0
    entries = [json.loads(line) for line in entries_of(root)]
    adopted = [entry for entry in entries if entry["kind"] == "checklist.adopted"][-1]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (adopted["by"], adopted["confirmed_at_once"], adopted["source"]) == ("FY9", 6, digest)
    assert (root / "attachments" / digest[:2] / digest).read_bytes() == file.read_bytes()


def entries_of(root):
    from avrecord.station import open_station

    kit = open_station(root)
    try:
        return [entry for _, entry in kit.log.entries()]
    finally:
        kit.store.close()


def test_the_shipped_list_is_stated_as_ever(root):
    adopted = [json.loads(entry) for entry in entries_of(root) if b"checklist.adopted" in entry]
    assert [sorted(entry) for entry in adopted] == [
        ["at", "by", "checklist", "in_force_from", "items", "kind", "name", "seq", "station", "v", "version"]
    ]


def test_a_workbook_that_is_gone_or_another_one_stops_the_adoption_until_it_is_named(desk, own, tmp_path):
    file, out = own
    desk("checklist", "import", file, "--out", out)
    elsewhere = tmp_path / "已归档.xlsx"
    shutil.move(file, elsewhere)
    said = desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all")
    assert (said.code, "找不到提案所据的原表" in said.err, "--source" in said.err) == (32, True, True)
    write_list(file, JIAOZUO)
    assert "不是同一个文件" in desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all").err
    assert desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all", "--source", elsewhere).code == 0


def test_a_proposal_that_somebody_may_have_corrected_is_not_written_over(desk, own):
    file, out = own
    desk("checklist", "import", file, "--out", out)
    out.write_text("核对过", "utf-8")
    said = desk("checklist", "import", file, "--out", out)
    assert (said.code, out.read_text("utf-8")) == (32, "核对过")


def test_the_day_before_a_new_version_is_judged_by_the_old_one(desk, own, tmp_path):
    """One minute before midnight the shipped list asks for 亮证 and 告知; at midnight the bureau's own asks for 告知."""
    file, out = own
    desk("checklist", "import", file, "--in-force-from", NEW_DAY, "--version", "2026-2", "--out", out)
    desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all")
    rows = [
        case_row(stage="强制拆除", start=f"{OLD_DAY} 23:30", end=f"{OLD_DAY} 23:59"),
        case_row(stage="强制拆除", start=f"{NEW_DAY} 00:00", end=f"{NEW_DAY} 00:20"),
    ]
    rows = [(row[0], "行政强制", *row[2:]) for row in rows]
    assert desk("cases", "import", case_table(tmp_path / "案件.xlsx", *rows), "--apply").code == 0
    old, new = desk.rows("cases", "list")
    assert (old["checklist"].rpartition(" ")[2], [mark["segment"] for mark in old["marks"]]) == (
        "2026-1",
        ["id_shown", "notice_given"],
    )
    assert (new["checklist"].rpartition(" ")[2], [mark["segment"] for mark in new["marks"]]) == ("2026-2", ["notice_given"])
    for day, version in ((OLD_DAY, "2026-1"), (NEW_DAY, "2026-2")):
        assert desk("checklist", "show", "--on", day, "--json").json["version"] == version


def test_versions_are_listed_with_day_and_person(desk, own):
    file, out = own
    desk("checklist", "import", file, "--in-force-from", NEW_DAY, "--version", "2026-2", "--out", out)
    desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all")
    assert [(row["version"], row["in_force_from"], row["by"], row["in_force"]) for row in desk.rows("checklist", "list")] == [
        ("2026-1", "2020-01-01", "service", False),
        ("2026-2", NEW_DAY, "FY9", True),
    ]
    shown = desk("checklist", "list").out
    assert "建站时" in shown
    assert "FY9" in shown


def test_a_difference_is_told_field_by_field_in_chinese(desk, root, tmp_path):
    default = root / "config" / "checklists" / "default.toml"
    text = default.read_text("utf-8").replace('version = "2026-1"', 'version = "2026-2"')
    text = text.replace('stage = "抽样取证"\nmode = "key"', 'stage = "抽样取证"\nmode = "whole"\nretention = "2y"')
    assert 'retention = "2y"' in text
    (tmp_path / "新.toml").write_text(
        text + '\n[[item]]\ncode = "Z9"\nstage = "约谈"\nmode = "key"\nsegments = ["salute"]\n', "utf-8"
    )
    assert desk("checklist", "adopt", tmp_path / "新.toml", "--by", "FY9").code == 0
    said = desk("checklist", "diff", "2026-1", "2026-2", "--json").json
    assert said["counts"] == {"added": 1, "removed": 0, "changed": 1}
    assert {(row["change"], row["stage"], row["field"], row["before_words"], row["after_words"]) for row in said["rows"]} == {
        ("changed", "抽样取证", "mode", "关键环节", "全程"),
        ("changed", "抽样取证", "retention", "同案卷", "2年"),
        ("added", "约谈", "", "", "关键环节；敬礼"),
    }
    shown = desk("checklist", "diff", "2026-1", "2026-2").out
    assert "新增 1 项、取消 0 项、改动 1 项" in shown
    assert "没有找到清单版本“2026-7”" in desk("checklist", "diff", "2026-1", "2026-7").err


def test_a_version_is_written_as_a_workbook_and_read_back_as_it_was(desk, own, tmp_path):
    file, out = own
    desk("checklist", "import", file, "--version", "2026-2", "--in-force-from", NEW_DAY, "--out", out)
    desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all")
    written, again = tmp_path / "导出.xlsx", tmp_path / "再.toml"
    assert desk("checklist", "export", "--version", "2026-2", "--xlsx", written).code == 0
    header = [cell.value for cell in load_workbook(written)["音像记录事项清单"][2]]
    assert header[:5] == ["编号", "执法类别", "执法事项", "执法环节", "环节别名"]
    assert desk("checklist", "import", written, "--out", again).code == 0
    said = desk("checklist", "adopt", again, "--by", "FY9", "--confirm-all")
    assert "已在用，未重复记录" in said.out


def test_one_version_number_with_other_content_is_pointed_out(desk, own):
    file, out = own
    desk("checklist", "import", file, "--version", "2026-2", "--out", out)
    desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all")
    out.write_text(out.read_text("utf-8").replace('"served"', '"served", "salute"'), "utf-8")
    assert "这个版本号已采用过" in desk("checklist", "adopt", out, "--by", "FY9", "--confirm-all").err


def test_matters_that_differ_are_pointed_out(desk, tmp_path):
    file = write_list(tmp_path / "清单.xlsx", JIAOZUO)
    assert "行政处罚 现场检查 在不同执法事项下要求不同" in desk("checklist", "import", file).out


def test_a_bureaus_own_segment_is_proposed_by_its_name(desk, root, own):
    with (root / "config" / "segments.toml").open("a", encoding="utf-8") as file:
        file.write('\n[witness_present]\nname = "见证人"\nproof = "person"\n')
    rows = desk.rows("checklist", "import", own[0])
    assert "witness_present" in next(row for row in rows if row.get("stage") == "强制拆除")["segments"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[[segment]]\nmeans = "x"\nwords = ["a"]\nsource = "s"\n', "segments.toml 中没有要件 x"),
        ('[[segment]]\nmeans = "salute"\nwords = ["敬礼"]\n', "缺少 source"),
        ('[[segment]]\nmeans = "salute"\nwords = "敬礼"\nsource = "s"\n', "words 应为文字的列表"),
        ('[[segment]]\nmeans = "salute"\npatterns = ["("]\nsource = "s"\n', "正则表达式有误"),
        ('[[segments]]\nmeans = "salute"\n', "不认识的一节：segments"),
        ('[[whole]]\nmeans = "x"\nwords = ["全程"]\nsource = "s"\n', "means 有误"),
        ("[", "清单用语读不懂"),
    ],
)
def test_wrong_word_lists_are_refused_by_entry(desk, root, own, text, reason):
    (root / "config" / "checklist-words.toml").write_text(text, "utf-8")
    said = desk("checklist", "import", own[0])
    assert (said.code, reason in said.err) == (30, True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('mean = ["photo"]', "不认识的项：mean"),
        ('means = ["film"]', "means 只能由"),
        ('means = ["photo", "photo"]', "means 有重复"),
        ('means = ["photo"]', "只拍照的事项不能要求全程"),
        ('retention = "2 years"', "保管期限只能是"),
        ('also = ["甲、乙"]', "不能有顿号"),
        ('also = "甲"', "also 应为文字的列表"),
        (f'content = "{"长" * 8001}"', "超过 8000 个字"),
    ],
)
def test_an_item_that_cannot_be_held_to_is_refused_with_the_reason(desk, tmp_path, line, reason):
    head = 'name = "清单"\nversion = "1"\nin_force_from = 2026-01-01\n'
    item = f'[[item]]\ncode = "1"\nstage = "现场检查"\nmode = "whole"\nsegments = []\n{line}\n'
    (tmp_path / "a.toml").write_text(head + item, "utf-8")
    said = desk("checklist", "adopt", tmp_path / "a.toml", "--by", "FY9")
    assert (said.code, reason in said.err) == (32, True)
