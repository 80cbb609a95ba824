"""A card becomes sealed clips, and is left as it was."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from avrecord.dock import listing, volumes
from avrecord.dock.volumes import volume_at
from avrecord.pipeline.receive import receive
from avrecord.pipeline.verify import verify
from conftest import pattern


def test_every_file_on_a_card_is_sealed_and_the_card_is_untouched(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": pattern(300_000), "PHOTO/090100.jpg": pattern(5000, 2), "LOG/x.log": b"BAT=55%\r\n"})
    before = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in card.rglob("*") if p.is_file()}
    receipt = dock(card)
    assert (receipt.sealed, receipt.set_aside, receipt.complete) == (3, 0, True)
    assert {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in card.rglob("*") if p.is_file()} == before
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 3}


def test_ssh_keygen_accepts_the_seal_on_the_video_itself(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": pattern(300_000)}))
    (clip,) = kit.records.clips()
    path = kit.vault.path(clip.stored)
    signers = kit.root / "keys" / "allowed_signers"
    command = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "station-01", "-n", "clip@avrecord", "-s", f"{path}.sig"]
    with path.open("rb") as video:
        assert subprocess.run(command, stdin=video, capture_output=True, check=False).returncode == 0
    altered = bytearray(path.read_bytes())
    altered[1234] ^= 1
    assert subprocess.run(command, input=bytes(altered), capture_output=True, check=False).returncode != 0


def test_a_card_docked_again_unchanged_adds_nothing(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": pattern(300_000), "VIDEO/090100.mp4": pattern(1000, 2)})
    dock(card)
    size = kit.log.size
    receipt = dock(card)
    assert (receipt.unchanged, receipt.sealed, kit.log.size) == (2, 0, size)


def test_a_file_with_the_same_name_size_and_time_but_other_bytes_is_taken(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": pattern(300_000)})
    file = next(card.rglob("*.mp4"))
    dock(card)
    times = file.stat()
    file.write_bytes(pattern(300_000, seed=2))
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert dock(card).sealed == 1
    names = sorted(Path(clip.stored).name for clip in kit.records.clips())
    assert len(names) == 2
    assert names[0].removesuffix(".mp4") in names[1] or names[1].removesuffix(".mp4") in names[0]


def test_the_same_bytes_under_two_names_are_stored_once_and_both_places_are_known(kit, dcam, dock):
    receipt = dock(dcam({"VIDEO/090000.mp4": pattern(9000), "VIDEO/090500.mp4": pattern(9000)}))
    assert (receipt.sealed, receipt.again) == (1, 1)
    assert len(kit.store.rows("clips_like", beginning="")) == 1


@pytest.mark.parametrize(
    ("files", "serial", "reason"),
    [
        ({"VIDEO/090000.mp4": b""}, "Z3A0017", "zero_bytes"),
        ({"DCIM/holiday.mp4": b"x" * 100}, "Z3A0017", "unknown_recorder"),
    ],
)
def test_what_needs_a_person_is_sealed_all_the_same_with_its_reason(kit, dcam, dock, files, serial, reason):
    assert dock(dcam(files, serial)).set_aside == 1
    (clip,) = kit.records.clips()
    assert clip.set_aside == reason
    assert verify(kit).exit_code == 0


def test_a_foreign_file_and_another_recorders_file_are_set_aside(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": b"a", "VIDEO/090100.mp4": b"b", "VIDEO/微信视频.mp4": b"c"})
    (card / "VIDEO" / "DCAM_OTHER99_041007_20261116_100000.mp4").write_bytes(b"d")
    dock(card)
    reasons = {clip.name: clip.set_aside for clip in kit.records.clips()}
    assert reasons["微信视频.mp4"] == "foreign_name"
    assert reasons["DCAM_OTHER99_041007_20261116_100000.mp4"] == "other_recorder"
    assert sum(reason is None for reason in reasons.values()) == 2


def test_links_on_a_card_are_never_followed(kit, dcam, dock, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"not on the card")
    card = dcam({"VIDEO/090000.mp4": b"a"})
    (card / "VIDEO" / "link.mp4").symlink_to(secret)
    (card / "elsewhere").symlink_to(tmp_path)
    assert dock(card).files == 1


@pytest.mark.parametrize("name", [b"\xff\xfe\x80.mp4", "拍摄记录.mp4".encode("gb18030"), b"a" * 251 + b".mp4", b"new\nline.mp4"])
def test_names_in_any_bytes_are_taken_and_kept_verbatim(kit, dcam, dock, name):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    Path(os.fsdecode(os.fsencode(card) + b"/VIDEO/" + name)).write_bytes(b"strange")
    assert dock(card).complete
    manifest = kit.store.rows("recent_dockings")[0]
    assert manifest["files"] == 2
    assert verify(kit).totals["OK_UNWITNESSED"] == 2
    assert dock(card).unchanged == 2


def test_a_card_that_disappears_while_it_is_read_is_removed_early_and_never_complete(kit, dcam, monkeypatch):
    card = dcam({f"VIDEO/0900{n:02d}.mp4": pattern(5000, n) for n in range(6)})
    volume = volume_at(card)
    asked = []

    def present(_):
        asked.append(1)
        return len(asked) < 16

    monkeypatch.setattr(listing, "present", present)
    receipt = receive(volume, kit)
    assert not receipt.complete
    assert "拔出" in receipt.problem
    row = kit.store.rows("recent_dockings")[0]
    assert row["left_behind"] == 6 - receipt.sealed > 0
    assert verify(kit).totals["OK_UNWITNESSED"] == receipt.sealed
    monkeypatch.undo()
    again = receive(volume, kit)
    assert again.complete
    assert again.sealed == 6 - receipt.sealed


def test_an_empty_listing_after_a_full_one_is_a_pulled_card_not_an_empty_one(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    volume = volume_at(card)
    real = listing._walk
    calls = []

    def walk(path):
        calls.append(1)
        return real(path) if len(calls) == 1 else iter(())

    monkeypatch.setattr(listing, "_walk", walk)
    with pytest.raises(listing.CardGone):
        listing.settled_files(volume, 0)


def test_a_file_that_grows_while_it_is_copied_is_not_taken_half(kit, dcam, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(50_000), "VIDEO/090100.mp4": pattern(50_000, 2)})
    growing = min(card.rglob("*.mp4"))
    real = kit.vault.write

    def copy(source, size, ticket, progress):
        copied = real(source, size, ticket, progress)
        if source.title.endswith(growing.name) and growing.stat().st_size == 50_000:
            with growing.open("ab") as file:
                file.write(b"more")
        return copied

    monkeypatch.setattr(type(kit.vault), "write", lambda self, *a: copy(*a))
    first = receive(volume_at(card), kit)
    assert not first.complete
    assert first.failed == (f"VIDEO/{growing.name}",)
    second = receive(volume_at(card), kit)
    assert (second.complete, second.sealed, second.unchanged) == (True, 1, 1)
    sizes = sorted(clip.size for clip in kit.records.clips())
    assert sizes == [50_000, 50_004]


def test_a_full_disk_stops_intake_before_loss_and_goes_on_when_there_is_room(kit, dcam, dock, monkeypatch):
    card = dcam({"VIDEO/090000.mp4": pattern(50_000)})
    monkeypatch.setattr(type(kit.vault), "free", lambda self: 100)
    receipt = dock(card)
    assert (receipt.complete, receipt.no_space) == (False, True)
    assert not list(kit.vault.incoming.glob("[!.]*"))
    monkeypatch.undo()
    assert dock(card).sealed == 1


def test_a_clip_that_the_vault_lost_is_put_back_when_its_card_comes_again(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": pattern(9000)})
    dock(card)
    kit.vault.path(kit.records.clips()[0].stored).unlink()
    assert verify(kit).exit_code == 12
    receipt = dock(card)
    assert (receipt.again, receipt.complete) == (1, True)
    assert verify(kit).exit_code == 0


def test_a_mount_whose_block_device_is_gone_is_not_present(monkeypatch, tmp_path):
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_bytes(b"41 22 8:17 / /media/CAM\\04001 ro,nosuid - vfat /dev/sdb1 ro\n")
    monkeypatch.setattr(volumes, "MOUNTINFO", mountinfo)
    monkeypatch.setattr(volumes, "BLOCK_DEVICES", tmp_path)
    card = volumes.Volume("/media/CAM 01", "mount", 41, "8:17")
    assert not volumes.present(card)
    (tmp_path / "8:17").mkdir()
    assert volumes.present(card)
    mountinfo.write_bytes(b"42 22 8:17 / /media/CAM\\04001 ro,nosuid - vfat /dev/sdb1 ro\n")
    assert not volumes.present(card)


def test_the_clock_offset_is_read_from_the_recorders_own_log_and_applied(kit, dcam, dock):
    line = "2026-11-16 17:40:35 TIME_SYNC 2026-11-16 17:40:35 -> 2026-11-16 17:40:00\r\n"
    dock(dcam({"VIDEO/090035.mp4": b"a", "LOG/Z3A0017.log": line.encode("gb18030")}))
    (clip,) = [c for c in kit.records.clips() if c.name.endswith(".mp4")]
    assert clip.offset_ms == 35_000
    assert f"{clip.true_start:%H:%M:%S}" == "01:00:00"


def test_a_reset_recorder_clock_never_links_by_rule(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    (card / "VIDEO" / "DCAM_Z3A0017_041007_20000101_000012.mp4").write_bytes(b"b")
    dock(card)
    (clip,) = [c for c in kit.records.clips() if "20000101" in c.name]
    assert clip.uncertainty_ms > 10**11


def test_a_byte_changed_in_the_middle_of_a_known_file_is_found_by_the_full_recheck_and_only_by_it(kit, dcam):
    """Same path, size, time and ends: what a card with a failing cell, or a careful hand, leaves behind."""
    card = dcam({"VIDEO/090000.mp4": pattern(400_000)})
    assert receive(volume_at(card), kit).sealed == 1
    file = next(card.rglob("*.mp4"))
    times, content = file.stat(), bytearray(file.read_bytes())
    content[200_000] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert receive(volume_at(card), kit).unchanged == 1
    full = kit.settings.model_copy(update={"dock": kit.settings.dock.model_copy(update={"recheck": "full"})})
    assert receive(volume_at(card), replace(kit, settings=full)).sealed == 1
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 2}
