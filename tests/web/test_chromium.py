"""People at work in a real browser: what they do, what they see, and that nobody is kept out by how a page is made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright
from starlette.responses import FileResponse

from cli.desk import CASE, EAST, Desk, clip_id
from media.rendering import AAC, CODECS, NONE, ffmpeg, pictures, tone
from web.test_status_page import CHROMIUM, served
from web.visiting import PASSWORD, let_in, station

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="!!! chromium is not installed: nobody looked at the pages !!!"),
    pytest.mark.xdist_group("chromium"),
]
SIZES = ((1366, 768), (390, 844))
CASE_PAGE = f"/case?no={quote(CASE)}"
PAGES = {
    "wang": (
        "/home", "/cases?month=2026-11", CASE_PAGE, "/queue", "/missing", "/agreement", "/clips", "/clip", "/rectification",
        "/statistics?month=2026-11", "/ledger?month=2026-11", "/archives", "/imports", "/",
    ),
    "li": (
        "/home", "/devices", "/device?recorder=Z3A0017", "/availability", "/availability?month=2026-11", "/sufficiency",
        "/plan-repair", "/plan-retire", "/plan-renew", "/imports",
    ),
    "shen": ("/verify", "/losses", "/ledger?month=2026-11", "/archives"),
    "guan": ("/system",),
}  # fmt: skip
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
PLAYER = "document.getElementById('player')"


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def visit(browser, url: str, name: str, size: tuple[int, int] = SIZES[0]) -> Page:
    """A page of somebody who logged in by typing, as people do; whatever the console says fails the test."""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, base_url=url, accept_downloads=True).new_page()
    page.said = []
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("console", lambda line: page.said.append(line.text) if line.type == "error" else None)
    page.goto("/home")
    page.get_by_label("用户名").fill(name)
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/home")
    return page


def until(page: Page, holds: str) -> None:
    """Wait. Not by the page's own timer: its policy forbids evaluated scripts, as it should."""
    for _ in range(200):
        if page.evaluate(holds):
            return
        time.sleep(0.05)
    raise AssertionError(holds)


def test_the_supervisor_finds_the_missing_notice_and_decides_about_it_with_the_keyboard(station, chromium):
    with served(station, 1) as url:
        page = visit(chromium, url, "wang")
        page.get_by_role("link", name="案件缺录像").click()
        expect(page.get_by_role("heading", name="案件缺什么")).to_be_visible()
        page.get_by_role("link", name=CASE).first.click()
        expect(page.get_by_role("heading", name=CASE)).to_be_visible()
        for key in "jjjr":  # the third item: the notice of the second stage
            page.keyboard.press(key)
        row = page.locator("tr.current")
        expect(row).to_have_attribute("data-item", "notice_given")
        expect(row.locator("select")).to_be_focused()
        row.locator("select").select_option("missing")
        row.get_by_label("理由").fill("录像全程未听到告知")
        row.get_by_label("理由").press("Enter")
        expect(page.get_by_text("人工认定缺失（FY9")).to_be_visible()
        assert page.said == []


def test_without_scripts_the_same_decision_is_made(station, chromium):
    with served(station, 1) as url:
        context = chromium.new_context(base_url=url, java_script_enabled=False)
        page = context.new_page()
        page.goto("/login")
        page.fill("[name=name]", "wang")
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.wait_for_url("**/home")
        page.goto(CASE_PAGE)
        row = page.locator("tr[data-item=id_shown]").first
        row.locator("summary").click()
        row.locator("[name=why]").fill("看过")
        row.locator("button").click()
        expect(page.get_by_text("人工确认已见（FY9")).to_be_visible()


def test_a_click_plays_the_clip_from_that_second(kit, dcam, dock, tmp_path, monkeypatch, capsys, chromium):
    real = tmp_path / "real.mp4"
    ffmpeg(*pictures(seconds=6), *tone(6), *CODECS["h264"], *AAC, real)
    dock(dcam({"VIDEO/090000.mp4": real.read_bytes()}))
    let_in(kit.root)
    clip = clip_id(kit, "090000.mp4")
    with served(kit, 1) as url:
        page = visit(chromium, url, "wang")
        page.goto(f"/clip?clip={clip}&t=3")
        until(page, f"{PLAYER}.readyState >= 2 && !{PLAYER}.seeking")
        assert page.evaluate(f"{PLAYER}.currentTime") == pytest.approx(3, abs=0.1)
        page.evaluate(f"{PLAYER}.play()")
        until(page, f"{PLAYER}.currentTime > 3.6")
        assert page.evaluate(f"{PLAYER}.duration") == pytest.approx(6, abs=0.2)
        assert page.said == []
        page.reload()
        expect(page.locator("tr", has_text="查看")).to_have_count(1)


