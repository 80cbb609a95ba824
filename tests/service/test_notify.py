"""What systemd hears: ready after the first scan, alive only by progress, stopping when told to, one line of status."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from avrecord.service.notify import longest_wait, notify, status
from conftest import pattern
from service.running import until


class Systemd:
    """The receiving end of a NOTIFY_SOCKET: every message with the moment it came."""

    def __init__(self, path) -> None:
        self.path, self.heard = str(path), []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                text = self._socket.recv(4096).decode()
            except OSError:
                return
            self.heard.append((time.monotonic(), dict(line.split("=", 1) for line in text.splitlines())))

    def moments(self, key: str) -> list[float]:
        return [at for at, said in self.heard if key in said]

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path, monkeypatch):
    made = Systemd(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", made.path)
    yield made
    made.close()


@pytest.fixture
def log_is_held(root):
    """Hold the log's lock, as a disk that hangs or a process that was stopped would: no card can be taken."""

    def hold():
        fd = os.open(root / "log" / ".lock", os.O_RDWR | os.O_CREAT)
        fcntl.flock(fd, fcntl.LOCK_EX)
        return fd

    return hold


def test_ready_comes_after_the_first_scan_and_stopping_at_sigterm(root, port, start, systemd, dcam):
    shutil.copytree(dcam({"VIDEO/090000.mp4": b"x"}), root / "dock" / "slot1")
    child = start()
    until(lambda: systemd.moments("READY"))
    ready = next(said for _, said in systemd.heard if "READY" in said)
    assert ready["STATUS"].endswith("：slot1")
    until(lambda: [said for _, said in systemd.heard if said.get("STATUS") == "可以取下：slot1"])
    child.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert child.wait(10) == 0
    assert time.monotonic() - began < 10
    assert until(lambda: systemd.moments("STOPPING"))
    assert systemd.heard[-1][1]["STATUS"] == "正在停止"
    assert len(systemd.moments("READY")) == 1


def test_a_scan_that_is_stuck_is_not_alive_and_one_that_goes_on_is(root, port, start, systemd, dcam, log_is_held):
    start()
    until(lambda: len(systemd.moments("WATCHDOG")) > 1)
    held = log_is_held()
    shutil.copytree(dcam({"VIDEO/090000.mp4": b"x"}), root / "dock" / "slot1")
    time.sleep(3)  # whatever was on its way has arrived
    stuck = time.monotonic()
    time.sleep(6)
    assert [at for at in systemd.moments("WATCHDOG") if at > stuck] == []
    os.close(held)
    until(lambda: [at for at in systemd.moments("WATCHDOG") if at > stuck])


def test_a_card_that_takes_minutes_keeps_nobody_waiting_for_ready_and_its_progress_is_told(root, port, start, systemd, dcam):
    card = dcam({f"VIDEO/09{n:02d}00.mp4": pattern(8_000_000, n) for n in range(25)})
    shutil.copytree(card, root / "dock" / "slot1")
    start()
    ready = until(lambda: systemd.moments("READY"), 30)[0]
    done = until(lambda: [at for at, said in systemd.heard if said.get("STATUS") == "可以取下：slot1"], 100)[0]
    assert ready < done
    between = {said.get("STATUS") for at, said in systemd.heard if ready < at < done}
    assert "正在采集，请勿拔出：slot1" in between
    assert [at for at in systemd.moments("WATCHDOG") if ready < at < done], "the service is alive while it copies"


def test_a_name_from_a_card_cannot_speak_to_systemd(systemd):
    slots = [{"slot": "a\nMAINPID=1\nSTOPPING=1", "title": "可以取下"}, {"slot": "b" * 5000, "title": "读卡故障"}]
    notify(status(slots))
    until(lambda: systemd.heard)
    assert set(systemd.heard[0][1]) == {"STATUS"}
    assert len(systemd.heard[0][1]["STATUS"]) <= 300


def test_a_long_rescan_interval_does_not_starve_the_watchdog(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "300000000")
    assert longest_wait(3600) == 100
    assert longest_wait(5) == 5
    monkeypatch.delenv("WATCHDOG_USEC")
    assert longest_wait(3600) == 3600


def test_every_line_of_the_log_is_json_whatever_happens(root, port, tmp_path, dcam):
    """Also for a port that is taken, which uvicorn tells in its own words, and for a card that fails."""
    broken = dcam({"VIDEO/090000.mp4": b"x", "LOG/a.log": b"BAT=50%\n"})
    shutil.copytree(broken, root / "dock" / "line\nbreak")
    said, out = tmp_path / "stderr", tmp_path / "stdout"
    with socket.create_server(("127.0.0.1", port)), said.open("wb") as err, out.open("wb") as results:
        child = subprocess.Popen([sys.executable, "-m", "avrecord", "--root", root, "run"], stderr=err, stdout=results)
        until(lambda: '"examined"' in said.read_text("utf-8"))
        child.send_signal(signal.SIGTERM)
        assert child.wait(15) == 0
    lines = [json.loads(line) for line in said.read_text("utf-8").splitlines()]
    assert out.read_bytes() == b""
    events = {line["event"] for line in lines}
    assert {"started", "card", "examined", "pages_failed", "stopped"} <= events
    assert all({"level", "timestamp"} <= set(line) for line in lines)
