"""`kill -9` of the service at random moments while it takes cards that are really mounted.

After each kill the card is pulled as well in every second round: what the service had begun must then be stated and
sealed by the restart alone. The control takes the intents away: the same kills must then leave clips that nobody states.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from avrecord import station
from conftest import pattern
from fire.cards import Bay
from fire.drill import FULL, bay, filesystem, tell
from fire.running import Running, until
from fire.standing import account, bad, clean, findings

ROUNDS = 200 if FULL else 4
FILES = 12
INTAKE = "import sys; from avrecord.__main__ import main; main()"
NO_INTENTS = 'from avrecord.pipeline import intents; intents.keep = lambda *_: __import__("pathlib").Path("no-intent"); ' + INTAKE
pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600), pytest.mark.xdist_group("fire-kill")]


def footage(round_: int) -> dict[str | bytes, bytes]:
    """A recorder's folder: no clip is like another. Two videos for the examiner, the rest is what it has nothing to do with."""
    start = f"DCAM_Z3A0017_041007_202611{10 + round_ % 15}"
    names = [f"VIDEO/{start}_{10 + n:02d}{round_ // 15:02d}00.{'mp4' if n < 2 else 'nmea'}" for n in range(FILES)]
    return {name: pattern(300_000 + n, round_ * 100 + n) for n, name in enumerate(names)}


def placed(root: Path) -> int:
    """Clips that have their final name."""
    return sum(path.is_file() and path.suffix != ".sig" for path in (root / "vault").rglob("*"))


def test_a_service_killed_while_it_takes_mounted_cards_loses_doubles_and_halves_nothing(root, bay: Bay, filesystem, tell):
    rng, contents, hits = random.Random(20261126), set[bytes](), Counter[str]()
    with Running(root) as service:
        until(service.status)
        for round_ in range(ROUNDS):
            files, slot = footage(round_), f"bay{round_}"
            card, before = bay.card(files, root / "dock" / slot, filesystem), placed(root)
            contents |= set(files.values())
            card.dock()
            # Half of the kills by the clock, half when some of the clips have their names: those hit the intake for certain.
            wanted, deadline = rng.randrange(FILES), time.monotonic() + rng.uniform(0.0, 1.0)
            by_clock = round_ % 2 == 0
            while (time.monotonic() < deadline) if by_clock else (placed(root) - before <= wanted):
                time.sleep(0.001)
            service.kill()
            taken = placed(root) - before
            hits["before" if taken == 0 else "in" if taken < FILES else "after"] += 1
            if round_ % 3 == 0:
                card.undock()
                kit = station.open_station(root)
                station.heal(kit)
                kit.store.close()
                assert not findings(root), bad(root)
                card.dock()
            service.start()
            service.until_slot(slot, "done")
            card.undock()
            card.image.unlink()
        assert service.stop() == 0
    counted = account(root, contents)
    tell(f"{ROUNDS} kills of the service over {filesystem} cards, {dict(hits)} the copying: {counted}")
    assert counted["clips"] == ROUNDS * FILES
    assert clean(counted), bad(root)


def test_without_intents_the_same_kills_leave_clips_that_nobody_states(root, bay: Bay, filesystem, tell):
    """The control. If this passed unnoticed, the drill above would prove nothing."""
    files = footage(0)
    card = bay.card(files, root / "dock" / "bay", filesystem)
    card.dock()
    child = subprocess.Popen([sys.executable, "-c", NO_INTENTS, "--root", root, "-q", "ingest", "--no-check", card.point])
    while placed(root) < FILES // 2 and child.poll() is None:
        time.sleep(0.001)
    child.kill()
    child.wait()
    card.undock()
    kit = station.open_station(root)
    station.heal(kit)
    kit.store.close()
    counted = account(root, files.values())
    tell(f"control, no intents: {counted}")
    assert counted["unstated"] > 0
    assert counted["findings"] > 0
