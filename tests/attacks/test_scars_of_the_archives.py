"""What an attacker found in archives made at the bureau, locks, lost attachments and copies for browsers; each is held here."""

from __future__ import annotations

import errno
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from avrecord import durable
from avrecord import station as stations
from avrecord.bureau import archiving, copying, duty, local
from avrecord.bureau.book import Chunk, Item
from avrecord.bureau.scope import Scope
from avrecord.bureau.views import Views
from avrecord.errors import ObjectDiffers, StoreProblem
from avrecord.model import statement as say
from avrecord.pipeline.locking import Locks
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import open_objects, trusted_objects
from avrecord.pipeline.sync import Line, sync
from cli.desk import EAST
from cli.keeper import station as station
from conftest import NOW
from stations.test_archives_at_the_bureau import House, house
from stations.test_locks_in_the_store import Shelf, shelf, turn

pytestmark = pytest.mark.timeout(300)


def sealed(name: str, clip: str, size: int) -> say.ClipSealed:
    """What a station claims of a clip that nobody ever saw."""
    return say.ClipSealed(
        clip=clip, size=size, docking="d1", recorder="Z3A0017", path=f"VIDEO/{name}.mp4", path_raw="YQ==", mtime="5",
        media="video", stored=f"x/{name}.mp4", claimed_start=None, clock_offset_ms=None, clock_uncertainty_ms=None,
        user=None, sequence=None,
        important=False, read_back="direct", key_id="k",
    )  # fmt: skip


def bureau(house: House):
    return stations.open_station(house.bureau.root, clock=lambda: NOW)


@pytest.mark.parametrize("where", ["data", "data/clips", "."])
def test_a_link_on_the_archives_disk_leads_the_bureau_nowhere(house, tmp_path, where):
    victim = tmp_path / "victim"
    (victim / "log").mkdir(parents=True)
    (victim / "station.toml").write_text("x")
    (victim / "log" / "checkpoint").write_text("x")
    partial = house.to / "station-01" / f".{EAST}-2026.partial"
    link = partial if where == "." else partial / where
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(victim)
    said = house.archive("--unit", EAST)
    assert ("是一个链接" in said.err, "Traceback" in said.err, house.bag().exists()) == (True, False, False)
    assert sorted(path.name for path in victim.rglob("*") if path.is_file()) == ["checkpoint", "station.toml"]
    assert not list(victim.rglob("*.mp4"))


def test_a_link_that_comes_while_the_clips_do_is_met_before_anything_is_removed(house, tmp_path):
    kit = bureau(house)
    name = duty.begin(trusted_objects(kit), kit, Scope(year=2026, unit=EAST), "SJ1", "archive")
    local.run_local(name, kit)
    partial = house.to / "station-01" / f".{EAST}-2026.partial"
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim" / "kept").write_text("x")
    (partial / "data").rename(tmp_path / "moved")
    (partial / "data").symlink_to(tmp_path / "victim")
    assert archiving.close_archives(kit, trusted_objects(kit)) == []
    assert [path.name for path in (tmp_path / "victim").iterdir()] == ["kept"]


def test_a_link_in_the_middle_of_a_campaign_stops_no_turn(house, tmp_path):
    kit = bureau(house)
    duty.begin(trusted_objects(kit), kit, Scope(year=2026, unit=EAST), "SJ1", "archive")
    clips = house.to / "station-01" / f".{EAST}-2026.partial" / "data" / "clips"
    clips.rmdir()
    (tmp_path / "victim").mkdir()
    clips.symlink_to(tmp_path / "victim")
    said = house.bureau("bureau", "run", "--once")
    assert (said.code, list((tmp_path / "victim").iterdir())) == (0, []), said.err


def test_a_link_below_the_clips_is_written_through_by_nobody(house, tmp_path):
    place = local.hand(house.bureau.root)
    clips = house.to / "station-01" / f".{EAST}-2026.partial" / "data" / "clips"
    clips.mkdir(parents=True)
    (tmp_path / "victim").mkdir()
    (clips / "2026-11-21").symlink_to(tmp_path / "victim")
    chunk = Chunk("c", 0, "station-01", "archive", "s", (), "", Scope(year=2026, unit=EAST).text)
    clip = house.station.id("120000")
    found = archiving.bring_clip(open_objects(place), chunk, Item(clip.id.hex, 1, clip.stored, clip.size), {}, place)
    assert (found.finding, list((tmp_path / "victim").iterdir())) == ("UNREADABLE", [])


