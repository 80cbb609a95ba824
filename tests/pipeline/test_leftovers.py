"""What a killed process was writing aside is gone after the next start; what a running one writes stays."""

from __future__ import annotations

import os

from avrecord import durable, station


def test_half_written_files_of_a_dead_process_are_removed_wherever_they_lie(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"footage"}))
    tile = next(path for path in (kit.root / "log" / "tile").rglob("*") if path.is_file())
    folders = [tile.parent, kit.root / "log", kit.root / "attachments", kit.root / "incoming"]
    dead = [folder / f".{tile.name}.{os.getpid()}-1.7{durable.LEFTOVER}" for folder in folders]
    alive = [folder / f".{tile.name}.{durable.owner()}.7{durable.LEFTOVER}" for folder in folders]
    for path in [*dead, *alive]:
        path.write_bytes(b"half")
    station.heal(kit)
    assert not [path for path in dead if path.exists()]
    assert all(path.exists() for path in alive)
