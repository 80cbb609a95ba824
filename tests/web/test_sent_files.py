"""Files that people send to the pages: bounded, never under a name of theirs, and what is brought in is what was checked."""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from avrecord.settings import ArchiveTable
from avrecord.web import imports
from cli.desk import CASE, EAST, WEST, Desk
from cli.test_archive import signed
from ledger.ledger_files import book, case_row, case_table
from web.test_reviewing_on_pages import ended
from web.test_selfcheck_pages import PAGE, TOLD
from web.visiting import BOUNDARY, browser, multipart, station

NEW = "综执罚字〔2026〕77号"


@pytest.fixture
def table(tmp_path) -> bytes:
    """One new stage and one row without an officer's number."""
    rows = case_row(case=NEW, stage="现场检查"), case_row(case=NEW, stage="直接送达", officers="")
    return case_table(tmp_path / "新案件.xlsx", *rows).read_bytes()


def last(kit, kind: str) -> list[str]:
    return [row["by_whom"] for row in kit.store.rows("recent_statements", limit=20) if row["kind"] == kind]


def test_a_table_is_checked_first_and_what_was_checked_is_brought_in(station, table, monkeypatch, capsys):
    with browser(station, "wang") as supervisor:
        status, _, told = supervisor.upload("/imports", "/import/cases", {"file": ("新 案件.xlsx", table)})
        assert status == 303
        found = ended(supervisor, told["location"].partition("=")[2])
        assert (found["state"], found["code"], found["answer"]["new"], found["answer"]["applied"]) == ("done", 0, 1, False)
        page = supervisor.page(told["location"])
        assert "新增 1，变更 0" in page
        assert "没有执法证号" in page
        assert "按检查结果导入" in page
        assert last(station, "case.imported") == ["service"], "a check states nothing"
        status, _, then = supervisor.send(told["location"], "/import-checked", number=found["number"])
        assert (status, ended(supervisor, then["location"].partition("=")[2])["answer"]["applied"]) == (303, True)
        assert "按检查结果导入" not in supervisor.page(then["location"])
        assert NEW in supervisor.page(f"/case?no={quote(NEW)}")
    assert last(station, "case.imported")[0] == "FY9"
    assert station.attachments.get(hashlib.sha256(table).hexdigest()) == table, "the very file is kept"
    assert len(Desk(station.root, monkeypatch, capsys).rows("cases", "list")) == 4


def test_recorders_officers_and_duties_are_brought_by_those_whose_they_are(station, tmp_path):
    recorders = book(tmp_path / "d.xlsx", 设备=[("设备编号", "型号", "单位"), ("Z3A0099", "DCAM", EAST), ("", "DCAM", EAST)])
    with browser(station, "li") as custodian:
        assert "执法记录仪" not in custodian.page("/imports")
        _, _, told = custodian.upload("/imports", "/import/devices", {"file": ("d.xlsx", recorders.read_bytes())})
        found = ended(custodian, told["location"].partition("=")[2])
        assert (found["code"], found["answer"]["new"], len(found["answer"]["rows"])) == (0, 1, 1)
        then = custodian.send(told["location"], "/import-checked", number=found["number"])[2]["location"]
        assert ended(custodian, then.partition("=")[2])["code"] == 0
        assert "Z3A0099" in custodian.page("/devices")
    roster = book(tmp_path / "r.xlsx", 人员=[("执法证号", "姓名"), ("FY51", "陈立新")]).read_bytes()
    duty = "日期,单位,执法证号\n2026-11-16,东湖大队,FY51\n".encode("gb18030")
    with browser(station, "guan") as admin:
        for kind, name, content in (("officers", "r.xlsx", roster), ("duty", "值班.csv", duty)):
            told = admin.upload("/imports", f"/import/{kind}", {"file": (name, content)})[2]["location"]
            number = told.partition("=")[2]
            assert ended(admin, number)["answer"]["new"] == 1
            then = admin.send(told, "/import-checked", number=number)[2]["location"]
            assert ended(admin, then.partition("=")[2])["answer"]["applied"] is True
    assert last(station, "device.registered")[0] == "SB1"
    assert last(station, "roster.imported")[0] == "XT1"
    assert [row["officer"] for row in station.store.rows("duty_on", day="2026-11-16")] == ["FY51"]