def test_two_hours_of_six_gigabytes_play_from_their_middle_for_a_few_megabytes(kit, dcam, dock, tmp_path, chromium, monkeypatch):
    """The index of a recorder's file stands at its end: the browser asks for that, then for the second that was clicked."""
    small, hours, bytes_ = tmp_path / "two-hours.mp4", 7200, 6 << 30
    ffmpeg("-f", "lavfi", "-i", f"color=c=gray:s=320x180:r=1:d={hours}", *CODECS["h264"], "-g", "1", *NONE, small)
    dock(dcam({"VIDEO/090000.mp4": small.read_bytes()}))
    let_in(kit.root)
    [clip] = kit.records.clips()
    path = kit.vault.path(clip.stored)
    path.chmod(0o644)
    spread(path, bytes_)
    sent = counted(monkeypatch)
    with served(kit, 1) as url:
        page = visit(chromium, url, "wang")
        begun = time.monotonic()
        page.goto(f"/clip?clip={clip.id.hex}&t=3600")
        until(page, f"{PLAYER}.readyState >= 2 && !{PLAYER}.seeking && {PLAYER}.currentTime > 3599")
        took = time.monotonic() - begun
        page.evaluate(f"{PLAYER}.play()")
        until(page, f"{PLAYER}.currentTime > 3600.5")
        assert page.evaluate(f"{PLAYER}.duration") == pytest.approx(hours, abs=1)
        assert page.said == []
    size = path.stat().st_size / 2**30
    print(f"\n{size:.1f} GiB, two hours: plays from 1:00:00 after {took:.2f} s and {sum(sent) / 2**20:.1f} MiB")
    assert sum(sent) < 64 << 20


def spread(path: Path, size: int) -> None:
    """Put a hole between the pictures of an MP4 and its index at the end, as gigabytes more of pictures would."""
    content = path.read_bytes()
    index = content.rindex(b"moov") - 4
    with path.open("r+b") as file:
        file.seek(index)
        file.write(b"\0\0\0\1free" + size.to_bytes(8))
        file.seek(index + size)
        file.write(content[index:])


def counted(monkeypatch) -> list[int]:
    """The bytes of every body that the pages send from now on."""
    sent: list[int] = []

    async def counting(answer, scope, receive, send):
        async def told(message):
            sent.append(len(message.get("body", b"")))
            await send(message)

        await real(answer, scope, receive, told)

    real = FileResponse.__call__
    monkeypatch.setattr(FileResponse, "__call__", counting)
    return sent


def test_a_clip_that_no_browser_plays_gets_a_copy_that_is_marked_as_one(kit, dcam, dock, tmp_path, chromium):
    real = tmp_path / "real.avi"
    ffmpeg(*pictures(seconds=4), *CODECS["mjpeg"], *NONE, real)
    dock(dcam({"VIDEO/090000.avi": real.read_bytes()}))
    let_in(kit.root)
    with served(kit, 1) as url:
        page = visit(chromium, url, "wang")
        page.goto(f"/clip?clip={clip_id(kit, '090000.avi')}")
        expect(page.get_by_text("浏览器不能播放 .avi 文件")).to_be_visible()
        page.get_by_role("button", name="制作可播放的副本").click()
        expect(page.get_by_text("不是证据")).to_be_visible(timeout=60_000)  # the page comes again by itself
        until(page, f"{PLAYER} && {PLAYER}.readyState >= 2")
        page.evaluate(f"{PLAYER}.play()")
        until(page, f"{PLAYER}.currentTime > 0.5")
        assert page.said == []
    assert [row["by_whom"] for row in kit.store.rows("recent_statements", limit=9) if row["kind"] == "clip.viewed"] == ["FY9"]


def test_the_auditor_verifies_sees_the_altered_clip_and_takes_the_bundle_away(station, tmp_path, monkeypatch, capsys, chromium):
    with served(station, 1) as url:
        page = visit(chromium, url, "shen")
        page.goto("/verify")
        page.get_by_label("案号").fill(CASE)
        page.get_by_role("button", name="制作案件资料包").click()
        page.get_by_label("用途").fill("行政复议", timeout=60_000)  # the page comes again by itself until it is there
        with page.expect_download() as taken:
            page.get_by_role("button", name="下载案件资料包").click()
        saved = tmp_path / "bundle.zip"
        taken.value.save_as(saved)
        found = next(each for each in station.records.clips() if each.name.endswith("090000.mp4"))
        path = station.vault.path(found.stored)
        path.chmod(0o644)
        path.write_bytes(b"?" + path.read_bytes()[1:])
        page.goto("/verify")
        page.get_by_role("button", name="核验全部片段和日志").click()
        expect(page.get_by_text("有异常")).to_be_visible(timeout=60_000)
        page.get_by_role("link", name=found.stored).click()
        expect(page.get_by_role("heading", name=found.name)).to_be_visible()
    with zipfile.ZipFile(saved) as packed:
        packed.extractall(tmp_path / "away")
    policy = tmp_path / "policy"
    policy.write_text(f"log {station.log_key.vkey}\nquorum none\n", "utf-8")
    words = ("verify", tmp_path / "away" / "bundle", "--signers", station.root / "keys" / "allowed_signers", "--policy", policy)
    said = Desk(station.root, monkeypatch, capsys)(*words)
    assert said.code in (0, 15), said.out


