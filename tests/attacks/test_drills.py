"""Attack drills: as root, with the station's own keys. Each row says what is found, and what is not.

With evidence from outside the log's rebuilding is caught; without it the verdict says that it cannot
be seen (NO_EXTERNAL_REFERENCE), and nothing more is claimed.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from avrecord import station
from avrecord.dock.volumes import volume_at
from avrecord.model.clip import ClipId
from avrecord.model.statement import ServiceStarted, Statement, Taken
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import receive
from avrecord.pipeline.record import state
from avrecord.pipeline.verify import Demand, verify
from avrecord.seal.codec import decode, encode
from avrecord.seal.keys import load
from avrecord.seal.log import Log
from avrecord.seal.signer import SoftSigner
from avrecord.seal.sshsig import sign
from avrecord.store.sqlite import sqlite3
from conftest import NOW, pattern


@pytest.fixture
def lived(root: Path, dcam, tmp_path: Path) -> Kit:
    """A station with three clips; a checkpoint was carried away when it held the first two."""
    kit = station.open_station(root, clock=lambda: NOW)
    receive(volume_at(dcam({"VIDEO/090000.mp4": pattern(9000), "VIDEO/090100.mp4": pattern(9000, 2)})), kit)
    (tmp_path / "carried.checkpoint").write_text(kit.log.checkpoint(), "utf-8")
    shutil.copytree(root, tmp_path / "image")
    receive(volume_at(dcam({"VIDEO/090200.mp4": pattern(9000, 3)}, name="slot2")), kit)
    (tmp_path / "later.checkpoint").write_text(kit.log.checkpoint(), "utf-8")
    yield kit
    kit.store.close()


def bad(kit: Kit, *checkpoints: Path) -> dict[str, int]:
    """Findings other than good ones."""
    totals = verify(kit, demand=Demand(checkpoints)).totals
    return {code: count for code, count in totals.items() if code not in ("OK", "OK_UNWITNESSED")}


def forge(kit: Kit, change) -> None:
    """Rebuild the whole log with the station's keys from changed statements; the index follows it."""
    said = [change(decode(entry, index)) for index, entry in kit.log.entries()]
    kept = [replace(statement, seq=n) for n, statement in enumerate(s for s in said if s is not None)]
    folder, keys = kit.log.folder, load(kit.root / "keys", kit.station)
    shutil.rmtree(folder)
    Log(folder, keys.log, keys.origin).append(lambda first: [encode(statement) for statement in kept])
    kit.store.close()
    station.rebuild(kit.root)
    for old in kit.root.glob("avrecord.db.old*"):
        old.unlink()


def reopened(kit: Kit) -> Kit:
    kit.store.close()
    return station.open_station(kit.root, clock=lambda: NOW)


def first_clip(kit: Kit) -> Path:
    return kit.vault.path(next(clip.stored for clip in kit.records.clips() if "090000" in clip.name))


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.chmod(0o600)
    path.write_bytes(content)


def test_a_bit_flipped_in_a_clip_alters_that_clip_and_nothing_else(lived):
    flip(first_clip(lived))
    assert bad(lived) == {"ALTERED": 1, "NO_EXTERNAL_REFERENCE": 1}


