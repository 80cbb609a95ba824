"""What an attacker found in the bureau and the object store, each as it was shown, over a shared folder."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import astuple, replace
from datetime import timedelta
from pathlib import Path

import pytest

from avrecord import durable
from avrecord import station as stations
from avrecord.bureau import duty
from avrecord.bureau import stations as taken
from avrecord.bureau.book import Book, Item, Result, Worker
from avrecord.bureau.campaigns import book, cancel, leave_receipts, open_campaign
from avrecord.bureau.chunk import work
from avrecord.bureau.local import run_local, this_worker
from avrecord.bureau.rounds import take_from_store
from avrecord.bureau.scope import Scope
from avrecord.errors import ConfigError, LogBehind, StoreProblem
from avrecord.model import statement as say
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.replies import has_receipt
from avrecord.pipeline.sending import send_log
from avrecord.pipeline.storing import PROBED, open_objects, trusted_objects
from avrecord.pipeline.sync import Line, sync
from avrecord.pipeline.witnessing import trust
from avrecord.store.copyreceipt import store_of
from avrecord.vault.objects import FolderObjects
from conftest import NOW, pattern
from stations.test_through_the_store import set_in

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def town(kit, root, dcam, dock, tmp_path):
    """A station of three clips that sent them, and a bureau; both opened anew each time, with a clock that stands still."""
    dock(dcam({"VIDEO/090000.mp4": pattern(3000), "VIDEO/091000.mp4": pattern(5000, 2), "VIDEO/092000.mp4": pattern(700, 3)}))
    kit.store.close()
    made = Town(tmp_path, root)
    made.sync()
    return made


class Town:
    def __init__(self, folder: Path, root: Path) -> None:
        self.folder, self.root, self.share, self.house = folder, root, folder / "share", folder / "bureau"
        self.share.mkdir()
        stations.create(self.house, "bureau", "市局")
        clip, vkey = ((self.house / "keys" / name).read_text("ascii").strip() for name in ("clip.pub", "witness.vkey"))
        for each in (root, self.house):
            set_in(each, "store", url=str(self.share))
        set_in(root, "sync", bureau_key=clip, witness=vkey)
        self.opened: list[Kit] = []
        trust(self.bureau(), self.station().log_key.vkey)

    def station(self, root: Path | None = None) -> Kit:
        return self._kit(root or self.root)

    def bureau(self) -> Kit:
        return self._kit(self.house)

    def sync(self, again: bool = False):
        kit = self.station()
        return sync(trusted_objects(kit), kit, Line(kit), again)

    def turn(self):
        kit = self.bureau()
        return duty.turn(trusted_objects(kit), kit)

    def clips(self) -> list[Path]:
        return sorted(self.share.rglob("*.mp4"))

    def receipts(self) -> list[Path]:
        return sorted((self.share / "bureau" / "station-01" / "receipts").glob("*.txt"))

    def _kit(self, root: Path) -> Kit:
        kit = stations.open_station(root, clock=lambda: NOW)
        self.opened.append(kit)
        return kit


def changed(path: Path, content: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(content)


def test_sending_again_from_an_old_image_is_refused_as_sending_is(town, tmp_path):
    shutil.copytree(town.root, tmp_path / "image")
    kit = town.station()
    state(kit, [say.ServiceStarted(version=f"{n}") for n in range(5)])
    town.sync()
    before = {path: path.read_bytes() for path in town.share.rglob("*") if path.is_file()}
    old = town.station(tmp_path / "image")
    for again in (False, True):
        with pytest.raises(LogBehind):
            send_log(trusted_objects(old), old, again)
    assert {path: path.read_bytes() for path in town.share.rglob("*") if path.is_file()} == before


def test_a_store_that_lies_about_tiles_freezes_no_honest_station(town):
    """A flipped hash at the first fetch, and later a genuine older checkpoint of a size that was never seen."""
    log = town.share / "stations" / "station-01" / "log"
    kit = town.station()
    old = (log / "checkpoint").read_bytes()
    state(kit, [say.ServiceStarted(version=f"{n}") for n in range(4)])
    town.sync()
    for tile in (log / "tile" / "0").rglob("*"):
        if tile.is_file():
            content = bytearray(tile.read_bytes())
            content[3] ^= 1
            changed(tile, bytes(content))
    town.turn()
    changed(log / "checkpoint", old)
    town.turn()
    assert taken.frozen_for("station-01", town.bureau()) == ""


def test_the_journal_in_the_store_never_says_more_than_its_checkpoint(town):
    kit = town.station()
    signed = kit.log.checkpoint()
    state(kit, [say.ServiceStarted(version="while it was sent")])
    from avrecord.pipeline.journalling import fetch_journal, journal_until, send_journal

    send_journal(trusted_objects(kit), kit.station, kit.log.folder, signed)
    found = fetch_journal(trusted_objects(kit), kit.station)
    assert found == journal_until((kit.log.folder / "checkpoints.txt").read_bytes(), signed)
    assert (
        found.decode().count("avrecord.log/station-01\n")
        == (kit.log.folder / "checkpoints.txt").read_text().count("avrecord.log/station-01\n") - 1
    )


def begun(town: Town) -> tuple[Kit, str]:
    kit = town.bureau()
    take_from_store(trusted_objects(kit), "station-01", kit)
    name = duty.begin(trusted_objects(kit), kit, Scope(), "SJ1")
    assert name
    return kit, name


def test_living_workers_on_one_chunk_blame_no_clip(town):
    """`resume` said again and again while another one is at work: no process died, so nothing counts against the clip in hand."""
    kit, name = begun(town)
    with book(kit) as found:
        other = Worker("here", f"{os.getppid()}-x", lambda _: True)
        chunk = found.begin(name, 0, other)
        found.hold(chunk, chunk.items[0])
        for number in range(5):
            again = found.begin(name, 0, Worker("here", f"{number}-1", lambda _: True))
            assert again.poisoned == ""
            found.hold(again, again.items[0])
    run_local(name, kit, workers=1)
    assert totals(kit, name) == {"OK": 3}


def test_a_chunk_whose_worker_lost_the_database_is_not_left_in_its_hands(town):
    """That worker lives, and is at work on something else: the full drill hung on it for ever."""
    kit, name = begun(town)
    with book(kit) as found:
        chunk = found.begin(name, 0, replace(this_worker(), process=f"{os.getppid()}-x", is_alive=lambda _: True))
        found.hold(chunk, chunk.items[0])
    run_local(name, kit, workers=1)
    assert totals(kit, name) == {"OK": 3}


def test_two_at_one_chunk_is_one_too_many(town):
    kit, name = begun(town)
    from avrecord.bureau.local import _at_work, do_chunk

    with _at_work(kit, name, 0) as free:
        assert free
        do_chunk(str(town.house), name, 0)
        assert totals(kit, name) == {}
    do_chunk(str(town.house), name, 0)
    assert totals(kit, name) == {"OK": 3}


def totals(kit: Kit, name: str) -> dict[str, int]:
    with book(kit) as found:
        return {row["finding"]: row["count"] for row in found.rows.rows("totals", campaign=name)}


def test_a_word_that_nobody_could_finish_replaces_no_sound_result(town):
    kit, name = begun(town)
    run_local(name, kit, workers=1)
    with book(kit) as found:
        row = found.rows.row("one_chunk", campaign=name, number=0)
        item = Item(*json.loads(row["items"])[0])
        chunk = replace_chunk(found, name)
        found.note(chunk, Result(item, "UNREADABLE", "late"), None)
    assert totals(kit, name) == {"OK": 3}


def replace_chunk(found: Book, name: str):
    from avrecord.bureau.book import Chunk

    row = found.rows.row("one_chunk", campaign=name, number=0)
    return Chunk(name, 0, row["station"], row["kind"], row["store"], (), "")


def test_a_campaign_over_one_store_says_nothing_of_another(town, tmp_path):
    kit, name = begun(town)
    (tmp_path / "empty").mkdir()
    other = FolderObjects(tmp_path / "empty")
    with book(kit) as found, pytest.raises(StoreProblem, match="是对"):
        work(found, other, name, 0, this_worker(), {})
    assert totals(kit, name) == {}
    run_local(name, kit, workers=1)
    assert leave_receipts(kit, other) == 0
    assert leave_receipts(kit, trusted_objects(kit)) == 3
    assert {store_of(path.read_bytes()) for path in town.receipts()} == {str(town.share)}


def test_a_receipt_says_when_clips_were_read_not_when_it_was_signed(town):
    kit, name = begun(town)
    run_local(name, kit, workers=1)
    later = replace(kit, clock=lambda: NOW + timedelta(days=21))
    leave_receipts(later, trusted_objects(kit))
    [receipt] = town.receipts()
    assert "2026-12" not in receipt.read_text("utf-8").split("日志检查点")[0]


def test_no_card_is_released_on_a_receipt_of_another_store_or_of_what_is_gone(town, tmp_path):
    town.turn()
    town.sync()
    kit = town.station()
    store, clip = trusted_objects(kit), kit.records.clips()[0]
    assert has_receipt(store, clip, kit)
    [lost] = [path for path in town.clips() if path.name == clip.name]
    lost.chmod(0o600)
    lost.unlink()
    assert not has_receipt(store, clip, kit)
    (tmp_path / "new").mkdir()
    assert not has_receipt(FolderObjects(tmp_path / "new"), clip, kit)


def test_the_bureau_signs_for_no_clip_that_nobody_asked_for(town):
    """A worker's database role may write any result; what it says of clips that the log does not have there is not signed."""
    kit, name = begun(town)
    with book(kit) as found:
        chunk = found.begin(name, 0, this_worker())
        for item in (*chunk.items, Item("ab" * 32, 9, "never/sent.mp4", 5)):
            found.note(chunk, Result(item, "OK", "", item.clip), None)
        found.finish(chunk)
    assert leave_receipts(kit, trusted_objects(kit)) == 3
    assert "never/sent" not in town.receipts()[0].read_text("utf-8")


