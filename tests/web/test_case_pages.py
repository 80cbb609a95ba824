"""The supervisor's pages: who may open them, what stands first, and nothing of another unit."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.errors import BadAccount
from avrecord.model.clip import ClipId
from avrecord.model.observation import Offered
from avrecord.model.statement import ClipExamined
from avrecord.pipeline.accounts import AccountFile, Door
from avrecord.pipeline.record import state
from avrecord.rules.roles import ROLES, Account, locked_seconds, may_see, narrowed
from avrecord.store import documents
from avrecord.web.timeline import PICTURE, WIDTH, apart
from cli.desk import CASE, EAST, NO_FOOTAGE, WEST, Desk, clip_id
from conftest import NOW
from web.test_status_page import CHROMIUM, FLAGS
from web.visiting import PASSWORD, browser, station

MONTH = "2026-11"


def test_nobody_sees_a_case_without_logging_in_and_there_is_no_default_account(kit):
    with browser(kit) as visitor:
        status, _, told = visitor.ask("GET", "/cases")
        assert (status, told["location"]) == (303, "/login?to=%2Fcases")
        assert visitor.ask("GET", "/cases.json")[0] == 401
        assert "avrecord users set" in visitor.page("/login")
        for name, password in (("admin", "admin"), ("admin", ""), ("root", "123456"), ("", "")):
            assert visitor.log_in(name, password)[0] == 403


def test_what_is_missing_stands_first_and_the_json_twin_says_the_same(station):
    with browser(station, "wang") as supervisor:
        page = supervisor.page(f"/cases?month={MONTH}")
        told = json.loads(supervisor.page(f"/cases.json?month={MONTH}"))
    lacking = [bool(row["lacks"]) for row in told["rows"]]
    assert lacking == sorted(lacking, reverse=True)
    assert {row["case"] for row in told["rows"]} == {CASE, NO_FOOTAGE}
    assert "无录像" in page
    for row in told["rows"]:
        for lack in row["lacks"]:
            assert f"{lack['stage']}：{lack['words']}" in page


def test_the_page_of_a_case_lacks_what_the_command_says_it_lacks(station, monkeypatch, capsys):
    desk = Desk(station.root, monkeypatch, capsys)
    rows = desk.rows("cases", "missing", "--case", CASE)
    with browser(station, "wang") as supervisor:
        page = supervisor.page(f"/case?no={quote(CASE)}")
    for row in rows:
        assert row["detail"] in page
    assert "的录像时间线" in page
    assert re.search(r'<rect class="gap" x="[\d.]+"', page)


def test_the_frames_of_a_stage_stand_on_its_time_line_where_they_were_taken(station):
    """The frame that a mark rests on before those that are only offered; none over another; another page's frame is none."""
    clip = clip_id(station, "090000.mp4")
    digests = [station.attachments.put(f"picture {n}".encode()) for n in range(4)]
    old = station.records.full_examination(ClipId(clip))
    seen = replace(old.observations[0], at_ms=600_000, evidence=digests[0])
    offered = tuple(Offered(at_ms, digest) for at_ms, digest in zip((30_000, 610_000, 1_090_000), digests[1:], strict=True))
    found = replace(old, observations=(seen,), offered=offered)
    document = station.attachments.put(documents.examination(found))
    body = ClipExamined(
        clip=clip, outcome="complete", reason=None, attempt=2, checks=found.checks, duration_ms=1_100_000, examination=document
    )
    state(station, [body])
    with browser(station, "wang") as supervisor:
        page = supervisor.page(f"/case?no={quote(CASE)}")
        told = json.loads(supervisor.page(f"/case.json?no={quote(CASE)}"))
    frames = told["stages"][0]["line"]["frames"]
    assert [frame["of"] for frame in frames] == [digests[1], digests[0], digests[3]], "610 s has no room beside 600 s"
    assert [frame["second"] for frame in frames] == [30, 600, 1090]
    for digest in (digests[1], digests[0], digests[3]):
        assert f"of={digest}" in page
    station.attachments.path(document).unlink()
    with browser(station, "wang") as supervisor:
        assert "frames-line" not in supervisor.page(f"/case?no={quote(CASE)}"), "a document that is gone takes no page with it"