def test_sizes_that_no_file_has_stop_no_other_station(house):
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    claims = [sealed(f"{n}", clip=f"{n:064x}", size=-(2**53) + 1) for n in range(1, 1100)]
    state(kit, claims)
    for at in range(0, len(claims), 32):
        some = tuple(each.clip for each in claims[at : at + 32])
        state(kit, [say.ClipsUploaded(store=str(house.share), clips=some, bytes=0)])
    kit.store.close()
    house.station("sync")
    said = house.bureau("bureau", "run", "--once")
    assert said.code == 0, said.err


def test_two_that_close_one_bag_do_not_take_each_others_manifests_away(house):
    kit = bureau(house)
    objects = trusted_objects(kit)
    name = duty.begin(objects, kit, Scope(year=2026, unit=EAST), "SJ1", "archive")
    local.run_local(name, kit)
    held, let_go = threading.Event(), threading.Event()

    def other() -> None:
        with durable.locked(kit.root / archiving.LOCK):
            held.set()
            let_go.wait(20)

    one = threading.Thread(target=other)
    one.start()
    held.wait(20)
    assert archiving.close_archives(kit, objects) == []
    let_go.set()
    one.join()
    assert len(archiving.close_archives(kit, objects)) == 1


def test_a_bag_that_is_not_as_it_was_brought_is_read_once_and_given_up(house, monkeypatch):
    kit = bureau(house)
    objects = trusted_objects(kit)
    name = duty.begin(objects, kit, Scope(year=2026, unit=EAST), "SJ1", "archive")
    local.run_local(name, kit)
    victim = next((house.to / "station-01").rglob("*120000.mp4"))
    victim.chmod(0o600)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    count = []
    real = archiving.finish
    monkeypatch.setattr(archiving, "finish", lambda *a, **k: count.append(1) or real(*a, **k))
    for _ in range(3):
        assert archiving.close_archives(kit, objects) == []
    assert len(count) == 1


def test_asking_twice_is_one_campaign(house):
    kit = bureau(house)
    objects, scope = trusted_objects(kit), Scope(year=2026, unit=EAST)
    assert duty.begin(objects, kit, scope, "SJ1", "archive") == duty.begin(objects, kit, scope, "SJ2", "archive")
    assert len(duty.latest(kit)) == 2, "beside the verification of what was new"


@pytest.mark.parametrize("stored", ["", ".", "VIDEO", "x" * 300, "a\0b"])
def test_a_name_that_no_disk_takes_is_a_finding_and_no_disk_that_is_away(house, stored):
    place = local.hand(house.bureau.root)
    folder = house.to / "station-01" / f".{EAST}-2026.partial" / "data" / "clips"
    (folder / "VIDEO").mkdir(parents=True)
    chunk = Chunk("c", 0, "station-01", "archive", "s", (), "", Scope(year=2026, unit=EAST).text)
    source = house.share / "stations" / "station-01" / "vault" / "VIDEO"
    found = archiving.bring_clip(open_objects(place), chunk, Item("0" * 64, 1, stored, 5), {}, place)
    assert found.finding in ("UNREADABLE", "MISSING", "ALTERED"), (found, source)


def test_a_bag_bears_the_name_under_which_its_station_is_trusted(house):
    settings = house.station.root / "station.toml"
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    lie = settings.read_text("utf-8").replace('id = "station-01"', 'id = "station-77"').encode()
    state(kit, [say.ConfigChanged(config=kit.attachments.put(lie))])
    kit.store.close()
    house.station("sync")
    assert house.bureau("bureau", "run", "--once").code == 0
    mine = bureau(house)
    with Views(mine).of("station-01") as view:
        assert view.station == "station-01"
    assert house.archive("--unit", EAST).code == 0
    assert "采集站：station-01" in house.bag().with_name(f"{EAST}-2026-RECEIPT.txt").read_text("utf-8")


def test_an_attachment_on_a_bad_sector_keeps_nothing_else_from_being_sent(house, monkeypatch):
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    digest = kit.attachments.put(b"unreadable")
    state(kit, [say.ClipViewed(clip="0" * 64, how="taken", why=digest)])
    real = Path.read_bytes

    def broken(path: Path) -> bytes:
        if path.name == digest:
            raise OSError(errno.EIO, "Input/output error")
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", broken)
    sent = sync(open_objects(kit), kit, Line(kit))
    assert (sent.log.size, sent.log.absent) == (kit.log.size, (digest,))


def test_a_copy_is_of_one_station_though_another_states_the_same_digest(house):
    kit = bureau(house)
    clip = house.station.id("120000")
    path = kit.root / "proxies" / "station-01" / f"{clip.id.hex}.mp4"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"copy")
    assert copying.copy_of("station-01", clip, kit) == path
    assert copying.copy_of("station-02", clip, kit) is None


