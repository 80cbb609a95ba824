"""The supervisor's working day: what waits, who decides, what was drawn, what is put right."""

from __future__ import annotations

import pytest

from cli.desk import CASE, EAST, NO_FOOTAGE, PLAN, Desk, filmed_day
from ledger.ledger_files import case_row, case_table

STAGE = "直接送达"
WHY = ("--by", "FY9", "--why", "看过录像")


@pytest.fixture
def desk(kit, dcam, dock, tmp_path, monkeypatch, capsys) -> Desk:
    """A case with two stages: the first shows the certificate only, the second shows nothing; another case has no footage."""
    made = Desk(kit.root, monkeypatch, capsys)
    filmed_day(made, kit, dcam, dock, tmp_path, seen=["id_shown"])
    return made


def needs(desk: Desk, *more: str) -> list[tuple[str, str, str]]:
    return [(row["need"], row["stage"], row["item"]) for row in desk.rows("reviews", "queue", *more)]


def test_what_is_required_and_not_seen_stands_first_in_the_queue_and_goes_when_it_is_decided(desk):
    before = needs(desk)
    assert before[0][0] == "not_seen"
    assert [need for need, _, _ in before] == sorted(
        (n for n, _, _ in before), key=["not_seen", "cannot_tell", "gap", "no_footage", "second_eye", "sample"].index
    )
    assert desk("review", CASE, *before[0][1:], "--as", "seen", *WHY).code == 0
    assert before[0] not in needs(desk)
    assert len(needs(desk, "--unit", EAST)) < len(needs(desk))


def test_what_the_check_saw_is_offered_for_review_so_that_its_errors_come_out(desk):
    assert ("sample", "现场检查", "id_shown") in needs(desk)
    desk("review", CASE, "现场检查", "id_shown", "--as", "missing", *WHY)
    desk("review", CASE, "现场检查", "notice_given", "--as", "missing", *WHY)
    assert not [need for need in needs(desk) if need[0] == "sample"], "two of this officer were looked at this month"
    rows = desk.rows("reviews", "agreement")
    found = {(row["segment"], row["mark"], row["drawn"]): (row["agreed"], row["reviewed"]) for row in rows}
    assert found == {("id_shown", "seen", False): (0, 1), ("notice_given", "not_seen", False): (1, 1)}
    checks = {row["segment"]: row["check"] for row in rows}
    assert all(check.startswith(f"{segment}@") for segment, check in checks.items()), checks


def test_nobody_reviews_an_enforcement_that_he_took_part_in(desk, kit):
    before = kit.log.refresh()
    said = desk("review", CASE, STAGE, "notice_given", "--as", "seen", "--by", "FY1", "--why", "我在场")
    assert (said.code, "不能复核自己参加的执法" in said.err, kit.log.refresh()) == (32, True, before)


def test_a_second_person_is_asked_where_the_setting_says_so(desk, root):
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8") + '\n[review]\nfour_eyes = ["missing"]\n', "utf-8")
    said = desk("review", CASE, STAGE, "notice_given", "--as", "missing", *WHY)
    assert "待第二人复核后生效" in said.out
    assert ("second_eye", STAGE, "notice_given") in needs(desk)
    rows = [(row["what"], row["segment"]) for row in desk.rows("cases", "missing", "--case", CASE) if row["stage"] == STAGE]
    assert ("not_seen", "notice_given") in rows, "until then the mark stands"
    desk("review", CASE, STAGE, "notice_given", "--as", "missing", "--by", "FY8", "--why", "同意")
    rows = [(row["what"], row["segment"]) for row in desk.rows("cases", "missing", "--case", CASE) if row["stage"] == STAGE]
    assert ("missing", "notice_given") in rows


def test_a_stage_is_excluded_with_a_name_and_a_reason_and_comes_back_when_that_is_withdrawn(desk):
    assert desk("review", NO_FOOTAGE, "先行登记保存", "stage", "--as", "not_required", *WHY).code == 0
    assert desk.rows("cases", "missing", "--case", NO_FOOTAGE) == []
    assert desk("review", NO_FOOTAGE, "先行登记保存", "stage", "--as", "withdrawn", *WHY).code == 0
    assert [row["what"] for row in desk.rows("cases", "missing", "--case", NO_FOOTAGE)] == ["no_footage"]


def test_a_draw_is_announced_first_made_once_and_comes_out_the_same_again(desk, kit):
    said = desk("audit", "announce", "--count", "2", "--by", "FY9")
    assert (said.code, "从 3 个环节中抽 2 个" in said.out) == (0, True)
    number = str(desk.rows("audit", "draw", "--list")[0]["announced"])
    assert desk("audit", "draw", number).code == 2, "who draws says so"
    made = desk("audit", "draw", number, "--by", "FY9", "--json").json
    assert (made["seed_from"], made["same"], len(made["rows"])) == ("checkpoint", True, 2)
    again = desk("audit", "draw", number, "--by", "FY9")
    assert (again.code, "不能再抽一次" in again.err) == (32, True)
    assert desk("audit", "draw", number, "--check", "--json").json["rows"] == made["rows"]
    assert "反复尝试" in desk("audit", "draw", number, "--check").out


def test_a_published_number_is_a_seed_that_the_station_did_not_choose(desk):
    desk("audit", "announce", "--count", "1", "--unit", EAST, "--by", "FY9")
    number = str(desk.rows("audit", "draw", "--list")[0]["announced"])
    made = desk("audit", "draw", number, "--by", "FY9", "--public", "福彩 第2026316期 572", "--json").json
    assert (made["seed_from"], made["of"]) == ("public", 2)
    again = desk("audit", "draw", number, "--check", "--json").json
    assert again["rows"] == made["rows"]