@given(st.lists(st.floats(0, 1000), max_size=60))
def test_frames_on_a_line_never_cover_each_other_and_none_stands_outside(at):
    kept = apart([{"at": each, "number": number} for number, each in enumerate(at)])
    edges = [frame["left"] for frame in kept]
    assert edges == sorted(edges)
    assert all(later - earlier >= PICTURE - 0.2 for earlier, later in pairwise(edges))
    assert all(0 <= edge <= WIDTH - PICTURE for edge in edges)
    assert not at or kept[0]["number"] == 0 or any(frame["number"] == 0 for frame in kept), "the first asked for is always there"


def test_a_units_supervisor_sees_his_unit_and_another_units_case_does_not_exist_for_him(station):
    with browser(station, "zhang") as supervisor:
        page = supervisor.page(f"/cases?month={MONTH}")
        assert (CASE in page, NO_FOOTAGE in page) == (True, False)
        assert supervisor.ask("GET", f"/case?no={quote(NO_FOOTAGE)}")[0] == 404
        assert supervisor.ask("GET", f"/case.json?no={quote(NO_FOOTAGE)}")[0] == 404
        assert supervisor.ask("GET", f"/cases?unit={quote(WEST)}")[0] == 403
        assert supervisor.ask("GET", f"/case?no={quote('没有〔2026〕1号')}")[0] == 404


def test_a_custodian_sees_no_cases(station):
    with browser(station, "li") as custodian:
        assert custodian.ask("GET", "/cases")[0] == 403
        assert custodian.ask("GET", f"/case.json?no={quote(CASE)}")[0] == 403


def test_a_forged_or_ended_session_opens_nothing(station):
    with browser(station, "wang") as supervisor:
        good = supervisor.cookie
        assert supervisor.ask("POST", "/logout", "")[0] == 303
        for cookie in (good, "avrecord=0", "avrecord=" + "a" * 5000, "avrecord=../../etc/passwd", f"{good}x"):
            supervisor.cookie = cookie
            assert supervisor.ask("GET", "/cases")[0] in (303, 400, 431)


def test_a_form_of_another_site_does_nothing(station):
    with browser(station, "wang") as supervisor:
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert supervisor.ask("POST", "/logout", "", **headers)[0] == 403
        supervisor.page("/cases")
        body = urlencode({"name": "wang", "password": PASSWORD})
        assert supervisor.ask("POST", "/login", body, Origin="http://evil.example")[0] == 403


@pytest.mark.parametrize("to", ["//evil.example", "http://evil.example", "/\\evil.example", "javascript:alert(1)", "\nx", "evil"])
def test_the_login_leads_nowhere_outside(station, to):
    with browser(station) as visitor:
        status, _, told = visitor.log_in("wang", to=to)
    assert (status, told["location"]) == (303, "/home")


def test_the_cookie_is_for_us_alone(station):
    with browser(station) as visitor:
        told = visitor.log_in("wang")[2]["set-cookie"].lower()
    assert all(word in told for word in ("httponly", "samesite=strict", "path=/"))


def test_a_large_or_strange_form_is_refused(station):
    with browser(station) as visitor:
        assert visitor.ask("POST", "/login", "name=" + "a" * 100_000)[0] == 403
        assert visitor.ask("POST", "/login", "{}", **{"Content-Type": "application/json"})[0] == 403
        assert visitor.ask("POST", "/login", "%ff%fe=1")[0] == 403
        assert visitor.ask("POST", "/login", "&".join(f"a{n}=1" for n in range(50)))[0] == 403


@pytest.mark.parametrize("month", ["", "2026-13", "../../x", "2026-11' OR 1=1 --", "9" * 4000, "<script>"])
def test_no_parameter_is_trusted(station, month):
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", f"/cases?month={quote(month)}&unit={quote(month)}")
        assert status in (200, 414, 431, 400)
        assert "<script>" not in text
        assert supervisor.ask("GET", f"/case?no={quote(month)}")[0] in (404, 400, 414, 431)


def test_names_in_cases_are_escaped(station, tmp_path, monkeypatch, capsys):
    desk = Desk(station.root, monkeypatch, capsys)
    odd = tmp_path / "b.csv"
    head = "案号,执法类别,执法环节,执法单位,执法证号,开始时间,结束时间"
    odd.write_text(f"{head}\n<script>〔2026〕9号,<b>x</b>,直接送达,{EAST},FY2,2026-11-16 14:00,2026-11-16 14:10\n", "utf-8")
    assert desk("cases", "import", odd, "--apply").code == 0
    with browser(station, "wang") as supervisor:
        for path in (f"/cases?month={MONTH}", f"/case?no={quote('<script>〔2026〕9号')}"):
            page = supervisor.page(path)
            assert ("<script>" in page, "<b>" in page, "&lt;script&gt;" in page) == (False, False, True)


