"""The self-check on the pages: problems to their 销号, samples that nobody can choose, the ledger and the package."""

from __future__ import annotations

import io
import json
from urllib.parse import quote

import pytest
from openpyxl import load_workbook

from cli.desk import CASE, EAST, NO_FOOTAGE, Desk
from web.test_reviewing_on_pages import ended
from web.visiting import browser, station

PAGE = f"/case?no={quote(CASE)}"
TOLD = {
    "no": CASE, "stage": "现场检查", "item": "id_shown", "problem": "未出示证件", "leader": "李局长", "department": "法制科",
    "measure": "集中学习", "deadline": "2026-12-20",
}  # fmt: skip


def kinds(kit) -> list[tuple[str, str]]:
    rows = kit.store.rows("recent_statements", limit=20)
    return [(row["kind"], row["by_whom"]) for row in rows if row["kind"].startswith(("problem.", "audit."))][::-1]


def test_a_problem_goes_from_its_opening_to_its_settling_and_comes_back(station, monkeypatch, capsys):
    with browser(station, "wang") as supervisor:
        status, _, told = supervisor.send(PAGE, "/problem/open", **TOLD)
        assert status == 303
        at = told["location"]
        number = at.partition("=")[2]
        assert "李局长" in supervisor.page(at)
        assert supervisor.upload(at, "/problem/close", {}, number=number, why="")[0] == 400
        assert supervisor.upload(at, "/problem/close", {}, number=number, why="已学习并补充送达")[0] == 303
        assert supervisor.upload(at, "/problem/close", {}, number=number, why="再来")[0] == 404
        assert "已销号" in supervisor.page("/rectification")
        assert supervisor.send(at, "/problem/reopen", number=number, why="反弹")[0] == 303
        page = supervisor.page(at)
    assert all(each in page for each in ("登记", "销号", "重新打开", "已学习并补充送达", "反弹"))
    assert kinds(station) == [("problem.opened", "FY9"), ("problem.closed", "FY9"), ("problem.reopened", "FY9")]
    [row] = Desk(station.root, monkeypatch, capsys).rows("rectify", "list")
    assert (row["problem"], row["measure"], row["state"]) == ("未出示证件", "集中学习", "open")


@pytest.mark.parametrize(
    ("change", "status"),
    [({"deadline": "soon"}, 400), ({"leader": ""}, 400), ({"item": "x"}, 404), ({"no": "没有"}, 404), ({"stage": "没有"}, 404)],
)
def test_a_problem_that_lacks_something_is_not_opened(station, change, status):
    with browser(station, "wang") as supervisor:
        assert supervisor.send(PAGE, "/problem/open", **(TOLD | change))[0] == status
    assert kinds(station) == []


def test_another_units_problem_does_not_exist_for_a_units_supervisor_and_an_auditor_opens_none(station):
    with browser(station, "wang") as supervisor:
        foreign = TOLD | {"no": NO_FOOTAGE, "stage": "先行登记保存", "item": "footage"}
        number = supervisor.send(PAGE, "/problem/open", **foreign)[2]["location"].partition("=")[2]
    with browser(station, "zhang") as other:
        assert other.ask("GET", f"/problem?number={number}")[0] == 404
        assert other.upload(PAGE, "/problem/close", {}, number=number, why="x")[0] == 404
        assert other.send(PAGE, "/problem/open", **foreign)[0] == 404
    with browser(station, "shen") as auditor:
        assert auditor.page(f"/problem?number={number}")
        assert auditor.upload("/verify", "/problem/close", {}, number=number, why="x")[0] == 403
    for bad in ("", "x", "99999999999999999999", "-1", "²"):
        with browser(station, "shen") as auditor:
            assert auditor.ask("GET", f"/problem?number={quote(bad)}")[0] == 404


def test_a_sample_is_announced_drawn_once_and_comes_out_the_same(station):
    with browser(station, "shen") as auditor:
        for bad in ("0", "x", "-1", "99999999"):
            assert auditor.send("/selfcheck", "/draw/announce", count=bad)[0] == 400
        assert auditor.send("/selfcheck", "/draw/announce", count="2")[0] == 303
        [row] = json.loads(auditor.page("/draws.json"))["rows"]
        assert (row["of"], row["count"], row["seed_from"]) == (3, 2, None)
        number = str(row["announced"])
        assert auditor.send("/selfcheck", "/draw", number=number, public="福彩 第2026316期 572")[0] == 303
        found = json.loads(auditor.page(f"/drawn.json?number={number}"))
        assert (found["same"], len(found["rows"])) == (True, 2)
        assert "再抽一次结果相同" in auditor.page(f"/drawn?number={number}")
        assert auditor.send("/selfcheck", "/draw", number=number)[0] == 400, "only once"
        assert auditor.ask("GET", "/drawn?number=x")[0] == 404
    assert kinds(station) == [("audit.announced", "SJ1"), ("audit.drawn", "SJ1")]


def test_the_ledger_of_a_units_supervisor_is_of_his_unit_and_only_he_takes_it(station):
    with browser(station, "zhang") as supervisor:
        number = supervisor.send("/selfcheck", "/ledger", unit="西城大队")[2]["location"].partition("=")[2]
        assert ended(supervisor, number)["code"] == 0
        path = station.root / "exports" / "jobs" / number / "ledger.xlsx"
        cells = [str(cell.value) for sheet in load_workbook(io.BytesIO(path.read_bytes())) for row in sheet for cell in row]
        assert any(CASE in cell for cell in cells)
        assert not any(NO_FOOTAGE in cell for cell in cells)
        status, _, told = supervisor.send(f"/job?number={number}", "/job/file", number=number)
        assert (status, "spreadsheetml" in told["content-type"]) == (200, True)
    with browser(station, "li") as custodian:
        assert custodian.ask("GET", f"/job?number={number}")[0] == 403


def test_the_package_of_a_unit_is_made_for_an_auditor_alone_and_only_of_a_complete_case(station, monkeypatch, capsys):
    def made(visitor) -> tuple[str, dict]:
        number = visitor.send("/selfcheck", "/package", unit=EAST)[2]["location"].partition("=")[2]
        return number, ended(visitor, number)

    desk = Desk(station.root, monkeypatch, capsys)
    with browser(station, "shen") as auditor:
        assert auditor.send("/selfcheck", "/package", unit="没有的单位")[0] == 404
        number, told = made(auditor)
        assert (told["code"], "没有一个录像和要件都齐全" in auditor.page(f"/job?number={number}")) == (32, True)
        for row in desk.rows("cases", "missing", "--case", CASE):
            item = row["segment"] or "footage"
            assert desk("review", CASE, row["stage"], item, "--as", "seen", "--by", "FY9", "--why", "看过录像").code == 0
        number, told = made(auditor)
        assert told["code"] == 0, told
        assert auditor.send(f"/job?number={number}", "/job/file", number=number, why="备查")[0] == 200
    with browser(station, "wang") as supervisor:
        assert supervisor.send(PAGE, "/package", unit=EAST)[0] == 403
        assert supervisor.send(f"/job?number={number}", "/job/file", number=number, why="x")[0] == 403
    with browser(station, "guan") as admin:
        assert admin.ask("GET", f"/job?number={number}")[0] == 403
        assert number not in admin.page("/verify")