def test_one_hostile_seal_keeps_nobody_elses_receipts_waiting(town):
    seal = Path(f"{town.clips()[0]}.sig")
    changed(seal, b"x" * (65 << 10))
    assert town.turn().receipts == 2
    kit = town.bureau()
    assert totals(kit, duty.latest(kit)[0]) == {"BAD_SIGNATURE": 1, "OK": 2}


def test_a_path_that_no_store_can_have_is_a_finding_and_stops_nothing(town):
    kit, _ = begun(town)
    name = open_campaign(kit, trusted_objects(kit).name, Scope(), "SJ1")
    with book(kit) as found:
        row = found.rows.row("one_chunk", campaign=name, number=0)
        items = [Item(*fields) for fields in json.loads(row["items"])]
        items[1] = replace(items[1], stored="../../x")
        with closing(stations_sqlite(town)) as connection:
            connection.execute("UPDATE chunks SET items = ? WHERE campaign = ?", [json.dumps([astuple(i) for i in items]), name])
            connection.commit()
    run_local(name, kit, workers=1)
    assert totals(kit, name) == {"OK": 2, "UNREADABLE": 1}


def stations_sqlite(town: Town):
    from sqlite_utils.utils import sqlite3

    return sqlite3.connect(town.house / "bureau" / "campaigns.db")


