"""Decisions and long work on the pages: by whom, with what reason, and nothing that another page or role could send."""

from __future__ import annotations

import json
import re
import time
import zipfile
from urllib.parse import quote, urlencode

import pytest

from cli.desk import CASE, NO_FOOTAGE, Desk
from web.visiting import browser, station

STAGE = "现场检查"
PAGE = f"/case?no={quote(CASE)}"
DECIDED = {"no": CASE, "stage": STAGE, "item": "id_shown", "decision": "missing", "why": "看过录像，没有出示"}


def reviews(kit) -> list[str]:
    return [row["by_whom"] for row in kit.store.rows("recent_statements", limit=50) if row["kind"] == "mark.reviewed"]


def test_a_decision_made_on_the_page_is_the_one_that_the_command_line_shows(station, monkeypatch, capsys):
    with browser(station, "wang") as supervisor:
        status, _, told = supervisor.send(PAGE, "/review", **DECIDED)
        assert (status, told["location"].partition("#")[0]) == (303, PAGE)
        assert "人工认定缺失（FY9" in supervisor.page(PAGE)
    rows = Desk(station.root, monkeypatch, capsys).rows("cases", "missing", "--case", CASE)
    assert ("missing", "id_shown") in [(row["what"], row["segment"]) for row in rows if row["stage"] == STAGE]
    assert reviews(station) == ["FY9"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"why": " "}, 400),
        ({"decision": "guilty"}, 404),
        ({"item": "<script>"}, 404),
        ({"stage": "没有的环节"}, 404),
        ({"no": "没有〔2026〕1号"}, 404),
        ({"no": ""}, 404),
    ],
)
def test_a_decision_that_says_nothing_is_refused_in_words(station, change, status):
    with browser(station, "wang") as supervisor:
        found, text, _ = supervisor.send(PAGE, "/review", **(DECIDED | change))
    assert (found, 'role="alert"' in text, "<script>" in text.replace('<script src="/page.js" defer></script>', "")) == (
        status,
        True,
        False,
    )
    assert reviews(station) == []


def test_only_a_form_of_this_sessions_own_page_decides(station):
    with browser(station, "wang") as supervisor:
        for word in ("", "0" * 64):
            assert supervisor.ask("POST", "/review", urlencode(DECIDED | {"word": word}))[0] == 403
        word = re.search(r'name="word" value="([0-9a-f]{64})"', supervisor.page(PAGE))[1]
        body = urlencode(DECIDED | {"word": word})
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            assert supervisor.ask("POST", "/review", body, **headers)[0] == 403
        old = supervisor.cookie
        supervisor.log_in("wang")
        assert supervisor.ask("POST", "/review", body)[0] == 403, "the word of an earlier session"
        supervisor.cookie = old + "x"
        assert supervisor.ask("POST", "/review", body)[0] == 303, "no session: the login"
    assert reviews(station) == []


@pytest.mark.parametrize("name", ["shen", "guan", "li", "cao"])
def test_who_audits_or_administers_decides_nothing(station, name):
    with browser(station, name) as other:
        word = re.search(r'name="word" value="([0-9a-f]{64})"', other.page("/verify"))[1] if name in ("shen", "guan") else ""
        assert other.ask("POST", "/review", urlencode(DECIDED | {"word": word}))[0] == 403
    assert reviews(station) == []


def test_a_units_supervisor_decides_nothing_about_another_unit(station):
    foreign = DECIDED | {"no": NO_FOOTAGE, "stage": "先行登记保存"}
    with browser(station, "zhang") as supervisor:
        assert supervisor.send(PAGE, "/review", **foreign)[0] == 404
        assert supervisor.send(PAGE, "/opinion", no=NO_FOOTAGE)[0] == 404
    assert reviews(station) == []


def test_nobody_decides_about_his_own_enforcement(station):
    from avrecord.pipeline.accounts import AccountFile
    from avrecord.rules.roles import Account
    from web.visiting import PASSWORD

    AccountFile(station.root).set(Account("officer", "FY1", "supervisor", ""), PASSWORD)
    with browser(station, "officer") as officer:
        status, text, _ = officer.send(PAGE, "/review", **DECIDED)
    assert (status, "不能复核自己参加的执法" in text, reviews(station)) == (400, True, [])


