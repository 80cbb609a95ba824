"""Scars of the dock: what a hostile operator did to the first version; each lost, doubled or stopped something then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from avrecord import station
from avrecord.cli.main import run
from avrecord.dock.volumes import volume_at
from avrecord.errors import DatabaseProblem, LogBroken
from avrecord.media.worker import Outcome
from avrecord.model.statement import ServiceStarted
from avrecord.pipeline.examine import read_outcome
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.verify import verify
from avrecord.store.sqlite import sqlite3
from conftest import avrecord, pattern

GOOD = {"NO_EXTERNAL_REFERENCE", "OK_UNWITNESSED"}


@pytest.mark.parametrize("name", ["DCAM_Z3A0017_041007_00020101_000000.mp4", "DCAM_Z3A0017_041007_99991231_235959.mp4"])
def test_a_date_that_no_recorder_has_is_no_claim_and_stops_nothing(kit, dcam, dock, name):
    card = dcam({"VIDEO/090000.mp4": b"a", "LOG/a.log": b"TIME_SYNC 2026-11-16 00:00:00 -> 2026-11-16 11:59:59\r\n"})
    (card / "VIDEO" / name).write_bytes(b"b")
    assert dock(card).complete
    (clip,) = [clip for clip in kit.records.clips() if clip.name == name]
    assert clip.start is None
    assert set(verify(kit).totals) == GOOD


def test_what_could_not_be_read_again_is_never_appended(kit):
    size = kit.log.size
    with pytest.raises(LogBroken):
        state(kit, [ServiceStarted(version=7)])
    assert kit.log.refresh() == size


def test_an_answer_of_the_decoder_with_a_wrong_type_is_a_failed_examination(tmp_path):
    answer = {"outcome": "complete", "reason": None, "checks": [], "looked": [], "observations": [], "faults": [], "cost": {}}
    answer |= {"offered": [], "facts": {"duration_ms": "7"}}
    assert read_outcome("0" * 64, Outcome(answer, None, tmp_path), lambda content: "").outcome == "failed"


def test_two_stations_processes_and_their_healing_seal_nothing_twice(root, dcam):
    cards = [dcam({f"VIDEO/{n:06d}.mp4": pattern(3000, n) for n in range(90_000, 90_040)}, name=f"slot{i}") for i in range(3)]
    words = ["-q", "ingest", "--no-check"]
    children = [
        subprocess.Popen([sys.executable, "-m", "avrecord", "--root", root, *words, card], stdout=subprocess.DEVNULL)
        for card in cards
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    kit = station.open_station(root)
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 40}
    kit.store.close()


def test_a_log_put_back_under_a_running_station_is_refused_before_anything_is_signed(kit, dcam, dock, tmp_path):
    dock(dcam({"VIDEO/090000.mp4": b"a"}))
    shutil.copytree(kit.log.folder, tmp_path / "older")
    dock(dcam({"VIDEO/090100.mp4": b"b"}, name="slot2"))
    shutil.rmtree(kit.log.folder)
    shutil.copytree(tmp_path / "older", kit.log.folder)
    before = (kit.log.folder / "checkpoint").read_bytes()
    for _ in range(3):
        with pytest.raises(LogBroken):
            dock(dcam({"VIDEO/090200.mp4": b"c"}, name="slot3"))
    assert (kit.log.folder / "checkpoint").read_bytes() == before


def test_an_older_log_under_a_newer_database_is_refused_at_the_next_start(root, dcam):
    for n, name in enumerate(("slot1", "slot2")):
        if n == 1:
            shutil.copytree(root / "log", root.parent / "older")
        assert (
            avrecord("-q", "ingest", "--no-check", dcam({f"VIDEO/09{n}000.mp4": bytes([n])}, name=name), root=root).returncode
            == 0
        )
    shutil.rmtree(root / "log")
    shutil.copytree(root.parent / "older", root / "log")
    assert avrecord("status", root=root).returncode == 13


def test_a_database_that_was_busy_while_a_card_was_stated_doubles_nothing(kit, dcam, dock, monkeypatch):
    monkeypatch.setattr("avrecord.store.sqlite.BUSY_MS", 100)
    kit.store.close()
    card = dcam({f"VIDEO/09000{n}.mp4": pattern(1000, n) for n in range(3)})
    dock(dcam({"VIDEO/080000.mp4": b"first"}, name="slot0"))
    kit.store.close()
    blocker = sqlite3.connect(kit.store.path, isolation_level=None)
    real = type(kit.vault).write
    calls = []

    def copy(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            blocker.execute("BEGIN IMMEDIATE")
        return real(self, *arguments)

    monkeypatch.setattr(type(kit.vault), "write", copy)
    with pytest.raises(DatabaseProblem):
        dock(card)
    blocker.execute("ROLLBACK")
    blocker.close()
    assert dock(card).complete
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 4}


def test_a_file_that_grows_for_ever_is_copied_no_further_than_it_was_listed(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(3 << 20), "VIDEO/090100.mp4": b"x"})
    growing = min(card.rglob("*.mp4"))
    stop = threading.Event()

    def grow():
        with growing.open("ab") as file:
            while not stop.wait(0.001):
                file.write(bytes(1 << 20))

    writer = threading.Thread(target=grow)
    real = type(kit.vault).write

    def copy(self, *arguments):
        if not writer.is_alive() and not stop.is_set():
            writer.start()
            time.sleep(0.05)
        return real(self, *arguments)

    monkeypatch.setattr(type(kit.vault), "write", copy)
    receipt = receive(volume_at(card), kit)
    stop.set()
    writer.join()
    assert receipt.failed == (f"VIDEO/{growing.name}",)
    assert receipt.sealed == 1
    assert not list(kit.vault.incoming.glob("*.part"))


def test_a_file_larger_than_the_disk_does_not_keep_the_others_from_being_taken(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": b"a", "VIDEO/090100.mp4": b"b"})
    with (card / "VIDEO" / "DCAM_Z3A0017_041007_20261116_080000_IMP.mp4").open("wb") as file:
        file.truncate(900 << 30)
    receipt = dock(card)
    assert (receipt.sealed, receipt.no_space, receipt.complete) == (2, True, False)


def test_a_slot_whose_name_is_no_text_is_taken(kit, tmp_path):
    card = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xb1\xff"))
    card.mkdir()
    (card / "x.mp4").write_bytes(b"x")
    assert receive(volume_at(card), kit).complete
    json.dumps(kit.store.rows("recent_dockings")).encode()


def test_a_good_card_rescues_a_clip_that_the_vault_altered_and_the_altered_one_stays(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    dock(card)
    stored = kit.vault.path(kit.records.clips()[0].stored)
    content = bytearray(stored.read_bytes())
    content[0] ^= 1
    stored.chmod(0o600)
    stored.write_bytes(content)
    dock(card)
    kept = [path.read_bytes() for path in stored.parent.iterdir() if path.suffix == ".mp4"]
    assert sorted(kept) == sorted([bytes(content), pattern(9000)])
    assert verify(kit).totals["ALTERED"] == 1


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/etc/passwd"), lambda path: path.symlink_to("/no")]
)
def test_what_is_no_file_in_place_of_a_clip_hangs_nothing_and_is_never_ok(kit, dcam, dock, make):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    dock(card)
    stored = kit.vault.path(kit.records.clips()[0].stored)
    stored.unlink()
    make(stored)
    totals = verify(kit).totals
    assert totals["MISSING"] == 1
    assert "OK_UNWITNESSED" not in totals
    assert dock(card).complete


@pytest.mark.timeout(20)
def test_junk_among_the_intents_stops_nothing_and_becomes_no_statement(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"a"}))
    incoming, size = kit.vault.incoming, kit.log.size
    forged = {"kind": "clip.sealed", "clip": "ab" * 32, "size": "big", "stored": "../../etc/x", "docking": "x"}
    (incoming / f"{'ab' * 32}.1-1.intent").write_text(json.dumps(forged))
    (incoming / f"{'cd' * 32}.1-1.intent").write_bytes(b"[" * 200_000)
    (incoming / "nul.1-1.intent").write_bytes(b"\x00")
    (incoming / "folder.1-1.intent").mkdir()
    os.mkfifo(incoming / "pipe.1-1.intent")
    assert station.heal(kit) == 0
    assert kit.log.refresh() == size


def test_lost_attachments_are_found_and_stop_no_card(kit, root, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": b"a"}))
    shutil.rmtree(root / "attachments")
    (root / "attachments").mkdir()
    assert verify(kit).totals["MISSING"] > 1
    kit.store.close()
    assert avrecord("rebuild", root=root).returncode == 0
    assert avrecord("-q", "ingest", "--no-check", dcam({"VIDEO/090100.mp4": b"b"}, name="slot2"), root=root).returncode == 0


@pytest.mark.parametrize("name", ["checkpoint", "checkpoints.txt"])
def test_a_log_with_a_byte_that_is_no_text_is_refused_in_words(root, name):
    path = root / "log" / name
    path.write_bytes(b"\xff" + path.read_bytes())
    said = avrecord("verify", "--all", root=root)
    assert said.returncode == 13
    assert "Traceback" not in said.stderr


def test_a_command_to_copy_cannot_be_bent_by_a_name_from_a_card(kit, dcam, dock, capsys):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    (card / "VIDEO" / "x';touch PWNED;'\x1b[31m.mp4").write_bytes(b"b")
    dock(card)
    (clip,) = [clip for clip in kit.records.clips() if "PWNED" in clip.name]
    run(["--root", str(kit.root), "clips", "show", clip.id.hex])
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    line = next(line for line in shown.splitlines() if "ssh-keygen" in line)
    assert subprocess.run(["sh", "-nc", line], check=False).returncode == 0
    assert "'\"'\"';touch PWNED;'\"'\"'" in line


@pytest.mark.parametrize(
    ("broken", "code"), [("avrecord.db", 15), ("log/tile", 13), ("keys/clip.key", 0), ("log/checkpoint", 13)]
)
def test_verify_needs_neither_database_nor_private_keys_nor_a_log_that_goes_on(root, dcam, broken, code):
    assert avrecord("-q", "ingest", "--no-check", dcam({"VIDEO/090000.mp4": b"a"}), root=root).returncode == 0
    path = root / broken
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.write_bytes(b"\xff" * 5000)
        (root / "avrecord.db-wal").unlink(missing_ok=True)  # SQLite would read the pages from there
    said = avrecord("verify", "--all", "--json", root=root)
    assert said.returncode == code
    findings = json.loads(said.stdout)["rows"]
    assert any("090000" in finding["about"] for finding in findings)


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_of_the_card_is_taken(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": b"a", "LOCKED/090100.mp4": b"b"})
    real = os.scandir

    def scandir(path):
        if os.fsencode(path).endswith(b"LOCKED"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    receipt = receive(volume_at(card), kit)
    assert (receipt.sealed, receipt.failed, receipt.complete) == (1, ("LOCKED/",), False)


def test_a_tree_deeper_than_a_path_can_be_is_taken_as_far_as_it_goes(kit, dcam, tmp_path):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    at = os.open(card, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("deeper", dir_fd=at)
        below = os.open("deeper", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    receipt = receive(volume_at(card), kit)
    assert receipt.sealed == 1
    assert not receipt.complete
    subprocess.run(["rm", "-rf", card], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="not root: no read-only medium was mounted")
def test_a_station_on_a_read_only_medium_is_verified(root, dcam, tmp_path):
    assert avrecord("-q", "ingest", "--no-check", dcam({"VIDEO/090000.mp4": b"a"}), root=root).returncode == 0
    point = tmp_path / "medium"
    point.mkdir()
    subprocess.run(["mount", "--bind", root, point], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", point], check=True)
        said = avrecord("verify", "--all", "--json", root=point)
    finally:
        subprocess.run(["umount", point], check=True)
    assert "Traceback" not in said.stderr
    totals = json.loads(said.stdout)["totals"]
    assert totals["OK_UNWITNESSED"] == 1
    assert set(totals) <= {"OK_UNWITNESSED", "NO_EXTERNAL_REFERENCE", "INDEX_DIFFERS"}