def test_who_may_not_bring_a_table_is_turned_away_and_sees_no_job_of_it(station, table):
    file = {"file": ("a.xlsx", table)}
    with browser(station, "wang") as supervisor:
        at = supervisor.upload("/imports", "/import/cases", file)[2]["location"]
        ended(supervisor, at.partition("=")[2])
        assert supervisor.upload("/imports", "/import/devices", file)[0] == 403
    with browser(station, "li") as custodian:
        assert custodian.upload("/imports", "/import/cases", file)[0] == 403
        assert custodian.ask("GET", at)[0] == 403
        assert custodian.send("/imports", "/import-checked", number=at.partition("=")[2])[0] == 404
    with browser(station, "zhang") as of_one_unit:
        assert "只能由负责全部单位的账户导入" in of_one_unit.page("/imports")
        assert of_one_unit.upload(PAGE, "/import/cases", file)[0] == 403
    with browser(station, "shen") as auditor:
        assert auditor.ask("GET", "/imports")[0] == 403
        assert auditor.upload("/verify", "/import/cases", file)[0] == 403
    with browser(station) as nobody:
        assert nobody.ask("POST", "/import/cases", *multipart({"word": "x"}, file))[0] == 303
    assert last(station, "case.imported") == ["service"]


@pytest.mark.parametrize(
    ("called", "content", "said"),
    [
        ("a.exe", b"MZ", "应为 .xlsx"),
        ("xlsx", b"PK", "应为 .xlsx"),
        ("a.xlsx", b"", "请选择一个不是空的文件"),
        ("", b"", "请选择一个不是空的文件"),
    ],
)
def test_what_is_no_table_is_refused_in_words(station, called, content, said):
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.upload("/imports", "/import/cases", {"file": (called, content)})
    assert (status, said in text) == (400, True)


@pytest.mark.parametrize(
    "called", ["../../../station.toml.xlsx", "/etc/x.xlsx", "C:\\\\x.xlsx", "<script>.xlsx", "--apply.xlsx", "x\ty.xlsx"]
)
def test_the_name_that_a_browser_gives_is_used_for_nothing(station, called):
    with browser(station, "wang") as supervisor:
        at = supervisor.upload("/imports", "/import/cases", {"file": (called, b"PK\x03\x04 no workbook")})[2]["location"]
        found = ended(supervisor, at.partition("=")[2])
        page = supervisor.page(at)
    assert (found["code"], found["answer"]) == (32, None), "a broken workbook ends as bad input"
    assert "import.xlsx" in found["said"]
    assert "Traceback" not in page
    assert "script>.xlsx" not in page
    folder = station.root / "exports" / "jobs" / found["number"]
    assert sorted(path.name for path in folder.iterdir()) == ["answer", "asked.json", "code", "import.xlsx", "said"]


def test_more_than_may_be_sent_is_cut_off_and_kept_nowhere(station, monkeypatch):
    monkeypatch.setattr(imports, "LARGEST", 1 << 20)
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.upload("/imports", "/import/cases", {"file": ("a.xlsx", bytes(1 << 20))})
        assert status == 303, "the largest that may be"
        status, text, _ = supervisor.upload("/imports", "/import/cases", {"file": ("a.xlsx", bytes((1 << 20) + (1 << 16)))})
        assert (status, "文件太大（最大 1 MB）" in text) == (413, True)
        # A length that is claimed is not believed: the body comes in pieces, without one, and never ends.
        connection = http.client.HTTPConnection(supervisor.host, timeout=20)
        connection.putrequest("POST", "/import/cases")
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        for name, value in (("Cookie", supervisor.cookie), ("Content-Type", kind), ("Transfer-Encoding", "chunked")):
            connection.putheader(name, value)
        connection.endheaders()
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'.encode()
        sent = 0
        try:
            for piece in (head, *[bytes(1 << 16)] * 40):
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        else:
            assert connection.getresponse().status == 413
        connection.close()
        assert supervisor.page("/imports")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"word=x", "application/x-www-form-urlencoded"),
        (b"", "multipart/form-data"),
        (b"nonsense", f"multipart/form-data; boundary={BOUNDARY}"),
        (b"--%s\r\n\r\nx" % BOUNDARY.encode(), f"multipart/form-data; boundary={BOUNDARY}"),
        (multipart({f"f{n}": "x" for n in range(40)}, {})[0], f"multipart/form-data; boundary={BOUNDARY}"),
        (multipart({"word": "x" * 40_000}, {})[0], f"multipart/form-data; boundary={BOUNDARY}"),
        (multipart({"word": ""}, {"file": ("a.xlsx", b"x")})[0], f"multipart/form-data; boundary={BOUNDARY}"),
        (multipart({"word": "é" * 64}, {"file": ("a.xlsx", b"x")})[0], f"multipart/form-data; boundary={BOUNDARY}"),
    ],
)
def test_a_form_that_is_not_our_pages_own_is_refused(station, body, kind):
    with browser(station, "wang") as supervisor:
        for path in ("/import/cases", "/problem/close"):
            status, text, _ = supervisor.ask("POST", path, body, kind)
            assert (status, 'role="alert"' in text) == (403, True)


