"""The month per unit and per officer: figures, the ids behind them, and the workbook that is sent round."""

from __future__ import annotations

import zipfile
from statistics import median

import pytest
from openpyxl import load_workbook

from avrecord.model.statement import ExportMade
from avrecord.pipeline.link import link_all
from avrecord.seal.codec import decode
from cli.desk import CASE, EAST, WEST, Desk, cases_file, examined, fleet_file
from conftest import PROJECT, pattern
from ledger.ledger_files import book

MONTH = ("audit", "statistics", "--month", "2026-11")
CHECKLIST = PROJECT / "config" / "checklists"


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """Footage of the 16th by FY1 of 东湖大队: one whole stage, one half; a stage of 西园大队 that nobody filmed."""
    made = Desk(kit.root, monkeypatch, capsys)
    for path in sorted(CHECKLIST.glob("*.toml")):
        assert made("checklist", "adopt", path, "--by", "FY9").code == 0
    made("devices", "import", fleet_file(tmp_path))
    people = [("执法证号", "姓名", "单位"), ("FY1", "陈立新", EAST), ("FY2", "周敏", WEST)]
    made("officers", "import", book(tmp_path / "人员.xlsx", 人员=people))
    made("cases", "import", cases_file(tmp_path), "--apply")
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/100000.mp4": pattern(3000, 2), "PHOTO/091000.jpg": pattern(900, 3)}))
    examined(kit, "090000.mp4", 1200, seen=("id_shown",))
    examined(kit, "100000.mp4", 300)
    link_all(kit)
    return made


def lines(desk, *words):
    found = desk(*MONTH, *words, "--json").json
    return found, {row["unit"]: row for row in found["rows"]}


def test_what_a_unit_recorded_is_counted_by_its_recorders(desk):
    found, rows = lines(desk)
    assert (rows[EAST]["clips"], rows[EAST]["photos"], rows[EAST]["recorded_ms"]) == (3, 1, 1_500_000)
    assert (rows[WEST]["clips"], rows[WEST]["recorded_ms"]) == (0, 0)
    assert [row["officer"] for row in found["officers"]] == ["FY1", "FY2"]
    (one, two) = found["officers"]
    assert (one["clips"], one["name"], two["clips"]) == (3, "陈立新", 0)


def test_stages_are_whole_or_with_gaps_or_without_footage_and_add_up(desk):
    _, rows = lines(desk)
    for row in rows.values():
        assert row["stages"] == row["whole"] + row["with_gaps"] + (row["stages"] - row["with_footage"])
        assert row["required"] == row["seen"] + row["not_seen"] + row["cannot_tell"]
    assert (rows[EAST]["stages"], rows[EAST]["with_footage"], rows[EAST]["whole"], rows[EAST]["with_gaps"]) == (2, 2, 1, 1)
    assert (rows[WEST]["stages"], rows[WEST]["with_footage"]) == (1, 0)
    for key in ("clips", "stages", "with_footage", "whole", "required", "seen", "cannot_tell", "reviews"):
        assert rows[None][key] == rows[EAST][key] + rows[WEST][key]


def test_the_marks_are_those_of_cases_show(desk):
    _, rows = lines(desk)
    shown = [row["result"] for case in (CASE, "综执罚字〔2026〕45号") for row in desk.rows("cases", "show", case)]
    for key, word in (("seen", "抽检已见"), ("not_seen", "抽检未见"), ("cannot_tell", "无法判断")):
        assert rows[None][key] == shown.count(word)
    assert rows[None]["seen"] >= 1


def test_every_figure_is_the_number_of_the_ids_behind_it(desk, kit):
    found, _ = lines(desk, "--explain")
    kit.log.refresh()
    for row in (*found["rows"], *found["officers"]):
        why = row["explain"]
        assert len(why["clips"]) == row["clips"]
        for key in ("whole", "with_gaps", "unlisted", "seen", "not_seen", "cannot_tell", "found_missing", "reviews"):
            assert len(why[key]) == row[key], key
        delays = sorted(each["delay_ms"] for each in why["clips"] if each["delay_ms"] is not None)
        assert len(delays) == row["uploads"]["clips"]
        assert row["uploads"]["clips"] - row["uploads"]["in_time"] == len(why["late"])
        assert row["uploads"]["median_ms"] == (round(median(delays)) if delays else None)
        for each in why["clips"]:
            at = int(each["row"].removeprefix("log:"))
            ((_, entry),) = kit.log.entries(at, at + 1)
            assert each["clip"].encode() in entry


