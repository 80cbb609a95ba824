"""The watcher loses events, or never starts: the rescan finds every card all the same.

Overflow: the service is stopped while more names appear in the dock than the kernel's queue holds. No watch: inotify
refuses. Vanished or remounted dock: the watch is dead and says nothing. Control: with the rescan switched off the last
two lose their card, so it was the rescan that found it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import pattern
from fire.cards import quietly
from fire.drill import tell
from fire.running import Running, change, until
from fire.standing import account, bad, clean

QUEUE = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("fire-events")]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="!!! mounting over a dock needs root !!!")


def footage() -> dict[str, bytes]:
    return {f"VIDEO/{10 + n}0000.nmea": pattern(20_000 + n, n) for n in range(3)}


def arrive(dcam: Callable[..., Path], root: Path, name: str = "bay") -> None:
    """A card appears in the dock at once, as a mount does."""
    shutil.copytree(dcam(footage()), root / "arriving")
    shutil.move(root / "arriving", root / "dock" / name)


def test_a_card_among_more_events_than_the_kernel_keeps_is_taken(root, dcam, tell):
    with Running(root) as service:
        until(service.status)
        assert service.child is not None
        service.child.send_signal(signal.SIGSTOP)
        try:
            for n in range(QUEUE // 2 + 1000):  # created and removed: two events each
                path = root / "dock" / f"noise{n}"
                path.touch()
                path.unlink()
            arrive(dcam, root)
        finally:
            service.child.send_signal(signal.SIGCONT)
        service.until_slot("bay", "done")
        assert service.stop() == 0
    counted = account(root, footage().values())
    tell(f"{2 * (QUEUE // 2 + 1000)} events into a queue of {QUEUE} while the service stood still: {counted}")
    assert clean(counted), bad(root)


@pytest.mark.parametrize("limit", ["max_inotify_instances", "max_inotify_watches"])
def test_a_station_without_any_watch_takes_its_cards(root, dcam, tell, limit):
    """In a user namespace of its own, where the limit is nought and nobody else is concerned."""
    wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", f'echo 0 > /proc/sys/user/{limit} && exec "$@"', "sh"]
    if not quietly(*wrapper, "true"):
        pytest.skip("!!! no user namespaces here: the watch limit was not tried !!!")
    with Running(root, wrapper) as service:
        until(service.status)
        arrive(dcam, root)
        service.until_slot("bay", "done")
        assert "no_watch" in service.told()
        assert service.stop() == 0
    counted = account(root, footage().values())
    tell(f"user/{limit} = 0: {counted}")
    assert clean(counted), bad(root)


@contextmanager
def mounted_over(dock: Path) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16M", "tmpfs", dock], check=True)
    try:
        yield
    finally:
        quietly("umount", dock) or quietly("umount", "-l", dock)


@contextmanager
def made_anew(dock: Path) -> Iterator[None]:
    shutil.rmtree(dock)
    time.sleep(1)
    dock.mkdir()
    yield


@needs_root
@pytest.mark.parametrize("change_of_dock", [mounted_over, made_anew])
def test_a_dock_that_is_mounted_over_or_made_anew_gives_its_cards(root, dcam, tell, change_of_dock):
    with Running(root) as service:
        until(service.status)
        with change_of_dock(root / "dock"):
            time.sleep(1)  # what the change itself announces is over
            arrive(dcam, root)
            service.until_slot("bay", "done", seconds=30)
            assert service.stop() == 0
    counted = account(root, footage().values())
    tell(f"dock {change_of_dock.__name__}: {counted}")
    assert clean(counted), bad(root)


@needs_root
def test_without_the_rescan_a_dock_that_was_made_anew_loses_its_card(root, dcam, tell):
    """The control. In a mount namespace of its own: the mounts of other drills would wake the service."""
    change(root, rescan_seconds="600")
    with Running(root, ["unshare", "--mount"]) as service:
        until(service.status)
        with made_anew(root / "dock"):
            time.sleep(1)
            arrive(dcam, root)
            time.sleep(5)
            unseen = service.slot("bay") is None
    tell(f"control, no rescan: the card in a dock made anew is unseen: {unseen}")
    assert unseen, "without the rescan somebody else found the card"