def test_guessing_shuts_the_account_for_longer_each_time_and_the_right_word_does_not_open_it_meanwhile(kit):
    accounts = AccountFile(kit.root)
    accounts.set(Account("wang", "FY9", "supervisor", ""), PASSWORD)
    now = [NOW]
    door = Door(accounts, lambda: now[0])
    for _ in range(5):
        with pytest.raises(BadAccount):
            door.log_in("wang", "wrong")
    with pytest.raises(BadAccount):
        door.log_in("wang", PASSWORD)
    now[0] += timedelta(seconds=61)
    assert door.log_in("wang", PASSWORD)
    assert [locked_seconds(n) for n in (4, 5, 6, 50)] == [0, 60, 120, 3600]


def test_a_session_ends_by_idling_by_length_by_a_new_password_and_by_being_shut(kit):
    accounts = AccountFile(kit.root)
    accounts.set(Account("wang", "FY9", "supervisor", ""), PASSWORD)
    now = [NOW]
    door = Door(accounts, lambda: now[0])
    idle, long = door.log_in("wang", PASSWORD), door.log_in("wang", PASSWORD)
    assert door.who_is(idle).number == "FY9"
    for _ in range(25):
        now[0] += timedelta(minutes=29)
        seen = door.who_is(long)
    assert (seen, door.who_is(idle)) == (None, None)
    fresh = door.log_in("wang", PASSWORD)
    accounts.set(Account("wang", "FY9", "supervisor", ""), PASSWORD + "二")
    assert door.who_is(fresh) is None
    other = door.log_in("wang", PASSWORD + "二")
    accounts.disable("wang")
    assert door.who_is(other) is None
    with pytest.raises(BadAccount):
        door.log_in("wang", PASSWORD + "二")


@pytest.mark.parametrize(
    ("name", "role", "password"),
    [
        ("", "admin", PASSWORD),
        ("a b", "admin", PASSWORD),
        ("a", "king", PASSWORD),
        ("wang", "admin", "short"),
        ("wang", "admin", "wang-2026-wang"),
        ("a" * 41, "admin", PASSWORD),
    ],
)
def test_a_poor_account_is_refused(kit, name, role, password):
    with pytest.raises(BadAccount):
        AccountFile(kit.root).set(Account(name, "FY9", role, ""), password)
    assert AccountFile(kit.root).read() == {}


def test_passwords_are_kept_by_argon2id_in_a_file_for_the_owner_alone(kit):
    AccountFile(kit.root).set(Account("wang", "FY9", "supervisor", ""), PASSWORD)
    path = kit.root / "accounts.json"
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    content = path.read_text("utf-8")
    assert ("$argon2id$" in content, PASSWORD in content) == (True, False)


def test_every_role_sees_the_dock_and_only_some_see_cases():
    account = {role: Account("a", "1", role, "") for role in ROLES}
    assert all(may_see(each, "dock") for each in account.values())
    assert {role for role, each in account.items() if may_see(each, "cases")} == {"supervisor", "auditor"}
    assert narrowed(Account("a", "1", "supervisor", EAST), WEST) is None
    assert narrowed(Account("a", "1", "supervisor", EAST), "") == EAST


@pytest.mark.skipif(CHROMIUM is None, reason="!!! chromium is not installed: nobody looked at the pages !!!")
def test_the_pages_fit_an_office_screen_and_a_telephone(station, tmp_path):
    """Rendered by a real browser; nothing may stand outside the window."""
    with browser(station, "wang") as supervisor:
        for name, path in (("cases", f"/cases?month={MONTH}"), ("case", f"/case?no={quote(CASE)}")):
            page = supervisor.page(path).replace('href="/style.css"', f'href="http://{supervisor.host}/style.css"')
            (tmp_path / f"{name}.html").write_text(page, "utf-8")
            for size in ("1366,768", "390,844"):
                out = tmp_path / f"{name}-{size}.png"
                subprocess.run(
                    [CHROMIUM, *FLAGS, f"--window-size={size}", f"--screenshot={out}", f"file://{tmp_path}/{name}.html"],
                    capture_output=True, timeout=60, check=True,
                )  # fmt: skip
                assert out.stat().st_size > 5000