def test_the_upload_delay_is_from_the_end_of_the_recording_to_the_seal(desk):
    """Recorded at 09:00 for 20 minutes on the 16th, sealed at 10:00 on the 21st."""
    found, _ = lines(desk, "--explain", "--unit", EAST)
    delays = {each["delay_ms"] for each in found["rows"][0]["explain"]["clips"]}
    assert 5 * 86_400_000 + 3_600_000 - 1_200_000 in delays
    assert found["rows"][0]["uploads"]["share_in_time"] == 0.0


def test_the_deadline_is_a_setting_and_its_source_is_named(desk):
    assert "公安机关的规定（辽宁公安 2015），城管没有统一的时限" in desk(*MONTH).out
    path = desk.root / "station.toml"
    path.write_text(path.read_text("utf-8") + "\n[statistics]\nupload_hours = 200\n", "utf-8")
    assert lines(desk)[1][None]["uploads"]["share_in_time"] == 1.0


def test_a_review_counts_for_the_stages_unit_and_for_whoever_made_it(desk):
    desk("review", CASE, "现场检查", "id_shown", "--as", "missing", "--by", "FY9", "--why", "看过原片")
    found, rows = lines(desk)
    assert (rows[EAST]["reviews"], rows[EAST]["found_missing"], rows[WEST]["reviews"]) == (1, 1, 0)
    assert {row["officer"]: row["reviews"] for row in found["officers"]} == {"FY1": 0, "FY2": 0, "FY9": 1}
    assert rows[EAST]["seen"] >= 1  # the mark stands beside the review


def test_availability_is_that_of_devices_availability(desk):
    _, rows = lines(desk)
    alone = desk("devices", "availability", "--month", "2026-11", "--json").json
    assert rows[None]["availability"]["rate"] == alone["rate"]
    assert (
        rows[EAST]["availability"]["in_service_days"] + rows[WEST]["availability"]["in_service_days"] == alone["in_service_days"]
    )


def test_one_unit_alone_is_its_line_of_the_whole(desk):
    _, rows = lines(desk)
    found, alone = lines(desk, "--unit", EAST)
    assert alone == {EAST: rows[EAST]}
    assert {row["officer"] for row in found["officers"]} == {"FY1", "FY2"}  # FY2 is named by a stage of this unit
    said = desk(*MONTH, "--unit", "北山大队")
    assert (said.code, "北山大队" in said.err) == (32, True)


def test_a_clip_of_a_recorder_that_nobody_registered_is_not_lost(desk, dcam, dock):
    dock(dcam({"VIDEO/150000.mp4": pattern(3000, 9)}, serial="Z3A0099", name="slot3"))
    _, rows = lines(desk)
    assert (rows[""]["clips"], rows[""]["without_length"], rows[None]["clips"]) == (1, 1, 4)
    assert "另有 1 个时长未知" in desk(*MONTH).out


def test_another_month_is_empty_and_one_to_come_is_refused(desk):
    found = desk("audit", "statistics", "--month", "2026-10", "--json").json
    assert (found["whole"]["clips"], found["whole"]["stages"]) == (0, 0)
    assert found["whole"]["uploads"]["median_ms"] is None
    assert desk("audit", "statistics", "--month", "2026-12").code == 2


def test_the_workbook_holds_the_figures_the_notice_charts_and_where_it_comes_from(desk, kit, tmp_path):
    out = tmp_path / "通报.xlsx"
    assert desk(*MONTH, "--xlsx", out, "--by", "FY9").code == 0
    made = load_workbook(out)
    assert made.sheetnames[:4] == ["通报", "单位统计", "人员统计", "损失台日"]
    page = made["单位统计"]
    heads = [cell.value for cell in page[2]]
    table = {row[0].value: dict(zip(heads, (cell.value for cell in row), strict=True)) for row in page.iter_rows(3, 5)}
    _, rows = lines(desk)
    for name, row in rows.items():
        cells = table[name or "合计"]
        assert (cells["片段"], cells["环节"], cells["抽检已见"], cells["无法判断"]) == (
            row["clips"], row["stages"], row["seen"], row["cannot_tell"],
        )  # fmt: skip
        assert cells["设备完好率"] == row["availability"]["rate"]
    foot = "\n".join(str(row[0].value) for row in page.iter_rows(6))
    for word in ("查询：2026-11 月度统计", "日志检查点：", "avrecord ", "辽宁公安 2015"):
        assert word in foot
    with zipfile.ZipFile(out) as package:
        assert len([name for name in package.namelist() if name.startswith("xl/charts/chart")]) == 4
    kit.log.refresh()
    ((index, entry),) = kit.log.entries(kit.log.size - 1)
    last = decode(entry, index)
    assert (type(last.body), last.by) == (ExportMade, "FY9")
