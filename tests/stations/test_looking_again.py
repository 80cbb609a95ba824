"""抽检 again at the bureau: a certificate that no check of the station looked for is seen, with its second; nothing is stated."""

from __future__ import annotations

import shutil

import pytest

from avrecord import station as stations
from cli.desk import Desk
from stations.test_across import _standing
from stations.test_through_the_store import set_in

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_second_look_names_what_it_saw_more_and_changes_no_log(kit, root, dock, sample, tmp_path, monkeypatch, capsys):
    card = tmp_path / "card" / "VIDEO"
    card.mkdir(parents=True)
    for name in ("DCAM_Z3A0017_041007_20261116_090035.mp4", "DCAM_Z3A0017_041007_20261116_173410.mp4"):
        shutil.copy(sample / "cards" / "Z3A0017" / "VIDEO" / name, card / name)
    dock(card.parent)
    kit.store.close()
    (share := tmp_path / "share").mkdir()
    monkeypatch.setattr("avrecord.station.open_station", _standing(stations.open_station))
    stations.create(tmp_path / "bureau", "bureau", "市局")
    desk, bureau = Desk(root, monkeypatch, capsys), Desk(tmp_path / "bureau", monkeypatch, capsys)
    for each in (desk, bureau):
        set_in(each.root, "store", url=str(share))
    assert desk("sync").code == 0
    assert bureau("log", "trust", (root / "keys" / "log.vkey").read_text("ascii").strip()).code == 0
    assert bureau("bureau", "run", "--once").code == 0
    before = {path: path.read_bytes() for path in share.rglob("*") if path.is_file()}
    said = bureau("bureau", "examine", "--all", "--json")
    assert said.code == 11, said.out + said.err  # the empty file is unreadable
    found = {row["stored"][-10:]: (row["finding"], row["detail"]) for row in said.json["rows"]}
    assert said.json["totals"] == {"SEEN_MORE": 1, "UNREADABLE": 1}
    code, told = found["090035.mp4"]
    assert (code, "这次见到亮证" in told, "秒" in told) == ("SEEN_MORE", True, True)
    assert {path: path.read_bytes() for path in before} == before
    assert not list((tmp_path / "bureau" / "bureau" / "looking").iterdir())
    [again] = [row for row in bureau("bureau", "campaigns", "--json").json["rows"] if row["kind"] == "examine"]
    assert (again["state"], again["clips_done"]) == ("done", 2)
    assert bureau("bureau", "run", "--once").code == 0
    assert len(list((share / "bureau" / "station-01" / "receipts").glob("*.txt"))) == 1, "a look is no receipt"