def test_altering_the_database_with_the_clip_helps_nobody(lived):
    path = first_clip(lived)
    flip(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with sqlite3.connect(lived.store.path) as connection:
        connection.execute("UPDATE clips SET clip_id = ? WHERE name LIKE '%090000%'", [digest])
    connection.close()
    found = bad(lived)
    assert found["ALTERED"] == 1
    assert found["INDEX_DIFFERS"] >= 2


@pytest.mark.parametrize("outside", [True, False])
def test_clip_statement_and_seal_remade_and_the_log_rebuilt(lived, tmp_path, outside):
    path = first_clip(lived)
    old = hashlib.sha256(path.read_bytes()).hexdigest()
    flip(path)
    new = hashlib.sha256(path.read_bytes())
    seal = path.with_name(path.name + ".sig")
    seal.chmod(0o600)
    seal.write_text(sign(lived.sealer.key, new.digest()), "ascii")

    def change(said: Statement) -> Statement:
        if isinstance(said.body, Taken) and said.body.clip == old:
            return replace(said, body=replace(said.body, clip=new.hexdigest()))
        return said

    forge(lived, change)
    kit = reopened(lived)
    if outside:
        assert bad(kit, tmp_path / "carried.checkpoint") == {"LOG_FORK": 1}
        assert len(list((kit.root / "exports" / "fork").iterdir())) == 2
    else:
        assert bad(kit) == {"NO_EXTERNAL_REFERENCE": 1}


@pytest.mark.parametrize("outside", [True, False])
def test_the_newest_clip_dropped_and_older_copies_restored(lived, tmp_path, outside):
    lived.store.close()
    shutil.rmtree(lived.root)
    shutil.copytree(tmp_path / "image", lived.root)
    kit = station.open_station(lived.root, clock=lambda: NOW)
    expected = {"LOG_TRUNCATED": 1} if outside else {"NO_EXTERNAL_REFERENCE": 1}
    assert bad(kit, *([tmp_path / "later.checkpoint"] if outside else [])) == expected
    kit.store.close()


def test_leaves_put_in_another_order_are_a_fork_against_an_outside_checkpoint(lived, tmp_path):
    said = [decode(entry, index) for index, entry in lived.log.entries()]
    clips = [statement.seq for statement in said if isinstance(statement.body, Taken)]
    swap = {clips[0]: said[clips[1]], clips[1]: said[clips[0]]}
    forge(lived, lambda statement: swap.get(statement.seq, statement))
    assert bad(reopened(lived), tmp_path / "carried.checkpoint") == {"LOG_FORK": 1}


@pytest.mark.parametrize("outside", [True, False])
def test_a_clip_dated_back_contradicts_the_leaves_before_it_and_is_a_fork_against_an_outside_checkpoint(lived, tmp_path, outside):
    def change(said: Statement) -> Statement:
        if isinstance(said.body, Taken) and "090000" in said.body.path:
            return replace(said, at="2026-11-01T00:00:00.000000Z")
        return said

    forge(lived, change)
    kit = reopened(lived)
    if outside:
        assert bad(kit, tmp_path / "carried.checkpoint") == {"LOG_FORK": 1, "TIME_INCONSISTENT": 1}
    else:
        assert bad(kit) == {"NO_EXTERNAL_REFERENCE": 1, "TIME_INCONSISTENT": 1}


def test_signatures_swapped_between_two_clips_fit_neither(lived):
    one, two = (lived.vault.path(clip.stored) for clip in lived.records.clips()[:2])
    seals = [path.with_name(path.name + ".sig") for path in (one, two)]
    texts = [seal.read_text("ascii") for seal in seals]
    for seal, text in zip(seals, reversed(texts), strict=True):
        seal.chmod(0o600)
        seal.write_text(text, "ascii")
    assert bad(lived) == {"BAD_SIGNATURE": 2, "NO_EXTERNAL_REFERENCE": 1}


def test_a_clip_sealed_with_a_key_that_the_log_never_named(lived):
    path = first_clip(lived)
    seal = path.with_name(path.name + ".sig")
    seal.chmod(0o600)
    (clip,) = [clip for clip in lived.records.clips() if "090000" in clip.name]
    seal.write_text(sign(SoftSigner.generate(), clip.id.digest), "ascii")
    assert bad(lived) == {"UNKNOWN_KEY": 1, "NO_EXTERNAL_REFERENCE": 1}


def test_an_old_clip_presented_again_under_a_new_name_is_no_new_clip(lived, dcam):
    receipt = receive(volume_at(dcam({"VIDEO/150000.mp4": pattern(9000)}, name="slot9")), lived)
    assert (receipt.sealed, receipt.again) == (0, 1)
    (clip,) = [c for c in lived.records.clips() if c.id == ClipId(hashlib.sha256(pattern(9000)).hexdigest())]
    assert "090000" in clip.name


def test_two_logs_shown_to_two_people_are_proof_of_a_fork(lived, tmp_path):
    lived.store.close()
    other = tmp_path / "other"
    shutil.copytree(tmp_path / "image", other)
    shown = station.open_station(other, clock=lambda: NOW)
    for _ in range(2):
        state(shown, [ServiceStarted(version="another story")])
    (tmp_path / "second.checkpoint").write_text(shown.log.checkpoint(), "utf-8")
    shown.store.close()
    kit = station.open_station(lived.root, clock=lambda: NOW)
    found = bad(kit, tmp_path / "second.checkpoint")
    assert set(found) <= {"LOG_FORK", "LOG_TRUNCATED"}
    assert found
    kit.store.close()


def test_a_row_edited_in_the_database_is_shown_with_both_versions(lived):
    with sqlite3.connect(lived.store.path) as connection:
        connection.execute("UPDATE clips SET recorder = 'B200315' WHERE name LIKE '%090000%'")
    connection.close()
    result = verify(lived)
    assert result.totals["INDEX_DIFFERS"] == 2
    assert result.exit_code == 11
    details = [finding for finding in result.findings if finding.code == "INDEX_DIFFERS"]
    assert any("B200315" in (finding.found or "") for finding in details)
    assert any("Z3A0017" in (finding.expected or "") for finding in details)


def test_a_typed_checkpoint_from_a_printed_sheet_counts(lived, tmp_path):
    lines = (tmp_path / "carried.checkpoint").read_text("utf-8").split("\n")
    sheet = tmp_path / "sheet.txt"
    sheet.write_text(f"{lines[0]} {lines[1]} {base64.b64decode(lines[2]).hex()}\n", "utf-8")
    result = verify(lived, demand=Demand((sheet,)))
    assert result.totals["OK"] == 2
    assert result.totals["OK_UNWITNESSED"] == 1
    assert "NO_EXTERNAL_REFERENCE" not in result.totals
