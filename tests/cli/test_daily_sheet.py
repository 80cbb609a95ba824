"""The daily sheet: what is printed, signed by hand and kept elsewhere decides a later verification."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import cv2
import pytest

from conftest import avrecord, pattern


@pytest.fixture
def sheet(root, dcam, tmp_path):
    assert avrecord("ingest", dcam({"VIDEO/090000.mp4": pattern(3000)}), "--no-check", root=root).returncode == 0
    made = avrecord("log", "sheet", "--out", tmp_path / "sheet.html", root=root)
    assert made.returncode == 0, made.stderr
    return tmp_path / "sheet.html"


def scan(picture) -> str:
    """As a phone does it: several distances, until one reads. OpenCV's detectors each miss a sound code now and then."""
    for scale in (1.0, 0.75, 1.5, 0.5, 2.0, 1.25):
        seen = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
        for detector in (cv2.QRCodeDetector(), cv2.QRCodeDetectorAruco()):
            if found := detector.detectAndDecode(seen)[0]:
                return found
    return ""


def totals(root, *words) -> dict[str, int]:
    return json.loads(avrecord("verify", "--all", "--json", *words, root=root).stdout)["totals"]


def test_the_qr_code_on_the_printed_page_is_the_signed_checkpoint(sheet, root, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("!!! chromium is not installed: the printed page is NOT tested !!!")
    picture = tmp_path / "page.png"
    command = [
        chromium, "--headless", "--no-sandbox", "--disable-gpu", "--force-device-scale-factor=2",
        "--window-size=900,1200", f"--screenshot={picture}", sheet.as_uri(),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    page = cv2.imread(str(picture))
    aimed = page[int(page.shape[0] * 0.25) : int(page.shape[0] * 0.55), : int(page.shape[1] * 0.42)]  # as a phone is held
    scanned = scan(aimed)
    assert scanned == avrecord("log", "checkpoint", root=root).stdout
    (tmp_path / "scanned.txt").write_text(scanned, "utf-8")
    assert totals(root, "--checkpoint", tmp_path / "scanned.txt") == {"OK": 1}


def test_what_a_person_types_from_the_page_decides_too_with_the_groups_as_printed(sheet, root, tmp_path):
    page = sheet.read_text("utf-8")
    groups = re.search(r'<div class="hash">(.*?)</div>', page, flags=re.DOTALL)[1].replace("<br>", " ").split()
    size = re.search(r"<th>条数</th><td>(\d+)</td>", page)[1]
    typed = tmp_path / "typed.txt"
    typed.write_text(f"avrecord.log/station-01 {size}\n{' '.join(groups)}\n", "utf-8")
    assert totals(root, "--checkpoint", typed) == {"OK": 1}
    wrong = groups[3][::-1] if groups[3] != groups[3][::-1] else "0000"
    typed.write_text(f"avrecord.log/station-01 {size} {' '.join([*groups[:3], wrong, *groups[4:]])}\n", "utf-8")
    assert totals(root, "--checkpoint", typed)["LOG_FORK"] == 1


def test_the_page_fetches_nothing_and_escapes_what_people_named(root, tmp_path):
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("测试采集站", "<script>x</script>"), "utf-8")
    assert avrecord("log", "sheet", "--out", tmp_path / "s.html", root=root).returncode == 0
    page = (tmp_path / "s.html").read_text("utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not re.search(r'(?:src|href)="|url\(|@import', page.replace('xmlns="http://www.w3.org/2000/svg"', ""))


def test_a_page_that_cannot_be_written_is_said(root, tmp_path):
    said = avrecord("log", "sheet", "--out", tmp_path / "nowhere" / "s.html", root=root)
    assert (said.returncode, "未能写入" in said.stderr) == (32, True)