def test_a_file_from_another_site_is_refused(station, table):
    with browser(station, "wang") as supervisor:
        word = re.search(r'name="word" value="([0-9a-f]{64})"', supervisor.page("/imports"))[1]
        sent = multipart({"word": word}, {"file": ("a.xlsx", table)})
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert supervisor.ask("POST", "/import/cases", *sent, **headers)[0] == 403


def test_what_was_not_checked_is_not_brought_in(station, tmp_path):
    with browser(station, "wang") as supervisor:
        at = supervisor.upload("/imports", "/import/cases", {"file": ("a.xlsx", b"PK no workbook")})[2]["location"]
        failed = ended(supervisor, at.partition("=")[2])["number"]
        for number in (failed, "", "../..", "20260101T000000-000"):
            assert supervisor.send("/imports", "/import-checked", number=number)[0] == 404


def test_a_problem_is_settled_with_what_shows_it_and_that_can_be_taken_away(station):
    proof = b"%PDF-1.7 signed by everybody"
    with browser(station, "wang") as supervisor:
        at = supervisor.send(PAGE, "/problem/open", **TOLD)[2]["location"]
        number = at.partition("=")[2]
        empty = {"evidence": ("a.pdf", b"")}
        assert supervisor.upload(at, "/problem/close", empty, number=number, why="已学习")[0] == 400
        sent = {"evidence": ("照片<b>.pdf", proof)}
        assert supervisor.upload(at, "/problem/close", sent, number=number, why="已学习")[0] == 303
        assert hashlib.sha256(proof).hexdigest() in supervisor.page(at)
        status, text, told = supervisor.ask("GET", f"/problem/evidence?number={number}")
        assert (status, text.encode(), told["content-type"]) == (200, proof, "application/octet-stream")
        assert told["content-disposition"].endswith(".pdf")
        assert told["content-disposition"].startswith("attachment")
    with browser(station, "li") as custodian:
        assert custodian.ask("GET", f"/problem/evidence?number={number}")[0] == 403
    path = station.attachments.path(hashlib.sha256(proof).hexdigest())
    path.chmod(0o644)
    path.write_bytes(proof + b"!")
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", f"/problem/evidence?number={number}")
        assert (status, "与其摘要不符" in text) == (503, True), "an altered attachment is never handed out"


def test_another_units_evidence_is_as_unknown_as_none(station):
    foreign = TOLD | {"no": "综执罚字〔2026〕45号", "stage": "先行登记保存", "item": "footage"}
    with browser(station, "wang") as supervisor:
        at = supervisor.send(PAGE, "/problem/open", **foreign)[2]["location"]
        number = at.partition("=")[2]
        supervisor.upload(at, "/problem/close", {"evidence": ("a.jpg", b"\xff\xd8\xff")}, number=number, why="好")
    with browser(station, "zhang") as other:
        assert other.ask("GET", f"/problem/evidence?number={number}")[0] == 404
        assert other.upload(PAGE, "/problem/close", {}, number=number, why="x")[0] == 404
        assert other.send(PAGE, "/problem/change", **(foreign | {"number": number}))[0] == 404


def test_who_answers_for_a_problem_is_changed_on_its_page_and_the_earlier_words_stay(station):
    with browser(station, "wang") as supervisor:
        at = supervisor.send(PAGE, "/problem/open", **TOLD)[2]["location"]
        number = at.partition("=")[2]
        changed = {**TOLD, "number": number, "leader": "周局长", "deadline": "2027-01-15"}
        assert supervisor.send(at, "/problem/change", **(changed | {"measure": " "}))[0] == 400
        assert supervisor.send(at, "/problem/change", **changed)[0] == 303
        page = supervisor.page(at)
        assert "周局长" in page
        assert "李局长" in page
        assert "2027-01-15" in page
        assert "周局长" in supervisor.page("/ledger?month=2026-11")


