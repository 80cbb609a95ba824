"""What an attacker who read the pages found. Each was done, and is refused now."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from urllib.parse import quote

import pytest

from avrecord.errors import BadAccount, UnknownName
from avrecord.pipeline.accounts import AccountFile, Door
from avrecord.pipeline.expiry import _gone
from avrecord.pipeline.proxies import proxy_at, proxy_path
from avrecord.pipeline.viewing import clip_for
from cli.desk import CASE, EAST, WEST, Desk, clip_id
from conftest import NOW
from ledger.ledger_files import case_row, case_table
from web.test_status_page import served
from web.visiting import PASSWORD, PEOPLE, Browser, browser, let_in, station

PAGE = f"/case?no={quote(CASE)}"


def test_a_case_of_two_units_gives_each_supervisor_his_own_stages_only(station, tmp_path, monkeypatch, capsys):
    table = case_table(
        tmp_path / "b.xlsx",
        case_row(stage="先行登记保存", unit=WEST, officers="FY2", start="2026-11-16 15:00", end="2026-11-16 15:10"),
    )
    assert Desk(station.root, monkeypatch, capsys)("cases", "import", table, "--apply").code == 0
    foreign = {"no": CASE, "stage": "先行登记保存", "item": "footage", "decision": "seen", "why": "x"}
    told = {"problem": "x", "leader": "x", "department": "x", "measure": "x", "deadline": "2026-12-01"}
    with browser(station, "zhang") as supervisor:
        assert "先行登记保存" not in supervisor.page(PAGE)
        assert supervisor.send(PAGE, "/review", **foreign)[0] == 404
        assert supervisor.send(PAGE, "/problem/open", **(foreign | told))[0] == 404
        assert supervisor.send(PAGE, "/opinion", no=CASE)[0] == 404, "a page with the other unit's frames on it"
        assert supervisor.send(PAGE, "/review", **(foreign | {"stage": "现场检查"}))[0] == 303


def test_another_units_sample_is_neither_seen_nor_drawn(station):
    with browser(station, "shen") as auditor:
        assert auditor.send("/selfcheck", "/draw/announce", count="1", unit=WEST)[0] == 303
        [row] = json.loads(auditor.page("/draws.json"))["rows"]
        number = str(row["announced"])
        with browser(station, "zhang") as supervisor:
            assert json.loads(supervisor.page("/draws.json"))["rows"] == []
            assert supervisor.send("/selfcheck", "/draw", number=number, public="mine")[0] == 404
        assert auditor.send("/selfcheck", "/draw", number=number, public="福彩 572")[0] == 303
        assert "请核对它由谁" in auditor.page(f"/drawn?number={number}")
    with browser(station, "zhang") as supervisor:
        assert supervisor.ask("GET", f"/drawn.json?number={number}")[0] == 404


def test_a_recorder_that_moves_takes_no_clip_of_a_case_with_it(station, tmp_path, monkeypatch, capsys):
    from ledger.ledger_files import book

    moved = book(tmp_path / "d.xlsx", 设备=[("设备编号", "型号", "单位", "购买日期"), ("Z3A0017", "DCAM", WEST, "2026-01-01")])
    clip = clip_id(station, "090000.mp4")
    west = PEOPLE["zhang"].__class__("w", "W1", "supervisor", WEST)
    assert Desk(station.root, monkeypatch, capsys)("devices", "import", moved).code == 0
    with pytest.raises(UnknownName):
        clip_for(west, clip, station)
    assert clip_for(PEOPLE["zhang"], clip, station).id.hex == clip


def test_the_copy_for_browsers_goes_with_its_clip(station):
    clip = next(iter(station.records.clips()))
    path = proxy_path(clip.id.hex, station)
    path.parent.mkdir()
    path.write_bytes(b"copy")
    assert proxy_at(clip, station) == path
    assert _gone(clip.id.hex, clip.stored, station) is None
    assert not path.exists()
    path.write_bytes(b"made while the clip was removed")
    assert proxy_at(clip, station) is None


def test_a_page_that_comes_again_by_itself_keeps_nobody_logged_in(kit):
    let_in(kit.root)
    now = [NOW]
    door = Door(AccountFile(kit.root), lambda: now[0])
    token = door.log_in("wang", PASSWORD)
    for _ in range(7):
        now[0] += timedelta(minutes=5)
        seen = door.who_is(token, by_itself=True)
    assert seen is None


def test_many_passwords_at_one_moment_are_many_tries_and_hold_nobody_up(kit):
    let_in(kit.root)
    door = Door(AccountFile(kit.root), lambda: NOW)
    said: list[str] = []

    def tried(n: int) -> None:
        try:
            said.append("in" if door.log_in("wang", PASSWORD if n == 39 else f"wrong {n}") else "")
        except BadAccount as error:
            said.append(str(error.facts["detail"]))

    for _ in range(3):
        threads = [threading.Thread(target=tried, args=(n,)) for n in range(39)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert any("人太多" in each for each in said)
    with pytest.raises(BadAccount):
        door.log_in("wang", PASSWORD)


def test_the_name_that_a_reverse_proxy_passes_on_is_answered_and_no_other(kit, root):
    from avrecord import station as building

    settings = root / "station.toml"
    text = settings.read_text("utf-8")
    settings.write_text(
        text.replace("[web]", '[web]\nnames = ["avrecord.bureau.local"]')
        if "[web]" in text
        else f'{text}\n[web]\nnames = ["avrecord.bureau.local"]\n',
        "utf-8",
    )
    again = building.open_station(root, clock=lambda: NOW)
    with served(again, 1) as url:
        visitor = Browser(url)
        assert visitor.ask("GET", "/", Host="avrecord.bureau.local")[0] == 200
        assert visitor.ask("GET", "/", Host="evil.example")[0] == 400
    again.store.close()


@pytest.mark.parametrize("error", [RuntimeError("secret detail"), OSError(5, "Input/output error")])
def test_an_error_that_nobody_foresaw_is_a_sentence_and_tells_nothing(station, monkeypatch, error):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr(type(station.records), "clips_beginning", broken)
    with browser(station, "wang") as supervisor:
        for path in (f"/clip?clip={'0' * 64}", f"/clip.json?clip={'0' * 64}"):
            status, text, told = supervisor.ask("GET", path)
            assert (status, "证据未受影响" in text, "secret" in text, "Traceback" in text) == (500, True, False, False)
            assert "default-src" in told["content-security-policy"]


def test_what_cannot_be_opened_says_so_in_words(station):
    with browser(station, "wang") as supervisor:
        for path, status in (("/review", 405), ("/nothing", 404), ("/clip/take", 405)):
            found, text, told = supervisor.ask("GET", path)
            assert (found, 'role="alert"' in text, "default-src" in told["content-security-policy"]) == (status, True, True)
        said = {supervisor.ask("GET", f"/missing?case={quote(case)}")[0] for case in ("没有〔2026〕1号",)}
    with browser(station, "zhang") as other:
        said.add(other.ask("GET", f"/missing?case={quote('综执罚字〔2026〕45号')}")[0])
    assert said == {404}
    assert EAST != WEST
