"""Scars: each of these was found by an attack on the first version, and failed then."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import threading
from contextlib import suppress
from datetime import timedelta
from pathlib import Path, PurePosixPath

import pytest
from making import KEY, ORIGIN, TRUSTED, at, clip, filled, flip, leaves, log_at, said, stage

from avrecord import durable, station
from avrecord.errors import LogBroken, ReadBackFailed, UnknownName
from avrecord.model.case import Account, Review
from avrecord.model.statement import DeviceAssigned, ExportMade
from avrecord.pipeline.record import state
from avrecord.pipeline.review import find_clip
from avrecord.pipeline.verify import verify
from avrecord.rules.coverage import cover
from avrecord.rules.judging import lacks
from avrecord.rules.recordings import join_recordings
from avrecord.seal import sshsig, tiles
from avrecord.seal.codec import decode, encode
from avrecord.seal.log import Log
from avrecord.seal.note import BadNote, Checkpoint
from avrecord.seal.verify import read_log
from avrecord.store.named import queries
from avrecord.store.sqlite import sqlite3
from avrecord.vault import folder
from avrecord.vault.attachments import Attachments
from avrecord.vault.folder import FolderVault
from avrecord.vault.names import safe_name, safe_path
from conftest import pattern

DIGEST = hashlib.sha256(b"footage").digest()
FULL = OSError(28, "No space left on device")


class Memory:
    def __init__(self, content: bytes) -> None:
        self.content = content

    def read(self, at: int, length: int) -> bytes:
        return self.content[at : at + length]


@pytest.fixture
def vault(tmp_path):
    return FolderVault(tmp_path / "vault", tmp_path / "incoming", 0)


def copied(vault, content: bytes, ticket: str = "t"):
    return vault.copy(Memory(content), len(content), ticket)


def place(vault, content: bytes, name: str, seal: str = "seal", before=lambda stored: None) -> str:
    return vault.place(copied(vault, content, hashlib.sha256(content).hexdigest()), PurePosixPath(name), seal, before)


# A1 log.py _heal_journal
def test_a_journal_torn_inside_the_dash_is_healed(tmp_path):
    filled(tmp_path, 3)
    journal = tmp_path / "checkpoints.txt"
    whole, published = journal.read_bytes(), (tmp_path / "checkpoint").read_bytes()
    filled(tmp_path, 2)
    record = journal.read_bytes()[len(whole) :]
    (tmp_path / "checkpoint").write_bytes(published)
    journal.write_bytes(whole + record[: record.index("—".encode()) + 1])
    assert log_at(tmp_path).size == 3


# A2 tiles.py _any_bundle
def test_rebuild_indexes_only_what_was_published(kit, root, monkeypatch):
    def assigned(recorder: str, officer: str) -> DeviceAssigned:
        return DeviceAssigned(recorder=recorder, officer=officer, since="2026-01-01", until=None)

    def full(*arguments: object) -> None:
        raise FULL

    state(kit, [assigned(f"Z{n}", "041007") for n in range(497 - kit.log.size)])
    with monkeypatch.context() as patch:
        patch.setattr(tiles, "write_tile", full)
        with pytest.raises(OSError, match="space"):
            state(kit, [assigned("X", "never said")] * 6)
    state(kit, [assigned("X", "041008")] * 20)
    kit.store.close()
    station.rebuild(root)
    rows = sqlite3.connect(root / "avrecord.db").execute("SELECT officer FROM assignments WHERE recorder = 'X'").fetchall()
    assert rows == [("041008",)]


# A3 log.py append/_publish
def test_a_disk_that_fills_while_publishing_doubles_no_statement(kit, dcam, dock, monkeypatch):
    card, real, calls = dcam({"VIDEO/090000.mp4": pattern(1000)}), durable.replace_with, []

    def full_once(path: Path, *more: object, **named: object) -> None:
        calls.append(path.name)
        if path.name == "checkpoint" and calls.count("checkpoint") == 2:
            raise FULL
        real(path, *more, **named)

    monkeypatch.setattr(durable, "replace_with", full_once)
    assert dock(card).complete
    assert dock(card).unchanged == 1
    assert verify(kit).totals == {"NO_EXTERNAL_REFERENCE": 1, "OK_UNWITNESSED": 1}


# A4 vault/names.py safe_name (cut after the .sig rule), vault/folder.py place (replace_with overwrites)
def test_a_long_name_of_a_card_cannot_be_cut_into_a_seals_name(vault):
    stem = "证" * 58 + "aa"  # 176 bytes; 130 characters in all: a name FAT and exFAT allow
    trap = vault.place(copied(vault, b"evidence"), safe_path(f"{stem}.sig{'证' * 70}"), "seal of evidence", lambda stored: None)
    vault.place(copied(vault, b"other"), safe_path(stem), "seal of other", lambda stored: None)
    assert vault.path(trap).read_bytes() == b"evidence"


# A5 vault/folder.py place
def test_of_two_intakes_of_one_name_neither_loses_its_seal(vault):
    def meanwhile(stored: str) -> None:
        if stored == "x.mp4" and not vault.path(stored).exists():
            place(vault, b"two", "x.mp4", "seal of two")

    with suppress(FileExistsError):
        place(vault, b"one", "x.mp4", "seal of one", meanwhile)
    assert (vault.path("x.mp4").read_bytes(), vault.path("x.mp4.sig").read_text()) == (b"two", "seal of two")


# A6 vault/folder.py place: chmod 0440 before the rename
def test_a_part_that_a_crash_left_behind_can_be_written_over_by_its_owner(vault, monkeypatch):
    def cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(durable, "rename_new", cut)
    with pytest.raises(KeyboardInterrupt):
        place(vault, b"footage", "x.mp4")
    (part,) = vault.incoming.glob("*.part")
    assert part.stat().st_mode & 0o200  # root writes anyway, the service's user gets EACCES for ever


# A7 durable.py replace_with: one aside name per process, not per call
def test_two_threads_may_keep_the_same_attachment(tmp_path, monkeypatch):
    attachments, both, real = Attachments(tmp_path), threading.Barrier(2, timeout=3), os.fsync
    content, met, found = b"frame" * 1000, set(), []
    attachments.path(hashlib.sha256(content).hexdigest()).parent.mkdir()

    def fsync(fd: int) -> None:
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            both.wait()
        real(fd)

    def put() -> None:
        try:
            found.append(attachments.put(content))
        except OSError as error:
            found.append(error)

    monkeypatch.setattr(os, "fsync", fsync)
    threads = [threading.Thread(target=put) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [hashlib.sha256(content).hexdigest()] * 2


# A8 vault/folder.py place (OSErrors escape receive: the card is never taken)
@pytest.mark.parametrize(("first", "second"), [("A", "A/x.mp4"), ("A/x.mp4", "A")])
def test_a_name_may_be_a_file_on_one_card_and_a_folder_on_the_next(vault, first, second):
    place(vault, b"1" * 4096, first)
    place(vault, b"2" * 4096, second)


# A9 log.py _load
@pytest.mark.parametrize("size", [2, 3])
def test_a_published_checkpoint_that_contradicts_the_journal_is_not_overwritten(tmp_path, size):
    filled(tmp_path / "log", 3)
    other = Log(tmp_path / "restored image", KEY, ORIGIN)
    other.append(lambda first: leaves(first, size, "other"))
    shutil.copy(other.folder / "checkpoint", tmp_path / "log" / "checkpoint")
    with pytest.raises(LogBroken):
        log_at(tmp_path / "log")


# B1 seal/codec.py decode: encode() stands outside the try, rfc8785 raises its own errors
@pytest.mark.parametrize(("old", "new"), [(b'"rows":7', b'"rows":9007199254740993'), (b'"what":"w"', b'"what":"\\ud800"')])
def test_what_cannot_be_written_canonically_is_refused_with_its_index(tmp_path, old, new):
    entry = encode(said(0, ExportMade(what="w", rows=7, file="f"))).replace(old, new)
    log_at(tmp_path).append(lambda first: [entry])
    assert [finding.code for finding in read_log(tmp_path, TRUSTED).findings] == ["MALFORMED"]
    with pytest.raises(LogBroken):
        decode(entry, 0)


# B2 seal/tiles.py _read, seal/verify.py _opened, _journal: only FileNotFoundError
@pytest.mark.parametrize("name", ["tile/entries/000.p/3", "checkpoint", "checkpoints.txt"])
def test_a_folder_in_place_of_a_file_of_the_log_is_a_finding(tmp_path, name):
    filled(tmp_path, 3)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    assert read_log(tmp_path, TRUSTED).findings


# B3 read_text() turns \r\n and \r into \n: verified text is not the stored bytes
@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_a_checkpoint_with_other_line_ends_is_not_the_signed_bytes(tmp_path, end):
    filled(tmp_path, 3)
    head = tmp_path / "checkpoint"
    head.write_bytes(head.read_bytes().replace(b"\n", end))
    assert "CHECKPOINT_INVALID" in {finding.code for finding in read_log(tmp_path, TRUSTED).findings}


# B4 seal/sshsig.py parse: str.splitlines() splits on \v, \f, \x1c-\x1e, \x85, U+2028; strip() forgives the edges
def test_no_bit_of_a_seals_text_can_be_flipped():
    text, accepted = sshsig.sign(KEY, DIGEST).encode(), []
    for bit in (8 * byte + bit for byte in range(len(text)) for bit in range(7)):
        changed = bytearray(text)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            if sshsig.verify(sshsig.parse(changed.decode()), DIGEST):
                accepted.append(bit)
        except sshsig.Malformed:
            continue
    assert accepted == []


def test_a_seal_with_a_letter_outside_ascii_is_malformed():
    with pytest.raises(sshsig.Malformed):  # a plain ValueError today, which check_seal does not catch
        sshsig.parse(sshsig.sign(KEY, DIGEST).replace("U1", "é1", 1))


# B5 seal/verify.py: hash tiles that are served to others are not compared with the entries
def test_a_hash_tile_in_which_one_bit_was_flipped_is_a_finding(tmp_path):
    filled(tmp_path, 300)
    flip(tmp_path / "tile/0/000", 5)
    assert read_log(tmp_path, TRUSTED).findings


# B6 seal/verify.py _journal: the published checkpoint is the journal's last record, or something is wrong
def test_a_journal_without_the_published_checkpoint_is_a_finding(tmp_path):
    filled(tmp_path, 3, 2)
    journal = tmp_path / "checkpoints.txt"
    journal.write_bytes(journal.read_bytes().split(b"---\n")[0] + b"---\n")
    assert read_log(tmp_path, TRUSTED).findings


# B7 seal/note.py Checkpoint.parse: \d is any Unicode digit; int() refuses 4300 digits with a plain ValueError
@pytest.mark.parametrize("size", ["1０", "1٣", "1" * 5000])
def test_a_size_is_written_in_ascii_digits(size):
    with pytest.raises(BadNote):
        Checkpoint.parse(f"{ORIGIN}\n{size}\n{base64.b64encode(DIGEST).decode()}\n")


# B8 vault/folder.py stored: os.walk lists links to folders among the folders
def test_a_link_to_a_folder_in_the_vault_is_listed(vault):
    (vault.root / "link").symlink_to("/etc")
    assert [stored for stored, _ in vault.stored()] == ["link"]


# C1 rules/coverage.py: a contained clip's doubt replaces that of the clip that really ends last
@pytest.mark.parametrize(("long_ms", "short_ms"), [(0, 300_000), (300_000, 0)])
def test_the_doubt_at_a_gap_is_that_of_the_clip_that_ends_there(long_ms, short_ms):
    long, short = clip("a", 0, 1800, uncertainty_ms=long_ms), clip("b", 600, 60, uncertainty_ms=short_ms)
    tolerance = timedelta(seconds=3)
    assert cover(stage(2040), [long, short], tolerance).gaps == cover(stage(2040), [long], tolerance).gaps


# C2 rules/recordings.py _follows: looks at the last clip's end, not at the recording's
def test_a_short_clip_within_a_long_one_does_not_end_the_recording():
    assert len(join_recordings([clip("a", 0, 600), clip("b", 10, 10), clip("c", 601, 60)])) == 1


# C3 store/queries/clips.sql clips_where: substr(true_start, 1, 10) is the UTC day, assignments are local days
def test_a_clip_before_eight_in_the_morning_is_found_by_its_officer(kit, dcam, dock):
    card = dcam({"VIDEO/DCAM_Z3A0017_041007_20261117_010000.mp4": b"night shift"})
    dock(card)
    state(kit, [DeviceAssigned(recorder="Z3A0017", officer="041007", since="2026-11-17", until="2026-11-17")])
    assert len(kit.records.clips(officer="041007")) == 1


# C4 rules/judging.py lacks: `footage` = missing is dropped as soon as any clip is linked
def test_a_person_may_find_the_footage_missing_though_something_is_linked():
    of, linked = stage(600), clip("a", 0, 600)
    review = Review(of.id, "footage", "missing", "041001", at(0), 5)
    account = Account(of, "", "key", cover(of, [linked], timedelta()), (), (review,), (linked,))
    assert [lack.what for lack in lacks(account, False)] == ["missing"]


# C5 store/queries/clips.sql clips_like: % and _ typed by a person are wildcards
def test_an_underscore_is_no_wildcard(kit, dcam, dock):
    dock(dcam({"VIDEO/090000.mp4": pattern(1000)}))
    with pytest.raises(UnknownName):
        find_clip("____", kit)


# C6 vault/folder.py place: the same bytes under the name, but no seal beside them
def test_bytes_that_lie_there_without_a_seal_get_one(vault):
    vault.path("x.mp4").write_bytes(b"footage")
    assert vault.path(place(vault, b"footage", "x.mp4") + ".sig").exists()


# C7 vault/folder.py copy: "a part file that was read back from the disk, or nothing"
def test_a_copy_that_was_refused_leaves_no_part(vault, monkeypatch):
    monkeypatch.setattr(folder, "read_back", lambda path: ("0" * 64, "direct"))
    with pytest.raises(ReadBackFailed):
        copied(vault, b"footage")
    assert list(vault.incoming.iterdir()) == []


# C8 store/queries/projection.sql size_of_clip, cases.sql stage_exists: nobody asks them
def test_every_query_is_asked_by_somebody():
    source = Path(durable.__file__).parent
    asked = set(re.findall(r'"(\w+)"', "".join(path.read_text("utf-8") for path in source.rglob("*.py"))))
    assert set(queries()) - asked == set()


# C9 vault/names.py: cutting brings back what was stripped; lone surrogates become the forbidden `?`
def test_a_cut_name_ends_as_windows_allows():
    assert not safe_name("a" * 179 + " " + "b" * 50).endswith((" ", "."))
    assert "?" not in safe_name("a\ud800.mp4")


def test_an_append_that_failed_leaves_no_leaves_behind_in_memory(tmp_path, monkeypatch):
    log = filled(tmp_path, 3)

    def full(*arguments, **named):
        raise FULL

    with monkeypatch.context() as patch:
        patch.setattr(durable, "append_to", full)
        with pytest.raises(OSError, match="space"):
            log.append(lambda first: leaves(first, 2, "never said"))
        assert log.size == 3
    log.append(lambda first: leaves(first, 1))
    assert [entry for _, entry in log_at(tmp_path).entries()] == leaves(0, 4)
