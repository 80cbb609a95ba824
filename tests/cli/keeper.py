"""A station whose clock can be set: five clips of a registered recorder, and a list that says how long they are kept."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from avrecord.station import open_station
from cli.desk import CASE, Desk, cases_file, examined, fleet_file
from conftest import NOW, pattern

BY = ("--by", "FY041001")
WHY = (*BY, "--why", "专项检查")
LATER = NOW + timedelta(days=200)  # 6 months from 2026-11-21 are over
EIGHT_DAYS = timedelta(days=8)


class Station(Desk):
    """A desk whose clock can be set."""

    def __init__(self, root, monkeypatch, capsys):
        super().__init__(root, monkeypatch, capsys)
        self._monkeypatch = monkeypatch
        self.at(LATER)

    def at(self, moment):
        self.now = moment
        self._monkeypatch.setattr("avrecord.cli.base.open_station", partial(open_station, clock=lambda: moment))

    def enable(self):
        settings = self.root / "station.toml"
        settings.write_text(settings.read_text("utf-8").replace('expiry = "off"', 'expiry = "listed"'), "utf-8")

    def fates(self):
        return {row["name"][-10:-4]: row["fate"] for row in self.rows("retention", "due")}

    def kit(self):
        return open_station(self.root, clock=lambda: self.now)

    def id(self, stamp):
        kit = self.kit()
        (found,) = [clip for clip in kit.records.clips() if stamp in clip.name]
        kit.store.close()
        return found


@pytest.fixture
def station(root, kit, dcam, dock, monkeypatch, capsys, tmp_path) -> Station:
    """Five clips of a registered recorder: one of a case, one damaged, one marked important, two of nothing."""
    names = ["VIDEO/090000.mp4", "VIDEO/120000.mp4", "VIDEO/130000.mp4", "VIDEO/140000.mp4"]
    files = {name: pattern(3000, n) for n, name in enumerate(names)}
    files["VIDEO/DCAM_Z3A0017_041007_20261116_150000_IMP.mp4"] = pattern(3000, 9)
    dock(dcam(files))
    for ending in ("090000.mp4", "120000.mp4", "130000.mp4"):
        examined(kit, ending, 600)
    examined(kit, "140000.mp4", 600, faults=("damaged",))
    made = Station(root, monkeypatch, capsys)
    made.at(NOW)
    assert made("devices", "import", fleet_file(tmp_path), *BY).code == 0
    assert made("cases", "import", cases_file(tmp_path), "--apply").code == 0
    clip = made.id("090000").id.hex
    assert made("cases", "link", CASE, "现场检查", clip, *BY).code == 0
    kit.store.close()
    made.at(LATER)
    return made
