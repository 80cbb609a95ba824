"""What an attacker found in the intake of many cards, as it should be: short reads, failing disks, cards pulled and swapped."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from avrecord import durable, station
from avrecord.dock import listing
from avrecord.dock.volumes import docked, present, volume_at
from avrecord.errors import CardReadError, KeyProblem
from avrecord.media import stacking
from avrecord.model.observation import Examination, Facts
from avrecord.pipeline import desk as desks
from avrecord.pipeline import examine as ex
from avrecord.pipeline.desk import Desk
from avrecord.pipeline.receive import receive
from avrecord.pipeline.verify import verify
from avrecord.seal.codec import decode
from avrecord.service import docks as dock_threads
from avrecord.service.docks import Docks
from avrecord.service.slots import Slots
from avrecord.vault import folder as folders
from avrecord.vault.copying import write_part
from conftest import NOW, pattern


def said(kit, kind):
    kit.log.refresh()
    return [s.body for i, e in kit.log.entries() if (s := decode(e, i)).body.kind == kind]


def until(cond, s=15):
    end = time.monotonic() + s
    while time.monotonic() < end:
        if v := cond():
            return v
        time.sleep(0.02)
    return cond()


def test_short_read_is_not_a_whole_clip(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    real = listing.OpenFile.read
    monkeypatch.setattr(listing.OpenFile, "read", lambda self, at, n: real(self, at, min(n, max(0, 4000 - at))))
    r = receive(volume_at(card), kit)
    assert (r.complete, r.sealed) == (False, 0), r


def test_salvage_of_a_short_sector_does_not_shift(tmp_path):
    data = pattern(5 * 4096)

    class S:
        def read(self, at, n):
            if n > 4096:
                raise CardReadError(card="x", detail="EIO")
            if at == 4096:
                return data[at : at + 512]  # short read in the middle
            return data[at : at + n]

    p = write_part(S(), len(data), tmp_path / "p.part", lambda _: None)
    got = p.path.read_bytes()
    assert got[8192:] == data[8192:] or len(got) != len(data), "bytes moved"
    assert got == data or p.unreadable, (len(got), len(data), p.unreadable)


@pytest.mark.parametrize("how", ["enclose", "token"])
def test_a_seal_that_fails_leaves_no_part(kit, dcam, monkeypatch, how):
    card = dcam({f"VIDEO/09000{n}.mp4": pattern(9000, n) for n in range(4)})
    if how == "enclose":

        def full(*a):
            raise OSError(errno.ENOSPC, "full")

        monkeypatch.setattr(type(kit.vault), "enclose", full)
    else:

        def gone(*a):
            raise KeyProblem(path="token", detail="removed")

        monkeypatch.setattr(type(kit.sealer), "seal", gone)
    for _ in range(3):
        try:
            r = receive(volume_at(card), kit)
        except KeyProblem:
            r = None
    left = list(kit.vault.incoming.glob("*.part"))
    assert left == [], (len(left), r)


def test_a_clip_whose_seal_could_not_be_renamed_is_not_left_unstated(kit, root, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    real = durable.rename_new

    def ren(a, b):
        if str(b).endswith(".sig"):
            raise OSError(errno.ENOSPC, "full")
        return real(a, b)

    with monkeypatch.context() as m:
        m.setattr(durable, "rename_new", ren)
        r = receive(volume_at(card), kit)
    shutil.rmtree(card)  # the card is gone
    assert not r.sealed
    # "next start": even if all owners are dead
    monkeypatch.setattr(durable, "is_alive", lambda who: False)
    station.heal(kit)
    left = [p for p in kit.vault.root.rglob("*") if p.is_file()]
    assert not left or said(kit, "clip.sealed"), left
    assert "EXTRA" not in verify(kit).totals, verify(kit).totals


def test_an_unreadable_vault_copy_does_not_keep_the_card_copy_out(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    receive(volume_at(card), kit)
    stored = next(kit.vault.root.rglob("*.mp4"))
    # FAT shift of an hour: the file is new to the index, its bytes are known
    f = next(card.rglob("*.mp4"))
    os.utime(f, (f.stat().st_mtime - 3600,) * 2)
    real = folders.read_back

    def rb(p):
        if p == stored:
            raise OSError(errno.EIO, "Input/output error")
        return real(p)

    monkeypatch.setattr(folders, "read_back", rb)
    r = receive(volume_at(card), kit)
    assert (r.complete, r.failed) == (True, ()), r


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="!!! no /dev/shm: a file of 2^53 bytes is NOT TESTED !!!")
def test_a_huge_size_on_a_card_does_not_refuse_the_rest(kit):
    card = Path("/dev/shm/attackcard")
    shutil.rmtree(card, ignore_errors=True)
    card.mkdir()
    try:
        (card / "a.mp4").write_bytes(pattern(3000))
        with (card / "b.mp4").open("wb") as f:
            os.truncate(f.fileno(), (1 << 53) + 1)
        r = receive(volume_at(card), kit)
        assert r.sealed + r.set_aside == 1, r
    finally:
        shutil.rmtree(card)


def test_a_failed_statement_does_not_double_the_clip_next_day(root, dcam, monkeypatch):
    now = [NOW]
    kit = station.open_station(root, clock=lambda: now[0])
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})

    def full(*a):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as m:
        m.setattr(desks, "state", full)
        receive(volume_at(card), kit)
    now[0] += timedelta(days=1)
    r = receive(volume_at(card), kit)
    assert r.complete
    files = list(kit.vault.root.rglob("*.mp4"))
    left = list(kit.vault.incoming.glob("*.intent"))
    monkeypatch.setattr(durable, "is_alive", lambda who: False)
    station.heal(kit)
    assert len(files) == 1, (files, left, verify(kit).totals)


def test_a_file_with_bad_sectors_is_not_stated_again_at_each_retry(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(3 << 20), "VIDEO/090100.mp4": pattern(9000, 2)})
    real = listing.OpenFile.read

    def read(self, at, n):
        if "090000" in self.title and at <= (1 << 20) < at + n:
            raise CardReadError(card="x", detail="EIO")
        if "090100" in self.title:
            raise CardReadError(card="x", detail="EIO")
        return real(self, at, n)

    monkeypatch.setattr(listing.OpenFile, "read", read)
    for _ in range(4):
        r = receive(volume_at(card), kit)
    again = said(kit, "clip.seen_again")
    assert len(again) == 0, (len(again), r)


class Stage:
    def __init__(self, kit, desk):
        self.errors, self.receipts = [], []
        self.slots = Slots()
        self.docks = Docks(kit, desk, self.slots, lambda e, x: self.errors.append((e, repr(x))), self.receipts.append)


def one_at_a_time(kit):
    return replace(
        kit, settings=kit.settings.model_copy(update={"dock": kit.settings.dock.model_copy(update={"cards_at_once": 1})})
    )


def test_a_card_pulled_while_it_waits_for_its_turn_is_removed_early(kit, dcam, tmp_path):
    kit = one_at_a_time(kit)
    card = dcam({"VIDEO/090000.mp4": pattern(9000), "VIDEO/090100.mp4": pattern(9000, 2)})
    with Desk(kit) as desk:
        s = Stage(kit, desk)
        with desk.turns.turn():  # another card copies
            s.docks.notice(docked([card.parent]))
            assert until(lambda: len(desk.turns._asking) == 1)
            card.rename(tmp_path / "pulled")
            s.docks.notice(docked([card.parent]))
        until(lambda: said(kit, "card.removed_early"), 4)
        s.docks.end(3)
    assert len(said(kit, "card.seen")) == 1
    assert [b.files for b in said(kit, "card.removed_early")] == [2]


def test_a_card_pulled_between_two_tries_is_removed_early(kit, dcam, tmp_path, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000), "VIDEO/090100.mp4": pattern(9000, 2)})
    monkeypatch.setattr(type(kit.vault), "free", lambda self: 10)  # disk full
    with Desk(kit) as desk:
        s = Stage(kit, desk)
        s.docks.notice(docked([card.parent]))
        assert until(lambda: s.receipts)
        card.rename(tmp_path / "pulled")
        s.docks.notice(docked([card.parent]))
        until(lambda: said(kit, "card.removed_early"), 4)
        s.docks.end(3)
    assert [b.files for b in said(kit, "card.removed_early")] == [2]


def test_the_thread_of_a_card_that_left_does_not_write_into_the_next_ones_row(kit, dcam, tmp_path, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    going = threading.Event()
    entered = threading.Event()
    real_receive = dock_threads.receive

    def slow(volume, kit_, desk):
        r = real_receive(volume, kit_, desk)
        if not entered.is_set():
            entered.set()
            going.wait(20)  # the old thread is slow just before it reports
        else:
            second.wait(20)
        return r

    second = threading.Event()
    monkeypatch.setattr(dock_threads, "receive", slow)
    with Desk(kit) as desk:
        s = Stage(kit, desk)
        s.docks.notice(docked([card.parent]))
        assert entered.wait(10)
        card.rename(tmp_path / "pulled")
        card.mkdir()
        (card / "new.mp4").write_bytes(b"not taken yet")
        s.docks.notice(docked([card.parent]))
        going.set()
        bad = until(lambda: s.slots.rows()[0]["state"] == "done", 3)
        rows = s.slots.rows()
        second.set()
        s.docks.end(3)
    assert not bad, rows


def test_a_card_waiting_for_its_turn_is_not_called_stalled():
    now = [0.0]
    s = Slots(lambda: now[0])
    t = s.teller(s.arrive("k", "/d/slot1"))
    t("card", recorder="R", files=2, bytes=20)
    t("taking", file="a")
    t("copied", bytes=10)
    t("handed")
    now[0] += 1
    t("settled", left=1, bytes=10)
    t("waiting")
    now[0] += 60  # waits for its turn while others copy
    assert s.rows()[0]["state"] != "stalled", s.rows()


def test_a_second_try_does_not_count_twice():
    now = [0.0]
    s = Slots(lambda: now[0])
    t = s.teller(s.arrive("k", "/d/slot1"))
    for _ in range(2):
        t("card", recorder="R", files=2, bytes=20)
        t("settled", left=1, bytes=10)
    t("taking", file="b")
    now[0] += 2
    t("copied", bytes=5)
    assert s.rows()[0]["bytes_done"] <= 15, s.rows()


def test_a_card_that_settles_again_is_not_called_done():
    s = Slots()
    slot = s.arrive("k", "/d/slot1")
    t = s.teller(slot)
    t("card", recorder="R", files=0, bytes=0)
    s.put(slot, "done")
    t("settling", card="x")
    assert s.rows()[0]["state"] != "done"


def test_everything_that_waits_is_examined(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    receive(volume_at(card), kit)
    looks = []

    def look(clip, kit_, stop=None, tier="thorough"):
        looks.append(tier)
        time.sleep(0.2)
        return Examination(clip.id.hex, "complete", None, (), (), Facts(), tier="fast" if tier == "fast" else "")

    monkeypatch.setattr(ex, "look_at", look)
    kit = replace(kit, settings=kit.settings.model_copy(update={"check": kit.settings.check.model_copy(update={"workers": 2})}))
    ex.examine_pending(kit)
    assert looks == ["fast", "thorough"]


def test_frames_of_two_sizes_do_not_end_the_look(monkeypatch):
    class F:
        def __init__(self, at, shape):
            self.at_ms, self.shape = at, shape

        def bgr(self):
            return (np.random.default_rng(1).random((*self.shape, 3)) * 255).astype(np.uint8)

    monkeypatch.setattr(
        stacking, "frames_in", lambda *a: iter([F(0, (200, 300)), F(100, (200, 300)), F(200, (100, 150)), F(300, (200, 300))])
    )
    stacking.stacked(Path("x"), 100, lambda p: p)


def test_a_file_of_which_no_statement_can_be_made_fails_alone(kit, dcam, monkeypatch):
    """Whatever makes it so: the files in its batch are not kept from being sealed by it, nor is the rest of its card."""
    card = dcam({f"VIDEO/0{n}0000.mp4": pattern(3000, n) for n in range(4)})
    real = desks.statable
    why = ValueError("year 1 is out of range")
    monkeypatch.setattr(desks, "statable", lambda body, kit: why if "020000" in body.path else real(body, kit))
    receipt = receive(volume_at(card), kit)
    assert (receipt.sealed, receipt.complete, len(receipt.failed)) == (3, False, 1)
    monkeypatch.undo()
    receipt = receive(volume_at(card), kit)
    assert (receipt.sealed, receipt.unchanged, receipt.complete) == (1, 3, True)


def test_a_process_that_proc_hides_is_not_taken_for_dead(monkeypatch):
    """ProtectProc=invisible: a service would remove the half copy of an `ingest` that root runs."""
    me = durable.owner()
    monkeypatch.setattr(durable, "_started", lambda pid: "")
    assert durable.is_alive(me)
    assert not durable.is_alive(f"{2**22 + 1}-12345")  # above the largest pid that Linux gives
    assert not durable.is_alive("4x-1")


def test_a_process_that_ended_and_was_not_collected_yet_is_dead():
    """The next start of the service left the half copies of a killed one lying, for its tracer had not reaped it."""
    with subprocess.Popen(["sleep", "60"]) as child:
        started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        assert durable.is_alive(who := f"{child.pid}-{started}")
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and lies there as a zombie
        assert Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        assert not durable.is_alive(who)


@pytest.mark.skipif(os.geteuid() != 0, reason="!!! mounting over a folder needs root !!!")
def test_a_card_mounted_over_a_folder_is_not_the_folder(tmp_path):
    """The roots of two file systems often share an inode number."""
    point = tmp_path / "slot"
    point.mkdir()
    (point / "a.mp4").write_bytes(b"a")
    folder = volume_at(point)
    assert present(folder)
    assert not present(replace(folder, device="0:1"))
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", point], check=True)
    try:
        assert not present(folder)
    finally:
        subprocess.run(["umount", point], check=True)
    assert present(folder)