def test_an_object_without_end_does_not_fill_the_bureaus_disk(house):
    kit = bureau(house)
    clip, copy = house.station.id("120000"), house.copy("120000")
    copy.chmod(0o600)
    with copy.open("ab") as file:
        file.truncate(3 << 30)
    with pytest.raises(ObjectDiffers):
        copying.make_copy(open_objects(kit), "station-01", clip, kit)
    left = [path for path in (kit.root / "bureau" / "looking").rglob("*") if path.is_file()]
    assert left == []


def test_a_clip_that_was_sealed_by_a_clock_in_the_future_is_not_locked_for_years(station, shelf):
    station.at(NOW.replace(year=2099))
    kit = station.kit()
    state(kit, [sealed("a", clip="ab" * 32, size=1)])
    state(kit, [say.ClipsUploaded(store=shelf.name, clips=("ab" * 32,), bytes=1)])
    kit.store.close()
    station.at(NOW)
    kit = turn(station, shelf)
    assert any("将来" in why for why in turn.sent.unlocked.values())


def test_a_store_without_a_clock_locks_nothing_by_days(station, shelf, monkeypatch):
    station.at(NOW)
    monkeypatch.setattr(Shelf, "now", lambda _: None)
    turn(station, shelf)
    assert (turn.sent.clips, turn.sent.locked, list(turn.sent.unlocked)) == (5, 0, ["*"])


def test_an_object_that_cannot_be_locked_keeps_no_reply_and_no_other_lock_waiting(station, shelf, monkeypatch):
    station.at(NOW)
    kit = station.kit()
    first = min(clip.stored for clip in kit.records.clips())
    real = Shelf.keep

    def keep(self, key, until):
        if key.endswith(first):
            raise StoreProblem(detail="denied", code="AccessDenied")
        return real(self, key, until)

    monkeypatch.setattr(Shelf, "keep", keep)
    turn(station, shelf)
    assert (turn.sent.locked, len(turn.sent.unlocked)) == (4, 1)


def test_locks_of_a_large_station_are_spread_over_rounds(station, shelf, monkeypatch):
    monkeypatch.setattr("avrecord.pipeline.locking.MOST_AT_ONCE", 2)
    station.at(NOW)
    kit = station.kit()
    locks = Locks(shelf, kit)
    assert [sync(shelf, kit, Line(kit), locks=locks).locked for _ in range(4)] == [2, 2, 1, 0]


def test_a_clock_that_jumps_for_a_round_states_no_loss(house):
    kit = stations.open_station(house.station.root, clock=lambda: NOW)
    digest = kit.attachments.put(b"away for an hour")
    state(kit, [say.ClipViewed(clip="0" * 64, how="taken", why=digest)])
    path = kit.attachments.path(digest)
    path.rename(path.with_name("away"))
    far = stations.open_station(house.station.root, clock=lambda: NOW + timedelta(days=27000))
    sync(open_objects(far), far, Line(far))
    back = stations.open_station(house.station.root, clock=lambda: NOW)
    sync(open_objects(back), back, Line(back))
    assert NOW.isoformat()[:10] in (house.station.root / "sync-owed").read_text("ascii"), "a moment ahead is counted anew"


def test_a_bag_that_has_its_name_and_no_statement_is_looked_at_again(house):
    """A crash between the two; and a folder that somebody put there."""
    kit = bureau(house)
    objects = trusted_objects(kit)
    scope = Scope(year=2026, unit=EAST)
    local.run_local(duty.begin(objects, kit, scope, "SJ1", "archive"), kit)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archiving, "state_made", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            archiving.close_archives(kit, objects)
    assert house.bag().exists()
    kit = bureau(house)
    assert kit.store.rows("archives") == []
    assert house.archive("--unit", EAST).code == 0
    assert len(bureau(house).store.rows("archives")) == 1
    assert duty.begin(objects, bureau(house), scope, "SJ1", "archive") is None, "now it is done"


def test_a_folder_of_somebody_elses_under_a_bags_name_is_named_and_not_taken_for_one(house):
    house.bag().mkdir(parents=True)
    (house.bag() / "别人的.txt").write_text("x", "utf-8")
    said = house.archive("--unit", EAST)
    assert "不是这里造的归档包" in said.err
    assert bureau(house).store.rows("archives") == []
    assert [path.name for path in house.bag().iterdir()] == ["别人的.txt"]
