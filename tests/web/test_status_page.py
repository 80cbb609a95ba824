"""The status page: the same facts as its JSON twin, honest about a station that stopped scanning."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
import uvicorn

from avrecord import station
from avrecord.errors import BadInput
from avrecord.pipeline import witnessing
from avrecord.seal.note import COSIGNATURE, Checkpoint, NoteKey, cosignatures, open_note
from avrecord.web.app import build, overview
from conftest import NOW

CHROMIUM = shutil.which("chromium")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@contextmanager
def served(kit, seconds_since_scan: float):
    """The pages on a free port of this machine."""
    app = build(kit, lambda: {"slots": [], "seconds_since_scan": seconds_since_scan})
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def get(url: str, body: bytes | None = None) -> tuple[int, bytes, dict[str, str]]:
    try:
        with urllib.request.urlopen(url, body, timeout=5) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(), dict(error.headers)


def test_a_station_that_stopped_scanning_is_not_healthy(kit):
    with served(kit, 4000) as url:
        code, body, _ = get(f"{url}/healthz")
    assert (code, json.loads(body)["status"]) == (503, "stalled")


def test_the_page_and_its_json_twin_give_the_same_facts(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    with served(kit, 1) as url:
        _, body, _ = get(f"{url}/status.json")
        _, page, headers = get(f"{url}/")
    shown = json.loads(body)
    assert shown["totals"] == overview(kit, {"slots": [], "seconds_since_scan": 1})["totals"]
    assert shown["log"]["root"] in page.decode().replace("&#43;", "+").replace("&#x2F;", "/")
    assert "default-src 'none'" in headers["content-security-policy"]


def test_a_station_witnesses_another_over_http_and_the_answer_counts(kit, dcam, dock, tmp_path):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    station.create(tmp_path / "second", "station-02", "见证站")
    other = station.open_station(tmp_path / "second", clock=lambda: NOW)
    key = NoteKey(other.witness_name, other.witness_key.public, COSIGNATURE)
    with served(other, 1) as url:
        with pytest.raises(BadInput, match="不认识"):
            witnessing.ask(kit, f"{url}/witness", key, "service")
        witnessing.trust(other, kit.log_key.vkey)
        first = witnessing.ask(kit, f"{url}/witness", key, "service")
        # The station forgot what was witnessed: the witness says so (409) and is asked from there.
        shutil.rmtree(kit.log.folder / "witnessed")
        second = witnessing.ask(kit, f"{url}/witness", key, "service")
        assert second.size == first.size + 1
        # The read side: anybody can fetch what this witness cosigned last, with its cosignature.
        origin = hashlib.sha256(kit.log_key.name.encode()).hexdigest()
        code, body, _ = get(f"{url}/witness/{origin}/checkpoint")
        assert (code, list(cosignatures(body.decode(), [key]))) == (200, [key.name])
        assert Checkpoint.parse(open_note(body.decode(), [kit.log_key])).size == second.size
        assert [get(f"{url}/witness/{bad}/checkpoint")[0] for bad in ("0" * 64, "..%2f..%2fkeys", "A" * 64)] == [404] * 3
        code, _, _ = get(f"{url}/witness/add-checkpoint", b"x" * 70_000)
        assert code == 413
        code, body, headers = get(f"{url}/witness/add-checkpoint", witnessing.request(kit, 0).encode())
        assert (code, body, headers["content-type"]) == (409, b"%d\n" % second.size, "text/x.tlog.size")
    other.store.close()


def test_an_unknown_path_is_not_found_and_shows_no_traceback(kit):
    with served(kit, 1) as url:
        for path in ("/nothing", "/../station.toml", "/%2e%2e/keys/clip.key", "/docs", "/openapi.json"):
            code, body, _ = get(url + path)
            assert code == 404
            assert b"Traceback" not in body


@pytest.mark.skipif(CHROMIUM is None, reason="!!! chromium is not installed: the page was not opened in a browser !!!")
def test_the_page_opens_in_a_browser_at_an_office_screens_size(kit, dcam, dock, tmp_path):
    dock(dcam({"VIDEO/090000.mp4": b"x"}))
    picture = tmp_path / "page.png"
    with served(kit, 1) as url:
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path}", "--window-size=1366,768", f"--screenshot={picture}", url]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    assert picture.stat().st_size > 20_000