def test_a_leaf_that_this_program_cannot_read_stops_that_station_alone(town, tmp_path):
    """A modified station states a key that is none and a time that is none; another one is taken and receipted all the same."""
    kit = town.station()
    state(kit, [say.KeyChanged(role="clip", key_id="x", public="garbage", reason="rotated", endorsement=None)])
    town.sync()
    assert town.turn().receipts == 3


def test_without_the_bureaus_key_clips_are_sent_all_the_same(town, dcam, dock, kit):
    town.turn()
    settings = town.root / "station.toml"
    lines = [line for line in settings.read_text("utf-8").splitlines() if not line.startswith("bureau_key")]
    settings.write_text("\n".join(lines), "utf-8")
    sent = town.sync()
    assert (sent.left, sent.replies.receipts) == (0, 0)


def test_junk_among_the_answers_is_told_and_stops_no_upload(town):
    folder = town.share / "bureau" / "station-01" / "receipts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "junk.txt").write_bytes(b"x" * (5 << 20))
    sent = town.sync()
    assert (sent.left, len(sent.replies.refused)) == (0, 1)


def test_an_outage_at_the_first_probe_condemns_no_store(town, monkeypatch):
    (town.root / PROBED).unlink()
    kit = town.station()
    monkeypatch.setattr(FolderObjects, "read", lambda *_: (_ for _ in ()).throw(StoreProblem(detail="timed out")))
    with pytest.raises(StoreProblem, match="稍后再试"):
        trusted_objects(kit)
    monkeypatch.undo()
    assert trusted_objects(town.station()).name == str(town.share)


