"""Gaps are stated once, across cards and days; a late card fills them and the statement stays."""

from __future__ import annotations

import json

from avrecord.model.statement import GapObserved
from avrecord.pipeline.gaps import gaps_now, observe_gaps
from avrecord.seal.codec import decode
from conftest import avrecord, pattern

INI = "SERIAL=B2003150\n".encode("gb18030")


def card(dcam, name: str, *numbers: int, day: str = "20261116"):
    files = {f"{day}/MOV_{n:04d}.mp4": pattern(2000, n) for n in numbers}
    made = dcam({}, name=name) if not files else dcam(files, name=name)
    (made / "DEVICE.INI").write_bytes(INI)
    return made


def stated(kit) -> list[GapObserved]:
    bodies = [decode(entry, index).body for index, entry in kit.log.entries()]
    return [body for body in bodies if isinstance(body, GapObserved)]


def test_a_number_that_no_card_ever_showed_is_stated_once_and_filled_by_a_late_card(kit, dcam, dock):
    dock(card(dcam, "monday", 1, 2))
    dock(card(dcam, "tuesday", 4, 5, day="20261117"))
    assert observe_gaps(kit) == 1
    assert observe_gaps(kit) == 0
    (gap,) = stated(kit)
    assert (gap.recorder, gap.gap, gap.first, gap.last, gap.missing) == ("B2003150", "sequence", "3", "3", 1)
    dock(card(dcam, "late", 3))
    assert gaps_now(kit) == []
    assert observe_gaps(kit) == 0
    assert len(stated(kit)) == 1


def test_a_file_that_vanished_between_two_dockings_is_stated_with_its_last_sight(kit, dcam, dock, monkeypatch):
    shown = card(dcam, "monday", 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr("avrecord.pipeline.receive._Taking._one", lambda self, file, docking: None)
        dock(shown)  # the card was listed and pulled before anything was taken
    next(shown.rglob("MOV_0002.mp4")).unlink()
    dock(shown)
    assert observe_gaps(kit) == 1
    (gap,) = stated(kit)
    assert (gap.gap, gap.first, gap.missing) == ("vanished", "20261116/MOV_0002.mp4", 2000)


def test_one_docking_costs_one_recorders_clips(kit, dcam, dock):
    dock(card(dcam, "monday", 1, 3))
    size = kit.log.size
    assert observe_gaps(kit, size) == 0  # nothing was said of this recorder since
    assert observe_gaps(kit) == 1


def test_the_account_names_the_gaps_in_words_and_as_json(root, dcam):
    assert avrecord("ingest", card(dcam, "monday", 1, 4), "--no-check", root=root).returncode == 0
    told = avrecord("account", root=root)
    assert "记录仪 B2003150 缺 2—3 号，共 2 个" in told.stdout + told.stderr
    (gap,) = json.loads(avrecord("account", "--json", root=root).stdout)["gaps"]
    assert (gap["gap"], gap["first"], gap["last"]) == ("sequence", "2", "3")
