"""Locks: what the retention rule keeps nobody can remove from the store, and a lock only ever becomes longer."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import botocore.exceptions
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.errors import LockNotKept, ObjectMissing, StoreProblem
from avrecord.model.keeping import Fate, Ground, Hold, Keeping
from avrecord.model.moments import day_begins, from_utc_text, local_day
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.locking import OPEN_LEFT_DAYS, Locks, term
from avrecord.pipeline.retention import Kept
from avrecord.pipeline.storing import clip_key
from avrecord.pipeline.sync import Line, sync
from avrecord.rules.retention import fate_of
from avrecord.vault.objects import FolderObjects
from cli.desk import CASE
from cli.keeper import BY, LATER, WHY, Station
from cli.keeper import station as station
from conftest import NOW, PROJECT
from contract import stores
from contract.test_objects import connected

pytestmark = pytest.mark.timeout(300)
DAY = date(2026, 11, 21)


def kept(until: date | None, held: bool = False, needs: tuple[str, ...] = (), listed: bool = False, today: date = DAY) -> Kept:
    ground = Ground("stage", "x", DAY, until, "log:1")
    holds = (Hold(1, "c", None, None, None, None),) if held else ()
    found = Keeping("c", (ground,), holds, needs, listed)
    return Kept({"clip_id": "c"}, found, ground, fate_of(found, today))


@given(
    st.one_of(st.none(), st.dates(date(2020, 1, 1), date(2200, 1, 1))),
    st.booleans(), st.booleans(), st.dates(date(2026, 1, 1), date(2060, 1, 1)),
)  # fmt: skip
def test_a_lock_covers_what_is_kept_and_never_more_than_ten_years(until, held, asks, today):
    wanted = term(kept(until, held, ("important",) if asks else (), today=today), today)
    over = until is not None and until < today
    if over and not held and not asks:
        assert wanted is None, "what may go is not locked any longer"
        return
    assert wanted is not None
    assert today <= wanted.enough <= wanted.until <= today + timedelta(days=3653)
    if until is not None and not over and until <= today + timedelta(days=3200):
        assert wanted.until >= until
    if held or over:
        assert wanted.until >= today + timedelta(days=180)
        assert wanted.enough >= today + timedelta(days=OPEN_LEFT_DAYS)


class Shelf(FolderObjects):
    """A store with locks, as far as this room sees one. `lies`: it takes a request and keeps nothing of it."""

    lies = False

    def __init__(self, root) -> None:
        super().__init__(root)
        self.until: dict[str, datetime] = {}
        self.asked = 0
        self.clock = NOW

    def now(self) -> datetime | None:
        return self.clock

    def keep(self, key: str, until: datetime) -> datetime | None:
        self.asked += 1
        if self.size(key) is None:
            raise ObjectMissing(key=key)
        if self.lies:
            raise LockNotKept(key=key, detail="读回时没有锁定")
        self.until[key] = max(until, self.until.get(key, until))
        return self.until[key]

    def of(self, kit: Kit, stamp: str) -> date:
        """The last day on which a clip cannot be removed."""
        [clip] = [each for each in kit.records.clips() if stamp in each.name]
        key = clip_key(kit.station, clip.stored, clip.id.hex)
        assert self.until[f"{key}.sig"] == self.until[key], "the seal stays as long as its clip"
        return local_day(self.until[key]) - timedelta(days=1)


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    (tmp_path / "shelf").mkdir()
    return Shelf(tmp_path / "shelf")


def turn(station: Station, shelf: Shelf, again: bool = False) -> Kit:
    kit = station.kit()
    shelf.clock = station.now
    turn.sent = sync(shelf, kit, Line(kit), again, Locks(shelf, kit))
    return kit


def test_each_clip_is_locked_as_long_as_its_own_rule_keeps_it(station, shelf):
    station.at(NOW)
    kit = turn(station, shelf)
    assert shelf.of(kit, "120000") == date(2027, 5, 21), "six months: no stage has it"
    assert shelf.of(kit, "090000") == date(2036, 11, 21), "as the case file, which nobody gave an end: ten years at a time"
    assert (turn.sent.locked, turn.sent.unlocked) == (5, {})
    said = kit.store.rows("locks_of", first=0, last=kit.log.size, store=shelf.name)
    assert {from_utc_text(row["until"]) for row in said} == {day_begins(date(2027, 5, 22)), day_begins(date(2036, 11, 22))}
    asked, size = shelf.asked, kit.log.size
    kit.store.close()
    turn(station, shelf).store.close()
    assert (turn.sent.locked, shelf.asked, station.kit().log.size) == (0, asked, size), "what is known is not asked again"


def test_a_link_that_comes_later_makes_the_lock_longer_and_its_end_makes_it_no_shorter(station, shelf):
    station.at(NOW)
    turn(station, shelf).store.close()
    clip = station.id("120000").id.hex
    assert station("cases", "link", CASE, "现场检查", clip, *BY).code == 0
    kit = turn(station, shelf)
    assert (shelf.of(kit, "120000"), turn.sent.locked) == (date(2036, 11, 21), 1)
    kit.store.close()
    assert station("cases", "unlink", CASE, "现场检查", clip, *WHY).code == 0
    kit = turn(station, shelf)
    assert (shelf.of(kit, "120000"), turn.sent.locked) == (date(2036, 11, 21), 0)


def test_a_hold_outlasts_the_rule_and_is_renewed_while_it_stands(station, shelf):
    station.at(NOW)
    assert station("retention", "hold", "set", "--clip", station.id("130000").id.hex, *WHY).code == 0
    kit = turn(station, shelf)
    assert shelf.of(kit, "130000") == date(2027, 5, 21)
    kit.store.close()
    station.at(LATER)  # the rule's time is over
    kit = turn(station, shelf)
    assert shelf.of(kit, "130000") == local_day(LATER) + timedelta(days=180)
    assert shelf.of(kit, "140000") == local_day(LATER) + timedelta(days=180), "a person has to decide about a damaged one"
    assert shelf.of(kit, "120000") == date(2027, 5, 21), "what may go may go"
    kit.store.close()
    station.at(LATER + timedelta(days=80))
    turn(station, shelf).store.close()
    assert turn.sent.locked == 0, "half of the span is left"
    station.at(LATER + timedelta(days=100))
    kit = turn(station, shelf)
    assert shelf.of(kit, "130000") == local_day(LATER) + timedelta(days=280)


def test_a_clip_that_was_lost_and_sent_again_is_locked_again(station, shelf):
    station.at(NOW)
    kit = turn(station, shelf)
    [clip] = [each for each in kit.records.clips() if "090000" in each.name]
    key = clip_key(kit.station, clip.stored, clip.id.hex)
    kit.store.close()
    shelf._path(key).unlink()
    del shelf.until[key], shelf.until[f"{key}.sig"]
    kit = turn(station, shelf, again=True)
    assert (turn.sent.clips, turn.sent.locked) == (1, 1)
    assert shelf.of(kit, "090000") == date(2036, 11, 21)


def test_new_copies_are_locked_at_once_and_all_are_looked_at_once_a_day(station, shelf):
    station.at(NOW)
    kit = station.kit()
    locks = Locks(shelf, kit)
    sync(shelf, kit, Line(kit), locks=locks)
    clip = station.id("120000").id.hex
    station("cases", "link", CASE, "现场检查", clip, *BY)
    assert sync(shelf, kit, Line(kit), locks=locks).locked == 0
    station.now = shelf.clock = NOW + timedelta(days=1)
    assert sync(shelf, kit, Line(kit), locks=locks).locked == 1
    assert shelf.of(kit, "120000") == date(2036, 11, 22)


def test_a_store_that_keeps_no_lock_is_named_and_nothing_is_stated(station, shelf):
    station.at(NOW)
    shelf.lies = True
    kit = turn(station, shelf)
    assert (turn.sent.clips, turn.sent.locked, len(turn.sent.unlocked)) == (5, 0, 5)
    assert {row["until"] for row in kit.store.rows("locks_of", first=0, last=kit.log.size, store=shelf.name)} == {None}
    kit.store.close()
    shelf.lies = False
    turn(station, shelf).store.close()
    assert turn.sent.locked == 5, "it is asked for again"


def identities() -> dict[str, object]:
    """Who may do what, as `deploy/bureau/s3.json` ships it, for this station."""
    text = (PROJECT / "deploy" / "bureau" / "s3.json").read_text("utf-8").replace("donghu-01", "station-01")
    return json.loads(text.replace("换成市局的口令", stores.SECRET).replace("换成采集站的口令", stores.SECRET))


def test_on_a_real_store_nobody_removes_what_the_rule_keeps(station, tmp_path, monkeypatch):
    """Neither with the station's own key, with which it was locked, nor with that of who runs the store."""
    with stores.seaweed(tmp_path / "server", identities()) as server:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "station-01")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stores.SECRET)
        server.shell(f"s3.bucket.create -name {stores.BUCKET} -withLock")  # as docs/bureau.md says
        administrator, own = connected(server, "bureau"), connected(server, "station-01")
        settings = station.root / "station.toml"
        settings.write_text(f'{settings.read_text("utf-8")}\n[store]\nurl = "{server.url}"\nlock = "required"\n', "utf-8")
        now = datetime.now(UTC)  # a real server keeps no lock of days that are over
        station.at(now)
        said = station("sync", "--json")
        assert (said.code, said.json["rows"][0]["clips"], said.json["unlocked"]) == (0, 5, {}), said.err
        assert said.json["rows"][0]["locked"] >= 1
        kit = station.kit()
        clips = {each.name[-10:-4]: each for each in kit.records.clips()}
        for stamp, days in {"090000": 3650, "120000": 180}.items():  # as the case file; and what every object has at least
            key = clip_key(kit.station, clips[stamp].stored, clips[stamp].id.hex)
            for each in (key, f"{key}.sig"):
                there = administrator.client.get_object_retention(Bucket=stores.BUCKET, Key=each)["Retention"]
                assert (there["Mode"], there["RetainUntilDate"] >= now + timedelta(days=days)) == ("COMPLIANCE", True)
                [version] = administrator.client.list_object_versions(Bucket=stores.BUCKET, Prefix=each)["Versions"][:1]
                for who in (own, administrator):
                    assert_kept(who, each, version["VersionId"])
        with pytest.raises(StoreProblem):
            own.put("stations/station-02/vault/x.mp4", b"another's")
        with pytest.raises(StoreProblem):
            own.put("bureau/station-01/receipts/x.txt", b"the bureau's word")


