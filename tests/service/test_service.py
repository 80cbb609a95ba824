"""`avrecord run`: unattended, one at a time, ends in time, loses nothing however it ends."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from avrecord import station
from avrecord.pipeline.verify import verify
from conftest import avrecord, pattern
from service.running import get, status, until

ROUNDS = 40 if os.environ.get("AVRECORD_FULL") else 4


def test_a_card_that_appears_while_the_service_runs_is_taken_examined_and_may_be_removed(root, port, start, dcam):
    start()
    until(lambda: get(port, "/healthz"))
    card = dcam({"VIDEO/090000.mp4": b"no video at all", "LOG/a.log": b"BAT=50%\n"})
    shutil.copytree(card, root / "dock" / "slot1")
    slots = until(lambda: [slot for slot in status(port)["slots"] if slot["state"] == "done"])
    assert slots[0]["title"] == "可以取下"
    totals = until(lambda: (found := status(port)["totals"])["pending"] == 0 and found)
    assert totals["clips"] == 2
    page = get(port, "/").decode()
    assert "可以取下" in page
    assert "Z3A0017" in page
    assert json.loads(get(port, "/healthz"))["status"] == "ok"


def test_the_page_listens_on_this_machine_only_and_loads_nothing_from_outside(port, start):
    start()
    page = until(lambda: get(port, "/")).decode()
    assert "<script>" not in page, "no script but the one file of our own"
    assert not re.search(r"(src|href)=.(https?:)?//", page)
    listening = subprocess.run(["cat", "/proc/net/tcp"], capture_output=True, text=True, check=True).stdout
    assert f"0100007F:{port:04X}" in listening
    assert f"00000000:{port:04X}" not in listening


def test_names_from_a_card_are_escaped_on_the_page(root, port, start):
    card = root / "dock" / "<script>alert(1)"
    card.mkdir()
    (card / "x.mp4").write_bytes(b"x")
    start()
    until(lambda: status(port)["totals"]["clips"] == 1)
    page = until(lambda: get(port, "/")).decode()
    assert "<script>" not in page


def test_a_second_service_on_the_same_station_is_refused_in_chinese(root, port, start):
    first = start()
    until(lambda: get(port, "/healthz"))
    second = avrecord("run", root=root)
    assert second.returncode == 22
    assert "已有一个 avrecord run 在运行" in second.stderr
    assert str(first.pid) in second.stderr
    assert "Traceback" not in second.stderr


def test_sigterm_ends_it_within_ten_seconds_even_while_it_copies(root, port, start, dcam):
    card = dcam({f"VIDEO/09{n:02d}00.mp4": pattern(3_000_000, n) for n in range(30)})
    shutil.copytree(card, root / "dock" / "slot1")
    child = start()
    until(lambda: list((root / "incoming").glob("*.part")))
    child.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert child.wait(10) == 0
    assert time.monotonic() - started < 10


@pytest.mark.slow
def test_sigterm_does_not_wait_for_a_long_examination(root, port, start, dcam, footage):
    video = (footage / "video" / "distractors_h264_g60.mp4").read_bytes()
    card = dcam({f"VIDEO/09{n:02d}00.mp4": video + bytes([n]) for n in range(8)})
    shutil.copytree(card, root / "dock" / "slot1")
    child = start()
    until(lambda: status(port)["totals"]["clips"] == 8)
    time.sleep(1)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    kit = station.open_station(root)
    assert kit.store.row("totals")["failed"] == 0
    assert kit.store.row("totals")["pending"] > 0
    kit.store.close()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_service_killed_again_and_again_ends_with_every_file_once(root, port, start, dcam):
    rng = random.Random(7)
    contents = {}
    for round_ in range(ROUNDS):
        fresh = {f"VIDEO/{10 + round_:02d}{n:02d}00.mp4": pattern(150_000, round_ * 50 + n) for n in range(10)}
        contents |= fresh
        shutil.copytree(dcam(fresh, name=f"card{round_}"), root / "dock" / f"slot{round_}")
        child = start()
        time.sleep(rng.uniform(0.8, 2.2))
        child.send_signal(signal.SIGKILL)
        child.wait()
    start()
    until(lambda: status(port)["totals"]["clips"] == len(contents), 120)
    kit = station.open_station(root)
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": len(contents)}
    kit.store.close()


def test_a_card_that_cannot_be_read_does_not_keep_the_next_one_waiting(root, port, start, dcam):
    broken = root / "dock" / "a-broken"
    broken.mkdir()
    (broken / "x.mp4").write_bytes(b"x")
    good = dcam({"VIDEO/090000.mp4": b"x" * 1000})
    shutil.copytree(good, root / "dock" / "b-good")
    profile = root / "devices" / "dcam.toml"
    assert profile.exists()
    start()
    until(lambda: status(port)["totals"]["clips"] == 2)


def test_a_changed_setting_is_stated_and_a_wrong_one_is_refused(root):
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("buffer_seconds = 300", "buffer_seconds = -1"), "utf-8")
    refused = avrecord("run", root=root)
    assert refused.returncode == 30
    assert "link.buffer_seconds" in refused.stderr
