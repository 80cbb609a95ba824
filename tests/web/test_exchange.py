"""Other systems: an index that is read page by page and pushed cases, each with a token that says what it may do."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from avrecord.ledger.platform import COLUMNS
from avrecord.pipeline.exchange import FIELDS
from avrecord.pipeline.tokens import FILE, TokenFile
from avrecord.web.app import build
from cli.desk import Desk, filmed_day
from conftest import pattern

CASE = {
    "case": "综执罚字〔2026〕77号", "case_kind": "行政处罚", "stage": "现场检查", "unit": "东湖大队", "officers": "FY1",
    "start": "2026-11-18 09:00", "end": "2026-11-18 09:20", "place": "盘龙路1号",
}  # fmt: skip


@pytest.fixture
def tokens(kit, root, monkeypatch, capsys) -> dict[str, dict[str, str]]:
    desk = Desk(root, monkeypatch, capsys)
    found = {}
    for name, deeds in (("reader", ["read"]), ("pusher", ["push"])):
        said = desk("tokens", "give", name, *(word for deed in deeds for word in ("--may", deed)), "--number", "XT01")
        assert said.code == 0, said.err
        found[name] = {"Authorization": f"Bearer {said.out.strip()}"}
    return found


@pytest.fixture
def client(kit):
    return TestClient(build(kit, lambda: {"slots": [], "seconds_since_scan": 1}), base_url="http://127.0.0.1")


def test_the_index_is_read_page_by_page_and_nothing_twice(kit, dcam, dock, client, tokens, root, monkeypatch, capsys, tmp_path):
    desk = Desk(root, monkeypatch, capsys)
    filmed_day(desk, kit, dcam, dock, tmp_path)
    dock(dcam({f"VIDEO/12{n:02}00.mp4": pattern(100, n) for n in range(7)}, name="slot3"))
    found, after, asked = [], -1, 0
    while after is not None:
        page = client.get(f"/api/platform?after={after}&most=4", headers=tokens["reader"]).json()
        found, after, asked = found + page["rows"], page["next"], asked + 1
    assert (len(found), len({row["wjbh"] for row in found}), asked) == (9, 9, 3)
    assert [column["key"] for column in page["columns"]] == [key for key, *_ in COLUMNS]
    linked = [row for row in found if row["case_no"]]
    assert {(row["sbbh"], row["state"]) for row in found} == {("Z3A0017", "在库中")}
    assert linked
    assert all((root / row["path"]).is_file() and (root / row["seal"]).is_file() for row in found)
    said = desk("platform", "--out", tmp_path / "index")
    assert (said.code, "9 行" in said.out) == (0, True), said.err
    assert json.loads((tmp_path / "index" / "platform.json").read_text("utf-8"))["rows"] == found


def test_pushed_cases_are_stated_once_under_the_systems_number(kit, client, tokens):
    size = kit.log.size
    first = client.post("/api/cases", json={"cases": [CASE]}, headers=tokens["pusher"])
    assert (first.status_code, first.json()["new"]) == (200, 1)
    again = client.post("/api/cases", json={"cases": [CASE]}, headers=tokens["pusher"])
    assert (again.json()["new"], again.json()["unchanged"], kit.log.size) == (0, 1, size + 1)
    changed = client.post("/api/cases", json={"cases": [CASE | {"place": "盘龙路2号"}]}, headers=tokens["pusher"])
    assert (changed.json()["changed"], kit.log.size) == (1, size + 2)
    [row] = kit.store.rows("recent_statements", limit=1)
    assert (row["kind"], row["by_whom"]) == ("case.imported", "XT01")


def test_one_row_that_is_not_valid_keeps_all_out_and_is_named(kit, client, tokens):
    size = kit.log.size
    bad = CASE | {"case": "综执罚字〔2026〕78号", "end": "2026-11-17 09:00"}
    answer = client.post("/api/cases", json={"cases": [CASE, bad]}, headers=tokens["pusher"])
    assert (answer.status_code, answer.json()["taken"], [each["row"] for each in answer.json()["invalid"]]) == (422, False, [2])
    assert kit.log.size == size


NO_CASES = [
    *(b"", b"{}", b"[]", b"null", b'{"cases": []}', b'{"cases": {}}', b'{"cases": [1]}', b"\xff\xfe", b"[" * 100_000),
    *(b'{"cases": [{"id": "x"}]}', b'{"cases": [{"case": 7}]}', b'{"cases": [{"case": "' + b"x" * 400 + b'"}]}'),
    b'{"cases": [{"case": "=1+1"}]}',
]
NO_TOKEN = [{}, {"Authorization": "Bearer avr_guess"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}]


@pytest.mark.parametrize("content", NO_CASES)
def test_what_is_no_list_of_cases_is_refused_in_words(kit, client, tokens, content):
    size = kit.log.size
    answer = client.post("/api/cases", content=content, headers=tokens["pusher"])
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.text
    assert kit.log.size == size


def test_an_endless_push_is_cut_off(client, tokens):
    answer = client.post("/api/cases", content=(b" " * (1 << 20) for _ in range(40)), headers=tokens["pusher"])
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer avr_guess"}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}]
)
def test_without_a_token_nothing_is_told(client, headers, tokens):
    for answer in (
        client.get("/api/platform", headers=headers),
        client.post("/api/cases", json={"cases": [CASE]}, headers=headers),
    ):
        assert (answer.status_code, set(answer.json())) == (401, {"error"})


def test_a_token_does_what_it_is_for_until_it_is_taken_back(client, tokens, root, monkeypatch, capsys):
    assert client.get("/api/platform", headers=tokens["pusher"]).status_code == 403
    assert client.post("/api/cases", json={"cases": [CASE]}, headers=tokens["reader"]).status_code == 403
    assert client.get("/api/platform", headers=tokens["reader"]).status_code == 200
    desk = Desk(root, monkeypatch, capsys)
    assert {row["name"] for row in desk.rows("tokens", "list")} == {"reader", "pusher"}
    assert desk("tokens", "end", "reader").code == 0
    assert client.get("/api/platform", headers=tokens["reader"]).status_code == 401
    assert desk("tokens", "end", "reader").code != 0


def test_a_token_is_kept_as_a_digest_that_others_cannot_read(tokens, root):
    path = root / FILE
    text = path.read_text("utf-8")
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(header["Authorization"].removeprefix("Bearer ") not in text for header in tokens.values())
    assert set(TokenFile(root).read()) == {"reader", "pusher"}


@pytest.mark.parametrize("asked", ["after=x", "most=0", "most=-1", "after=99999999999999999", "most=1e3"])
def test_an_odd_question_is_refused(client, tokens, asked):
    assert client.get(f"/api/platform?{asked}", headers=tokens["reader"]).status_code == 400


def test_what_may_be_pushed_is_what_a_case_table_holds():
    assert {"case", "case_kind", "stage", "officers", "start", "end"} <= set(FIELDS)