def test_the_opinion_is_the_document_of_the_command(station):
    with browser(station, "wang") as supervisor:
        status, _, told = supervisor.send(PAGE, "/opinion", no=CASE)
    assert (status, "wordprocessingml" in told["content-type"]) == (200, True)
    assert "clip.viewed" in [row["kind"] for row in station.store.rows("recent_statements", limit=5)], "its frames were looked at"


def ended(visitor, number: str) -> dict:
    for _ in range(600):
        told = json.loads(visitor.page(f"/job.json?number={number}"))
        if told["state"] != "running":
            return told
        time.sleep(0.1)
    raise AssertionError(told)


def test_an_auditor_verifies_and_the_altered_clip_stands_on_the_page(station):
    clip = next(each for each in station.records.clips() if each.name.endswith("090000.mp4"))
    path = station.vault.path(clip.stored)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with browser(station, "shen") as auditor:
        status, _, told = auditor.send("/verify", "/verify", scope="all")
        assert status == 303
        number = told["location"].partition("=")[2]
        assert ended(auditor, number)["code"] == 11
        page = auditor.page(f"/job?number={number}")
        assert ("有异常" in page, clip.stored in page, f"/clip?clip={clip.id.hex}" in page) == (True, True, True)
        assert number in auditor.page("/verify")


def test_the_bundle_of_a_case_is_made_taken_away_and_verifies_elsewhere(station, tmp_path, monkeypatch, capsys):
    with browser(station, "shen") as auditor:
        status, _, told = auditor.send("/verify", "/bundle", no=CASE)
        assert status == 303
        number = told["location"].partition("=")[2]
        told = ended(auditor, number)
        assert told["code"] == 0, told
        assert auditor.send(f"/job?number={number}", "/job/file", number=number)[0] == 400, "a purpose"
        assert auditor.send(f"/job?number={number}", "/job/file", number=number, why="行政复议")[0] == 200
        assert auditor.send(f"/job?number={number}", "/job/file", number="../../keys", why="x")[0] == 404
    taken = [row for row in station.store.rows("recent_statements", limit=20) if row["kind"] == "clip.viewed"]
    assert [row["by_whom"] for row in taken] == ["SJ1", "SJ1"], "both clips of the case left the station"
    made = station.root / "exports" / "jobs" / number / "bundle.zip"
    assert not made.with_suffix("").exists(), "once is enough"
    with zipfile.ZipFile(made) as packed:
        packed.extractall(tmp_path / "away")
    signers, policy = station.root / "keys" / "allowed_signers", tmp_path / "policy"
    policy.write_text(f"log {station.log_key.vkey}\nquorum none\n", "utf-8")
    said = Desk(station.root, monkeypatch, capsys)(
        "verify", tmp_path / "away" / "bundle", "--signers", signers, "--policy", policy
    )
    assert said.code in (0, 15), said.out + said.err
    assert "内容被改动" not in said.out


def test_two_verifications_at_once_are_not_started_and_one_that_was_cut_says_so(station):
    with browser(station, "shen") as auditor:
        first = auditor.send("/verify", "/verify", scope="all")[2]["location"].partition("=")[2]
        status, _, _ = auditor.send("/verify", "/verify", scope="all")
        assert status in (303, 400)
        ended(auditor, first)
        assert auditor.send("/verify", "/verify", scope="everything; rm -rf /")[0] == 400
    folder = station.root / "exports" / "jobs" / first
    (folder / "code").unlink()  # the service was stopped before the job ended
    with browser(station, "shen") as auditor:
        assert json.loads(auditor.page(f"/job.json?number={first}"))["state"] == "interrupted"
        assert "中断" in auditor.page("/verify")


@pytest.mark.parametrize("number", ["", "../..", "20261116T010000-000/../..", "20261116T010000-999", "x" * 500])
def test_no_job_number_leads_anywhere_else(station, number):
    with browser(station, "shen") as auditor:
        assert auditor.ask("GET", f"/job?number={quote(number)}")[0] == 404
        assert auditor.ask("GET", f"/job.json?number={quote(number)}")[0] == 404
