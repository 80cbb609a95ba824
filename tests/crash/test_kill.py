"""`kill -9` at any moment of an intake: nothing lost, doubled, half or unsealed, and the log unbroken."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from avrecord.pipeline.verify import verify
from conftest import pattern

ROUNDS = 200 if os.environ.get("AVRECORD_FULL") else 9
FILES = 12
INTAKE = "import sys; from avrecord.__main__ import main; main()"


def intake(root: Path, card: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", INTAKE, "--root", str(root), "-q", "ingest", "--no-check", str(card)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def assert_whole(root: Path, contents: dict[str, bytes]) -> None:
    """Every clip once, right, sealed and stated; nothing else in the vault; no half file anywhere."""
    kit = station.open_station(root)
    station.heal(kit)
    result = verify(kit)
    assert result.totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": len(contents)}
    stored = {p.read_bytes() for p in (root / "vault").rglob("*") if p.is_file() and p.suffix != ".sig"}
    assert stored == set(contents.values())
    assert kit.records.projected() == kit.log.size
    kit.store.close()


@pytest.mark.timeout(3600)
def test_an_intake_killed_at_random_moments_loses_doubles_and_halves_nothing(root, dcam):
    rng = random.Random(20261121)
    for round_ in range(ROUNDS):
        contents = {f"VIDEO/{9 * 10000 + n:06d}.mp4": pattern(200_000 + n, round_ * 100 + n) for n in range(FILES)}
        card = dcam(contents, name=f"card{round_}")
        deadline = time.monotonic() + rng.uniform(0.35, 1.1)
        child = intake(root, card)
        while time.monotonic() < deadline and child.poll() is None:
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        child.wait()
        kit = station.open_station(root)
        station.heal(kit)
        found = verify(kit)
        assert set(found.totals) <= {"NO_EXTERNAL_REFERENCE", "OK_UNWITNESSED"}, found.findings
        volume = volume_at(card)
        assert volume is not None
        assert receive(volume, kit).complete
        kit.store.close()
    kit = station.open_station(root)
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": ROUNDS * FILES}
    assert not list((root / "incoming").glob("[!.]*"))


SYSCALLS = ("fsync", "renameat2", "rename", "unlink", "chmod", "ftruncate")


def durable_calls(root: Path, card: Path, tmp_path: Path) -> list[tuple[str, int]]:
    """The durable system calls of one intake, as (name, its how-manieth): strace counts by name, for each thread apart.

    So the k-th fails, or kills, in whichever thread gets to its k-th first; on a disk that fails, in all of them.
    """
    out = tmp_path / "calls.txt"
    command = ["strace", "-f", "-qq", "-e", f"trace={','.join(SYSCALLS)}", "-o", str(out), sys.executable, "-c", INTAKE]
    words = ["--root", str(root), "-q", "ingest", "--no-check", str(card)]
    subprocess.run([*command, *words], check=True, stdout=subprocess.DEVNULL)
    counted = Counter(re.findall(r"^(\d+) +(\w+)\(", out.read_text(), flags=re.MULTILINE))
    most = {name: max((count for (_, made), count in counted.items() if made == name), default=0) for name in SYSCALLS}
    return [(name, k) for name in SYSCALLS for k in range(1, most[name] + 1)]


@pytest.mark.timeout(3600)
def test_an_intake_killed_at_each_durable_system_call_heals(tmp_path, dcam):
    """SIGKILL at every durable call (in CI: an even sample of them), then the same card again."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no kill at durable system calls")
    contents = {"VIDEO/090000.mp4": pattern(70_000), "VIDEO/090100.mp4": b"", "LOG/a.log": b"BAT=50%\n"}
    card = dcam(contents)
    calls = durable_calls(fresh(tmp_path / "count"), card, tmp_path)
    assert len(calls) > 30
    for name, k in calls if os.environ.get("AVRECORD_FULL") else calls[:: len(calls) // 6]:
        root = fresh(tmp_path / f"{name}{k}")
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={k}"]
        command = ["strace", "-f", "-qq", "-o", "/dev/null", *inject, sys.executable, "-c", INTAKE]
        words = ["--root", str(root), "-q", "ingest", "--no-check", str(card)]
        died = subprocess.run([*command, *words], capture_output=True, check=False)
        assert died.returncode != 0, f"{name} number {k} was never made"
        assert intake(root, card).wait(60) == 0
        assert_whole(root, contents)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC"])
def test_a_disk_that_fails_at_each_durable_system_call_costs_a_retry_and_nothing_else(tmp_path, dcam, error):
    """The k-th durable call fails once; whatever the intake then does, the next one ends whole and doubles nothing."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed: no failing system calls")
    contents = {"VIDEO/090000.mp4": pattern(70_000), "VIDEO/090100.mp4": b"", "LOG/a.log": b"BAT=50%\n"}
    card = dcam(contents)
    calls = [call for call in durable_calls(fresh(tmp_path / "count"), card, tmp_path) if call[0] != "unlink"]
    for name, k in calls if os.environ.get("AVRECORD_FULL") else calls[3 :: len(calls) // 4]:
        root = fresh(tmp_path / f"{name}{k}")
        inject = ["-e", f"trace={name}", "-e", f"inject={name}:error={error}:when={k}"]
        command = ["strace", "-f", "-qq", "-o", "/dev/null", *inject, sys.executable, "-c", INTAKE]
        words = ["--root", str(root), "-q", "ingest", "--no-check", str(card)]
        failed = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        if failed.returncode and error == "ENOSPC":
            assert failed.returncode in (20, 21, 40), f"{name} {k}: {failed.returncode} {failed.stderr[-300:]}"
        assert intake(root, card).wait(60) == 0, f"{name} {k}"
        assert_whole(root, contents)


def fresh(root: Path) -> Path:
    station.create(root, "station-01", "测试采集站")
    settings = root / "station.toml"
    settings.write_text(settings.read_text("utf-8").replace("settle_seconds = 2.0", "settle_seconds = 0.0"), "utf-8")
    return root