def assert_kept(who, key: str, version: str) -> None:
    words = {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(minutes=1)}
    with pytest.raises(botocore.exceptions.ClientError):
        who.client.put_object_retention(Bucket=stores.BUCKET, Key=key, Retention=words)
    with pytest.raises(botocore.exceptions.ClientError):
        who.client.delete_object(Bucket=stores.BUCKET, Key=key, VersionId=version)
    assert who.size(key) is not None


@pytest.mark.parametrize("years", [-26, 73], ids=["reset", "far ahead"])
def test_a_clock_that_is_years_off_locks_nothing_for_years_and_keeps_nothing_from_being_sent(
    station, tmp_path, monkeypatch, years
):
    with stores.seaweed(tmp_path / "server", identities()) as server:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "station-01")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", stores.SECRET)
        server.shell(f"s3.bucket.create -name {stores.BUCKET} -withLock")
        settings = station.root / "station.toml"
        settings.write_text(f'{settings.read_text("utf-8")}\n[store]\nurl = "{server.url}"\n', "utf-8")
        now = datetime.now(UTC)
        station.at(now.replace(year=now.year + years, day=1))
        said = station("sync", "--json")
        assert (said.json["rows"][0]["clips"], said.json["rows"][0]["locked"], list(said.json["unlocked"])) == (5, 0, ["*"])
        assert "校正时钟" in station("sync").out
        administrator = connected(server, "bureau")
        kit = station.kit()
        for clip in kit.records.clips():
            key = clip_key(kit.station, clip.stored, clip.id.hex)
            until = administrator.client.get_object_retention(Bucket=stores.BUCKET, Key=key)["Retention"]["RetainUntilDate"]
            assert timedelta(days=180) < until - now < timedelta(days=190), "the shortest lock, by the store's own clock"
        kit.store.close()
        station.at(now)
        assert station("sync", "--json").json["rows"][0]["locked"] >= 1, "once the clock is right"


def test_locks_that_are_required_refuse_a_store_without_them(station, tmp_path):
    (tmp_path / "share").mkdir()
    settings = station.root / "station.toml"
    before = settings.read_text("utf-8")
    settings.write_text(f'{before}\n[store]\nurl = "{tmp_path / "share"}"\nlock = "required"\n', "utf-8")
    said = station("sync")
    assert (said.code, "锁定" in said.err, list((tmp_path / "share").rglob("*.mp4"))) == (41, True, [])
    settings.write_text(f'{before}\n[store]\nurl = "{tmp_path / "share"}"\n', "utf-8")
    assert station("sync").code == 0, "where a store has none, clips are sent without"