def test_what_was_verified_long_ago_gets_its_receipt_whatever_came_since(town):
    kit, name = begun(town)
    run_local(name, kit, workers=1)
    for _ in range(120):
        open_campaign(kit, trusted_objects(kit).name, Scope(since="2026-11-21T00:00:00.000000Z"), "SJ1")
    assert len(duty.unfinished(kit)) == 120
    assert leave_receipts(kit, trusted_objects(kit)) == 3


def test_a_clip_that_was_lost_and_sent_again_is_verified_again(town):
    lost = town.clips()[0]
    content = lost.read_bytes()
    lost.chmod(0o600)
    lost.unlink()
    assert town.turn().receipts == 2
    assert town.sync(again=True).clips == 1
    assert lost.read_bytes() == content
    assert town.turn().receipts == 1
    assert town.turn().campaign is None


def test_what_a_cancelled_campaign_did_not_come_to_is_new_again(town):
    kit = town.bureau()
    take_from_store(trusted_objects(kit), "station-01", kit)
    name = duty.begin(trusted_objects(kit), kit, Scope(new=True), "SJ1")
    assert duty.begin(trusted_objects(kit), kit, Scope(new=True), "SJ1") is None
    cancel(kit, name)
    assert town.turn().receipts == 3


def test_an_attachment_that_was_away_for_a_round_comes_with_the_next(town):
    kit = town.station()
    digest = kit.attachments.put(b"a purpose")
    state(kit, [say.ClipViewed(clip="0" * 64, how="taken", why=digest)])
    path = kit.attachments.path(digest)
    path.rename(path.with_name("away"))
    assert town.sync().log.absent == (digest,)
    path.with_name("away").rename(path)
    assert town.sync().log.absent == ()
    assert (town.share / "stations" / "station-01" / "attachments" / digest[:2] / digest).read_bytes() == b"a purpose"


def test_a_wrong_attachment_from_the_store_is_not_kept(town):
    digest = "ab" * 32
    lying = town.share / "stations" / "station-01" / "attachments" / "ab" / digest
    lying.parent.mkdir(parents=True, exist_ok=True)
    lying.write_bytes(b"something else")
    from avrecord.bureau.mirror import StoredAttachments
    from avrecord.errors import EvidenceError

    found = StoredAttachments(town.folder / "kept", lambda: open_objects(town.bureau()), "station-01")
    for _ in range(3):
        with pytest.raises(EvidenceError):
            found.get(digest)
    assert not list((town.folder / "kept").rglob("*"))


def test_silence_is_counted_by_the_bureaus_own_clock(town):
    town.turn()
    from avrecord.reads.town import town as overview

    heard = taken.memory("station-01", town.bureau()) / "seen"
    long_ago = (NOW - timedelta(days=9)).timestamp()
    os.utime(heard, (long_ago, long_ago))
    ahead = stations.open_station(town.root, clock=lambda: NOW + timedelta(days=400))
    state(ahead, [say.ServiceStarted(version="a clock far ahead")])
    ahead.store.close()
    [row] = overview(town.bureau()).rows
    assert row["state"] == "silent"


def test_a_frozen_station_gets_no_campaign_and_no_receipt_until_it_is_lifted(town):
    kit = town.bureau()
    take_from_store(trusted_objects(kit), "station-01", kit)
    reason = taken.memory("station-01", kit) / "frozen.reason"
    durable.replace_with(reason, "查明之前\n".encode())
    assert duty.begin(trusted_objects(kit), kit, Scope(new=True), "SJ1") is None
    reason.unlink()
    assert town.turn().receipts == 3


def test_a_worker_that_is_set_wrong_takes_no_task(town):
    from avrecord.bureau.local import hand
    from avrecord.bureau.queue import run_worker

    with pytest.raises(ConfigError, match="PostgreSQL"):
        run_worker(hand(town.house), "worker", until_idle=True)
