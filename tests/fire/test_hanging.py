"""What hangs holds nobody but itself: a card whose driver stopped answering, and a disk that is slow to read back.

The first must not keep the next card from being taken. The second must not keep the service from ending within the ten
seconds that systemd gives it; what was not read back by then is on its card still and comes with the next start.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import pattern
from fire.cards import EXFAT, Bay, why_not
from fire.drill import tell
from fire.running import Running, until
from fire.standing import account, bad, clean

TERM_S = 10.0
# Each direct read takes twelve seconds: no read-back ends before the service must.
SLOW_DISK = [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=preadv,preadv2",
    "-e",
    "inject=preadv,preadv2:delay_enter=12s",
]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("fire-hanging")]


@pytest.fixture
def bay(tmp_path: Path) -> Iterator[Bay]:
    with Bay(tmp_path / "images") as made:
        yield made


def footage(first: int) -> dict[str | bytes, bytes]:
    return {f"VIDEO/{10 + n}{first:02d}00.nmea": pattern(2_500_000 + n, first + n) for n in range(3)}


@pytest.mark.skipif(why_not(EXFAT) is not None, reason=f"!!! no card whose driver can hang: {why_not(EXFAT)} !!!")
def test_a_card_whose_driver_hangs_does_not_keep_the_next_one_from_being_taken(root, dcam, bay, tell):
    stuck = bay.card(footage(0), root / "dock" / "stuck", EXFAT)
    with Running(root) as service:
        until(service.status)
        stuck.dock()
        stuck.signal_driver(signal.SIGSTOP)
        try:
            time.sleep(1)
            shutil.copytree(dcam({str(path): content for path, content in footage(10).items()}), root / "arriving")
            shutil.move(root / "arriving", root / "dock" / "sound")
            service.until_slot("sound", "done", seconds=60)
            scanned = service.status()["seconds_since_scan"]
            assert scanned < 20, f"the scan itself hangs: {scanned} s"
            waiting = service.slot("stuck")
            assert waiting is None or waiting["state"] != "done"
        finally:
            stuck.signal_driver(signal.SIGCONT)
        service.until_slot("stuck", "done", seconds=90)
        assert service.stop() == 0
    stuck.undock()
    counted = account(root, [*footage(0).values(), *footage(10).values()])
    tell(f"one driver stopped, the card beside it taken meanwhile, both in the end: {counted}")
    assert clean(counted), bad(root)


@pytest.mark.skipif(shutil.which("strace") is None, reason="!!! strace is not installed: no slow disk !!!")
def test_sigterm_ends_the_service_in_time_while_a_slow_disk_is_read_back(root, dcam, tell):
    contents = {str(path): content for path, content in footage(0).items()}
    shutil.copytree(dcam(contents), root / "arriving")
    with Running(root, SLOW_DISK) as service:
        until(service.status)
        shutil.move(root / "arriving", root / "dock" / "bay")
        until(lambda: list((root / "incoming").glob("*.part")))
        time.sleep(1)
        took = stop_below(service, TERM_S)
    with Running(root) as service:
        service.until_slot("bay", "done")
        assert service.stop() == 0
    counted = account(root, contents.values())
    tell(f"SIGTERM during a read-back of 12 s a request: ended after {took:.1f} s, then {counted}")
    assert clean(counted), bad(root)


def stop_below(service: Running, seconds: float) -> float:
    """SIGTERM for the service itself, since strace passes none on; how long it took to end.

    The process is watched, not strace, which sits out its own delays.
    """
    assert service.child is not None
    [child] = Path(f"/proc/{service.child.pid}/task/{service.child.pid}/children").read_text().split()
    begun = time.monotonic()
    os.kill(int(child), signal.SIGTERM)
    until(lambda: has_ended(child), seconds)
    return time.monotonic() - begun


def has_ended(pid: str) -> bool:
    """Gone, or a zombie that its tracer has not collected yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True
