"""The station's clock is set while the service runs, and recorders' clocks shift by whole hours.

The wall clock jumps at the product's own seam (the one function that reads it); libfaketime would be blacker, but under
it Python's sleep fails. `make fire-guest` does the same with a real `date -s`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from conftest import pattern
from fire.drill import FULL, tell
from fire.running import Running, until
from fire.standing import account, bad, clean, statements

HOUR = 3600
JUMPS = [24 * HOUR, -24 * HOUR, 8 * HOUR, -8 * HOUR] * (5 if FULL else 1)
# Two zones away, the zone of the station itself, the days on which summer time begins and ends.
SHIFTS = [-9 * HOUR, -8 * HOUR, 8 * HOUR, HOUR, -HOUR]
SHIFTED = """
import os
from datetime import datetime, timedelta
from pathlib import Path
from avrecord import station
from avrecord.__main__ import main
class Shifted(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(seconds=float(Path(os.environ["DRILL_CLOCK"]).read_text()))
station.datetime = Shifted
main()
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200), pytest.mark.xdist_group("fire-clock")]


def test_a_station_whose_clock_is_set_says_so_and_its_log_goes_on_in_its_own_order(root, dcam, tmp_path, tell):
    clock, contents = tmp_path / "clock", set[bytes]()
    clock.write_text("0")
    offset = 0
    with Running(root, env={"DRILL_CLOCK": str(clock)}, program=("-c", SHIFTED)) as service:
        until(service.status)
        for number, jump in enumerate(JUMPS):
            offset += jump
            (tmp_path / "clock.new").write_text(str(offset))
            (tmp_path / "clock.new").rename(clock)
            until(lambda number=number: '"clock_stepped"' in service.told() and service.told().count('"clock_stepped"') > number)
            files = {f"VIDEO/{10 + n}{number:02d}00.nmea": pattern(20_000 + n, number * 10 + n) for n in range(3)}
            contents |= set(files.values())
            shutil.copytree(dcam(files, name=f"card{number}"), root / "coming")
            (root / "coming").rename(root / "dock" / f"bay{number}")
            service.until_slot(f"bay{number}", "done")
        assert service.stop() == 0
    log = statements(root)
    said = [s.body for s in log if s.body.kind == "clock.stepped"]
    stepped = [body.by_ms / 1000 for body in said if body.method == "monotonic"]
    again = [(body, then) for body, then in zip(said, [*said[1:], None], strict=True) if body.method == "last_statement"]
    times = [s.at for s in log]
    counted = account(root, contents)
    in_order = times == sorted(times)
    tell(f"{len(JUMPS)} jumps of the clock, stated as {stepped[:4]} s: {counted}; control: sorted by time: {in_order}")
    assert [round(found / 60) for found in stepped] == [jump / 60 for jump in JUMPS]
    # Whoever states something before the watch looks says first that the clock runs behind: of that very jump, and once.
    for body, then in again:
        assert then is not None
        assert then.method == "monotonic"
        assert then.by_ms - 2000 <= body.by_ms < 0
    assert clean(counted), bad(root)
    assert not in_order, "control: in order of the wall clock the statements must stand otherwise"


def test_a_card_whose_times_shift_by_hours_brings_nothing_new(root, dcam, tell):
    """FAT knows no zone: another mount option or summer time moves every file's time by whole hours."""
    files = {f"VIDEO/{10 + n}0000.mp4": pattern(300_000 + n, n) for n in range(6)}
    card, seen = dcam(files), []
    for shift in [0, *SHIFTS]:
        for path in card.rglob("*.mp4"):
            found = path.stat()
            os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns + shift * 10**9))
        kit = station.open_station(root)
        volume = volume_at(card)
        assert volume is not None
        receipt = receive(volume, kit)
        kit.store.close()
        assert receipt.complete
        seen.append(receipt.sealed + receipt.set_aside)
    counted = account(root, files.values())
    tell(f"times shifted by {[shift // HOUR for shift in SHIFTS]} h: new clips {seen[1:]} after {seen[0]} at first; {counted}")
    assert seen == [len(files)] + [0] * len(SHIFTS)
    assert clean(counted), bad(root)


@pytest.mark.parametrize("said", ["1970", "2000", "2099"])
def test_a_recorder_whose_clock_was_reset_is_taken_like_any_other(root, dcam, tell, said):
    files = {f"VIDEO/DCAM_Z3A0017_041007_{said}0101_{10 + n}0000.mp4": pattern(20_000, n) for n in range(3)}
    card = dcam(files)
    kit = station.open_station(root)
    volume = volume_at(Path(card))
    assert volume is not None
    assert receive(volume, kit).complete
    again = receive(volume, kit)
    kit.store.close()
    assert (again.sealed, again.unchanged) == (0, 3)
    assert clean(account(root, files.values())), bad(root)