def test_drawn_stages_count_apart_in_the_agreement(desk):
    desk("audit", "announce", "--count", "9", "--by", "FY9")
    desk("audit", "draw", str(desk.rows("audit", "draw", "--list")[0]["announced"]), "--by", "FY9")
    desk("review", CASE, "现场检查", "id_shown", "--as", "seen", *WHY)
    assert [(row["drawn"], row["agreed"]) for row in desk.rows("reviews", "agreement")] == [(True, 1)]


def test_a_problem_carries_who_does_what_until_when_and_is_settled_with_evidence(desk, kit, tmp_path):
    assert desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9").code == 0
    said = desk("rectify", "list", "--json")
    [row] = said.json["rows"]
    assert (said.code, row["state"], row["leader"], row["deadline"]) == (0, "open", "李局长", "2026-12-20")
    number = str(row["number"])
    assert desk("rectify", "change", number, "--deadline", "2026-11-10", "--by", "FY9").code == 0
    said = desk("rectify", "list", "--only", "overdue", "--json")
    assert (said.code, [row["measure"] for row in said.json["rows"]]) == (10, ["集中学习"])
    proof = tmp_path / "学习记录.txt"
    proof.write_text("已组织学习", "utf-8")
    assert desk("rectify", "close", number, "--evidence", proof, "--why", "已学习并补充送达", "--by", "FY9").code == 0
    [row] = desk.rows("rectify", "list", "--only", "closed")
    assert kit.attachments.get(row["evidence"]).decode() == "已组织学习"
    assert desk("rectify", "close", number, "--why", "再来一次", "--by", "FY9").code == 32
    assert desk("rectify", "reopen", number, "--why", "反弹", "--by", "FY9").code == 0
    assert [row["state"] for row in desk.rows("rectify", "list")] == ["overdue"]
    steps = desk.rows("rectify", "show", number)
    assert [row["step"] for row in steps] == ["opened", "changed", "closed", "reopened"]
    assert ("李局长" in steps[0]["words"], steps[2]["words"]) == (True, "已学习并补充送达")


def test_names_of_people_stand_in_no_leaf(desk, kit):
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    kit.log.refresh()
    leaves = b"".join(entry for _, entry in kit.log.entries(0, kit.log.size))
    assert b"problem.opened" in leaves
    assert "李局长".encode() not in leaves


def test_what_was_settled_and_shows_again_is_told_and_a_mark_alone_accuses_nobody(desk, tmp_path):
    later = "综执罚字〔2026〕77号"
    desk("rectify", "open", NO_FOOTAGE, "先行登记保存", "footage", *PLAN, "--by", "FY9")
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    numbers = [str(row["number"]) for row in desk.rows("rectify", "list")]
    for number in numbers:
        desk("rectify", "close", number, "--why", "已整改", "--by", "FY9")
    west = desk.rows("cases", "missing", "--case", NO_FOOTAGE)[0]["unit"]
    table = case_table(
        tmp_path / "后来.xlsx",
        case_row(case=later, stage="先行登记保存", unit=west, officers="FY2", start="2027-01-05 14:00", end="2027-01-05 14:10"),
    )
    assert desk("cases", "import", table, "--apply").code == 0
    again = {row["case"]: row["again"] for row in desk.rows("rectify", "list", "--only", "again")}
    assert again == {NO_FOOTAGE: [later]}


def test_a_rebuilt_index_knows_every_draw_and_problem(desk, root):
    desk("audit", "announce", "--count", "1", "--by", "FY9")
    desk("audit", "draw", str(desk.rows("audit", "draw", "--list")[0]["announced"]), "--by", "FY9")
    desk("rectify", "open", CASE, STAGE, "notice_given", *PLAN, "--by", "FY9")
    before = desk.rows("rectify", "list"), desk.rows("audit", "draw", "--list")
    assert desk("rebuild").code == 0
    assert (desk.rows("rectify", "list"), desk.rows("audit", "draw", "--list")) == before
    assert desk("verify", "--all").code in (0, 15), "every attachment that a leaf names is there"


def test_an_attachment_of_a_draw_that_is_gone_is_named(desk, root, kit):
    desk("audit", "announce", "--count", "1", "--by", "FY9")
    number = desk.rows("audit", "draw", "--list")[0]["announced"]
    row = kit.store.row("one_announcement", seq=number)
    path = kit.attachments.path(row["population"])
    path.chmod(0o600)
    path.unlink()
    rows = desk.rows("verify", "--all")
    assert any(each["code"] == "MISSING" and each["about"].endswith(row["population"][:12]) for each in rows)


@pytest.mark.parametrize("inside", ["clips", "log", "."])
def test_no_workbook_is_written_into_the_station_by_any_query(desk, kit, inside):
    """An export over a clip or a tile would be the loss of evidence by a spreadsheet."""
    target = kit.root / inside / "cases.xlsx"
    said = desk("cases", "missing", "--xlsx", target)
    assert (said.code, target.exists()) == (32, False), said.err
    allowed = kit.root / "exports" / "cases.xlsx"
    allowed.parent.mkdir(exist_ok=True)
    desk("cases", "missing", "--xlsx", allowed)
    assert allowed.exists()


def test_a_vault_on_another_disk_is_the_stations_own_as_well(desk, kit, tmp_path):
    elsewhere = tmp_path / "data-disk"
    kit.vault.root.rename(elsewhere)
    kit.vault.root.symlink_to(elsewhere)
    said = desk("cases", "missing", "--xlsx", elsewhere / "cases.xlsx")
    assert (said.code, (elsewhere / "cases.xlsx").exists()) == (32, False), said.err