def test_the_custodian_prints_the_repair_plan_and_saves_it(station, tmp_path, chromium):
    with served(station, 1) as url:
        page = visit(chromium, url, "li")
        page.get_by_role("link", name="检修", exact=False).first.click()
        expect(page.get_by_role("heading", name="检修计划")).to_be_visible()
        paper = tmp_path / "plan.pdf"
        page.pdf(path=paper, format="A4", landscape=True)
        page.emulate_media(media="print")
        expect(page.locator("header")).to_be_hidden()
        page.emulate_media(media="screen")
        with page.expect_download() as saved:
            page.get_by_role("link", name="另存 Excel").click()
        saved.value.save_as(tmp_path / "plan.xlsx")
    assert paper.read_bytes().startswith(b"%PDF")
    assert zipfile.is_zipfile(tmp_path / "plan.xlsx")


def test_the_operator_docks_a_card_and_watches_it_go_green(root, dcam, chromium):
    """The real service: the page is open before the card comes."""
    card = dcam({"VIDEO/090000.mp4": b"footage" * 1000}, name="slot1")
    text = (root / "station.toml").read_text("utf-8").replace('roots = ["dock"]', f'roots = ["{root / "bay"}"]')
    (root / "bay").mkdir()
    port = 18_000 + time.time_ns() // 1000 % 20_000
    (root / "station.toml").write_text(text.replace("port = 0", f"port = {port}"), "utf-8")
    let_in(root)
    service = subprocess.Popen(
        [sys.executable, "-m", "avrecord", "--root", root, "run"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        page = chromium.new_context(base_url=f"http://127.0.0.1:{port}").new_page()
        for _ in range(100):
            try:
                page.goto("/")
                break
            except Exception:  # noqa: BLE001 - it is starting
                time.sleep(0.2)
        expect(page.get_by_text("没有停靠的存储卡")).to_be_visible()
        shutil.copytree(card, root / "bay" / "slot1")
        done = page.locator(".slots .done strong")
        expect(done).to_have_text("可以取下", timeout=30_000)
        size, colour = done.evaluate("each => [parseFloat(getComputedStyle(each).fontSize), getComputedStyle(each).color]")
        assert (size >= 40, colour) == (True, "rgb(26, 107, 60)")
    finally:
        service.terminate()
        service.wait(20)


@pytest.mark.parametrize("name", list(PAGES))
def test_no_page_keeps_anybody_out_and_nothing_stands_outside_the_window(station, chromium, name):
    """axe-core: no serious or critical finding; both sizes; nothing on the console."""
    with served(station, 1) as url:
        for size in SIZES:
            page = visit(chromium, url, name, size)
            for path in PAGES[name]:
                address = f"{path}?clip={clip_id(station, '090000.mp4')}" if path == "/clip" else path
                answer = page.goto(address)
                assert answer.status == 200, path
                assert page.evaluate(FITS), (path, size)
                found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
                assert not found, (path, size, [(each["id"], each["nodes"][0]["html"]) for each in found])
            assert page.said == [], page.said
            page.context.close()


def test_a_unit_supervisor_has_only_his_unit_in_every_list(station, chromium):
    with served(station, 1) as url:
        page = visit(chromium, url, "zhang")
        for path in ("/missing.json", "/queue.json"):
            rows = json.loads(page.goto(path).text())["rows"]
            assert {row["unit"] for row in rows} <= {EAST}, path
        assert page.goto("/missing?unit=西城大队").status == 403


def test_a_wrong_password_says_so_and_nothing_else(station, chromium):
    with served(station, 1) as url:
        page = chromium.new_context(base_url=url).new_page()
        page.goto("/login")
        page.get_by_label("用户名").fill("wang")
        page.get_by_label("口令").fill("不对的口令不对的口令")
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("alert")).to_contain_text("用户名或口令不对")
