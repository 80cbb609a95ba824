"""Clips on the pages: who may see which, who looked is stated first, and bytes that no browser takes for a page."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote

import pytest

from avrecord.errors import LogBroken
from avrecord.pipeline import viewing
from cli.desk import CASE, EAST, Desk, clip_id
from web.visiting import browser, station

BAD_IDS = ["", "0", "zz", "../../keys/clip.key", "..%2f..%2fetc", "a" * 5000, "\x00", "%", "0" * 64, "' OR 1=1 --"]


@pytest.fixture
def clip(station) -> str:
    """Of a recorder of the unit EAST."""
    return clip_id(station, "090000.mp4")


def views(kit) -> list[tuple[str, str, str | None]]:
    rows = kit.store.rows("recent_statements", limit=100)
    return [row["by_whom"] for row in rows if row["kind"] == "clip.viewed"]


def test_a_clip_plays_by_ranges_and_whole(station, clip):
    stored = station.vault.path(station.records.clips_beginning(clip)[0].stored).read_bytes()
    with browser(station, "wang") as supervisor:
        watch = f"/clip/watch?clip={clip}"
        status, _, told = supervisor.ask("GET", watch)
        assert (status, told["content-type"], told["content-length"], told["accept-ranges"]) == (
            200,
            "video/mp4",
            "3000",
            "bytes",
        )
        for asked, first, last in (
            ("bytes=0-9", 0, 9),
            ("bytes=2990-", 2990, 2999),
            ("bytes=-5", 2995, 2999),
            ("bytes=10-99999", 10, 2999),
        ):
            status, _, told = supervisor.ask("GET", watch, Range=asked)
            assert (status, told["content-range"]) == (206, f"bytes {first}-{last}/3000"), asked
            assert int(told["content-length"]) == len(stored[first : last + 1])


@pytest.mark.parametrize(
    "asked",
    ["bytes=5000-6000", "bytes=9-3", "bytes=-", "bytes=" + ",".join(f"{n}-{n}" for n in range(2000)), "bytes=0-0,0-0",
     "lines=1-2", "bytes=-1-5", "bytes=99999999999999999999-", "bytes=a-b"],
)  # fmt: skip
def test_a_range_that_is_none_gets_no_bytes(station, clip, asked):
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", f"/clip/watch?clip={clip}", Range=asked)
    assert status in (400, 416), text[:80]


def test_looking_is_stated_once_for_each_login_and_before_a_byte_is_shown(station, clip, monkeypatch):
    order: list[str] = []
    real = viewing.state
    monkeypatch.setattr(viewing, "state", lambda *given: (order.append("stated"), real(*given))[1])
    with browser(station, "wang") as supervisor:
        for _ in range(3):
            assert supervisor.ask("GET", f"/clip/watch?clip={clip}", Range="bytes=0-0")[0] == 206
        supervisor.log_in("wang")
        supervisor.ask("GET", f"/clip/watch?clip={clip}")
        page = supervisor.page(f"/clip?clip={clip}")
    assert (order, views(station)) == (["stated"] * 2, ["FY9"] * 2)
    assert page.count(">FY9</td>") == 2


def test_a_clip_whose_viewing_cannot_be_stated_is_not_shown(station, clip, monkeypatch):
    def broken(*_):
        raise LogBroken(index=3, detail="被改动")

    monkeypatch.setattr(viewing, "state", broken)
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", f"/clip/watch?clip={clip}")
        assert (status, "日志" in text, len(text) < 3000 or "<html" in text) == (503, True, True)
        assert supervisor.send(f"/clip?clip={clip}", "/clip/take", clip=clip, why="听证")[0] == 503


def test_the_original_is_given_for_a_purpose_that_the_log_keeps(station, clip):
    with browser(station, "wang") as supervisor:
        page = f"/clip?clip={clip}"
        assert supervisor.send(page, "/clip/take", clip=clip, why="  ")[0] == 400
        assert views(station) == []
        status, _, told = supervisor.send(page, "/clip/take", clip=clip, why="行政复议案卷")
        assert (status, told["content-type"], "attachment" in told["content-disposition"]) == (
            200,
            "application/octet-stream",
            True,
        )
        shown = supervisor.page(page)
    assert "行政复议案卷" in shown
    assert "下载原件" in shown
    assert views(station) == ["FY9"]


def test_another_units_clip_does_not_exist_for_a_units_supervisor(station, dcam, dock, monkeypatch, capsys):
    other = dcam({"VIDEO/110000.mp4": b"of the other unit"}, serial="Z3A0021", name="slot2")
    dock(other)
    foreign = clip_id(station, "110000.mp4")
    with browser(station, "zhang") as supervisor:
        for path in ("/clip?clip=", "/clip.json?clip=", "/clip/watch?clip="):
            assert supervisor.ask("GET", path + foreign)[0] == 404, path
            assert supervisor.ask("GET", path + clip_id(station, "090000.mp4"))[0] == 200, path
        listed = {row["clip"] for row in json.loads(supervisor.page("/clips.json"))["rows"]}
        assert supervisor.send(f"/clip?clip={clip_id(station, '090000.mp4')}", "/clip/take", clip=foreign, why="x")[0] == 404
    assert (foreign in listed, clip_id(station, "090000.mp4") in listed) == (False, True)


@pytest.mark.parametrize("name", ["li", "guan", "cao"])
def test_who_administers_or_docks_sees_no_footage(station, clip, name):
    with browser(station, name) as other:
        for path in (
            "/clips",
            "/clips.xlsx",
            f"/clip?clip={clip}",
            f"/clip.json?clip={clip}",
            f"/clip/watch?clip={clip}",
            f"/clip/frame?clip={clip}&of={clip}",
        ):
            assert other.ask("GET", path)[0] == 403, path
    assert views(station) == []


@pytest.mark.parametrize("bad", BAD_IDS)
def test_no_id_leads_anywhere_else(station, bad):
    with browser(station, "wang") as supervisor:
        for path in ("/clip?clip=", "/clip.json?clip=", "/clip/watch?clip="):
            assert supervisor.ask("GET", path + quote(bad))[0] in (404, 414, 431), path
    assert views(station) == []


def test_a_frame_is_given_only_with_the_clip_that_it_was_seen_in(station, clip):
    """Attachments hold names, reasons and workbooks as well: a digest that somebody knows opens none of them."""
    secret = station.attachments.put("某某某，住某处".encode())
    other = clip_id(station, "100000.mp4")
    with browser(station, "wang") as supervisor:
        for of in (secret, hashlib.sha256(b"x").hexdigest(), "", "../" + secret):
            status, text, _ = supervisor.ask("GET", f"/clip/frame?clip={clip}&of={quote(of)}")
            assert (status, "某某某" in text) == (404, False)
        assert supervisor.ask("GET", f"/clip/frame?clip={other}&of={secret}")[0] == 404


def test_a_file_that_is_a_page_as_well_is_never_shown_as_one(station, dcam, dock):
    hostile = b"<html><script>alert(1)</script>"
    dock(dcam({"VIDEO/a.html": hostile, "VIDEO/b.svg": hostile + b"2", "VIDEO/120000.mp4": hostile + b"3"}, name="slot3"))
    with browser(station, "wang") as supervisor:
        for ending, kind in (
            (".html", "application/octet-stream"),
            (".svg", "application/octet-stream"),
            ("120000.mp4", "video/mp4"),
        ):
            _, _, told = supervisor.ask("GET", f"/clip/watch?clip={clip_id(station, ending)}")
            assert (told["content-type"], told["x-content-type-options"]) == (kind, "nosniff")
            assert "default-src 'none'" in told["content-security-policy"]


def test_a_link_that_somebody_put_into_the_vault_is_not_followed(station, clip):
    path = station.vault.path(station.records.clips_beginning(clip)[0].stored)
    path.parent.chmod(0o755)
    path.unlink()
    path.symlink_to("/etc/passwd")
    with browser(station, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", f"/clip/watch?clip={clip}")
    assert (status, "root:" in text) == (404, False)


def test_names_from_cards_are_escaped_on_the_pages(station, dcam, dock):
    dock(dcam({"VIDEO/<script>alert(1)<b>.mp4": b"named by an attacker"}, name="slot4"))
    clip = clip_id(station, "<b>.mp4")
    with browser(station, "wang") as supervisor:
        for path in ("/clips", f"/clip?clip={clip}"):
            page = supervisor.page(path)
            assert ("<script>alert" in page, "&lt;script&gt;" in page) == (False, True)


def test_paging_by_key_gives_every_clip_once(station, dcam, dock):
    dock(dcam({f"VIDEO/{9 + n // 3600:02d}{n // 60 % 60:02d}{n % 60:02d}.mp4": b"clip %d" % n for n in range(250)}, name="slot5"))
    found, after = [], ""
    with browser(station, "wang") as supervisor:
        for _ in range(5):
            told = json.loads(supervisor.page(f"/clips.json?after={quote(after)}"))
            found += [row["clip"] for row in told["rows"]]
            after = told["next"] or ""
            if not after:
                break
        assert "后 100 个" in supervisor.page("/clips")
    assert (len(found), len(set(found))) == (252, 252)


def test_the_page_tells_how_to_verify_the_seal_by_hand_and_the_command_works(station, clip, monkeypatch, capsys, tmp_path):
    import html
    import re
    import subprocess

    with browser(station, "wang") as supervisor:
        page = supervisor.page(f"/clip?clip={clip}")
    command = html.unescape(re.search(r"<code>(ssh-keygen[^<]*)</code>", page)[1])
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, "Good" in done.stdout) == (0, True), done.stderr
    assert Desk(station.root, monkeypatch, capsys)("clips", "show", clip).code == 0
    assert CASE in page


def test_a_place_finds_the_clips_of_the_stages_there(station, tmp_path, monkeypatch, capsys):
    table = tmp_path / "places.csv"
    head = "案号,执法类别,执法环节,执法单位,执法证号,开始时间,结束时间,地点"
    row = f"{CASE},行政处罚,现场检查,{EAST},FY1,2026-11-16 09:00,2026-11-16 09:20,湖滨路农贸市场"
    table.write_text(f"{head}\n{row}\n", "utf-8")
    assert Desk(station.root, monkeypatch, capsys)("cases", "import", table, "--apply").code == 0
    with browser(station, "wang") as supervisor:
        found = json.loads(supervisor.page(f"/clips.json?place={quote('农贸')}"))["rows"]
        assert [row["name"].endswith("090000.mp4") for row in found] == [True]
        assert json.loads(supervisor.page("/clips.json?place=%25"))["rows"] == []