def test_the_ledgers_cells_are_changed_where_they_come_from(station):
    with browser(station, "wang") as supervisor:
        page = supervisor.page("/ledger?month=2026-11")
        assert CASE in page
        assert "是否佩戴并出示执法证件" in page
        assert "现场检查：抽检已见" in page
        decided = {"no": CASE, "stage": "现场检查", "item": "uniform", "decision": "seen", "why": "着装整齐"}
        status, _, told = supervisor.send("/ledger?month=2026-11", "/review", **decided, to="/ledger?month=2026-11#c1")
        assert (status, told["location"]) == (303, "/ledger?month=2026-11#c1")
        assert supervisor.send("/ledger", "/review", **decided, to="//evil.example/")[2]["location"] == "/home"
        assert "人工确认" in supervisor.page("/ledger?month=2026-11")
        twin = supervisor.ask("GET", f"/ledger.json?month=2026-11&unit={quote(WEST)}")[1]
        assert "综执罚字〔2026〕45号" in twin
        assert CASE not in twin
        assert "这个月没有案件" in supervisor.page("/ledger?month=2026-01")
    with browser(station, "zhang") as of_east:
        assert "综执罚字〔2026〕45号" not in of_east.page("/ledger?month=2026-11")
        assert of_east.ask("GET", f"/ledger?month=2026-11&unit={quote(WEST)}")[0] == 403
    with browser(station, "shen") as auditor:
        page = auditor.page("/ledger?month=2026-11")
        assert "<summary>复核</summary>" not in page
        assert "登记整改问题" not in page


def test_the_year_is_archived_from_the_page_and_its_receipt_comes_back(station, tmp_path):
    if shutil.which("ssh-keygen") is None:
        pytest.skip("!!! ssh-keygen is not installed: receipts are NOT TESTED !!!")
    with browser(station, "shen") as auditor:
        assert "没有设置归档目录" in auditor.page("/archives")
        assert auditor.send("/archives", "/archive", year="2026")[0] == 400
    disk = tmp_path / "接收盘"
    named = replace(station, settings=station.settings.model_copy(update={"archive": ArchiveTable(to=str(disk))}))
    with browser(named, "shen") as auditor:
        status, text, _ = auditor.send("/archives", "/archive", year="2026")
        assert (status, "归档盘没有接上" in text) == (400, True)
        disk.mkdir()
        for bad in ("", "26", "1999", "x", "99999"):
            assert auditor.send("/archives", "/archive", year=bad)[0] == 400
        at = auditor.send("/archives", "/archive", year="2026")[2]["location"]
        made = ended(auditor, at.partition("=")[2])
        assert (made["code"], made["answer"]["clips"]) == (0, 2)
        assert "已写入" in auditor.page(at)
        again = auditor.send("/archives", "/archive", year="2026")[2]["location"]
        assert ended(auditor, again.partition("=")[2])["answer"]["rows"][0]["result"] == "早已写入"
        [receipt] = disk.glob("*RECEIPT.txt")
        public = signed(receipt, "ssh-keygen", tmp_path)
        signature = Path(f"{receipt}.sig").read_bytes()
        sent = {
            "receipt": ("r.txt", receipt.read_bytes()),
            "signature": ("r.sig", signature),
            "key": ("k.pub", public.read_bytes()),
        }
        status, text, _ = auditor.upload("/archives", "/archive/receipt", sent | {"receipt": ("r.txt", b"another receipt")})
        assert (status, "不是本站开出的归档回执" in text, str(tmp_path) in text, "/tmp" in text) == (400, True, False, False)
        assert auditor.upload("/archives", "/archive/receipt", {"receipt": sent["receipt"]})[0] == 400
        assert "尚未签收 1 个" in auditor.page("/archives")
        assert auditor.upload("/archives", "/archive/receipt", sent)[0] == 303
        assert "尚未签收 0 个" in auditor.page("/archives")
    assert last(station, "archive.received") == ["SJ1"]
    with browser(named, "wang") as supervisor:
        assert "造包" not in supervisor.page("/archives").replace("造包时间", "")
        assert supervisor.send("/selfcheck", "/archive", year="2026")[0] == 403


def test_the_systems_page_says_whether_the_service_is_well(station):
    with browser(station, "guan") as admin:
        page = admin.page("/system")
        assert "最近一次查看停靠目录是 1 秒前" in page
        assert "没有停靠的存储卡" in page
