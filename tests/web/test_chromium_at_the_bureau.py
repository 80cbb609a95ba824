"""People at work at the bureau in a real browser: a station's case, decided about; and no page that shuts anybody out."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from cli.desk import CASE, clip_id
from web.test_chromium import FITS, SIZES, chromium, visit
from web.test_elsewhere import town
from web.test_status_page import CHROMIUM, served
from web.visiting import station

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="!!! chromium is not installed: nobody looked at the pages !!!"),
    pytest.mark.xdist_group("chromium"),
]
CASE_PAGE = f"/bureau/case?station=station-01&no={quote(CASE)}"
PAGES = {
    "wang": ("/bureau", "/bureau/missing", "/bureau/queue", CASE_PAGE, "/bureau/clips", "/bureau/clip", "/bureau-reviews"),
    "shen": ("/bureau-campaigns",),
}


@pytest.mark.parametrize("name", list(PAGES))
def test_no_page_of_the_bureau_keeps_anybody_out(town, station, chromium, name):
    kit, _ = town
    with served(kit, 1) as url:
        for size in SIZES:
            page = visit(chromium, url, name, size)
            for path in PAGES[name]:
                address = f"{path}?station=station-01&clip={clip_id(station, '090000.mp4')}" if path == "/bureau/clip" else path
                answer = page.goto(address)
                assert answer.status == 200, path
                assert page.evaluate(FITS), (path, size)
                found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
                assert not found, (path, size, [(each["id"], each["nodes"][0]["html"]) for each in found])
            page.context.close()


def test_the_bureaus_supervisor_finds_what_is_missing_and_decides_with_the_keyboard(town, chromium):
    kit, _ = town
    with served(kit, 1) as url:
        page = visit(chromium, url, "wang")
        page.get_by_role("link", name="市局", exact=True).click()
        page.get_by_role("link", name="各站缺什么").click()
        page.get_by_role("link", name=CASE).first.click()
        expect(page.get_by_role("heading", name=CASE)).to_be_visible()
        for key in "jjjr":
            page.keyboard.press(key)
        row = page.locator("tr.current")
        expect(row).to_have_attribute("data-item", "notice_given")
        row.locator("select").select_option("missing")
        row.get_by_label("理由").fill("录像全程未听到告知")
        row.get_by_label("理由").press("Enter")
        expect(page.get_by_text("等待采集站收下")).to_be_visible()
        assert page.said == []
