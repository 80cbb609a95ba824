"""A station's clip at the bureau: played from the store's copy, stated in the bureau's log, and never another thing's bytes."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from functools import partial

import pytest

from avrecord import station as stations
from avrecord.bureau import copying, duty
from avrecord.errors import LogBroken, ObjectDiffers
from avrecord.model.statement import ClipRemoved
from avrecord.pipeline import viewing
from avrecord.pipeline.record import state
from avrecord.pipeline.storing import clip_key, open_objects
from avrecord.pipeline.sync import Line, sync
from avrecord.seal.codec import decode
from cli.desk import EAST, Desk, clip_id
from conftest import NOW, pattern
from media.rendering import CODECS, NONE, ffmpeg, pictures
from stations.test_through_the_store import set_in
from web.visiting import browser, let_in, station


@pytest.fixture
def town(station, tmp_path, monkeypatch, capsys):
    """A bureau that took the station, and the folder in which they meet."""
    yield from taken(station, tmp_path, monkeypatch, capsys)


def taken(station, tmp_path, monkeypatch, capsys):
    share = tmp_path / "share"
    share.mkdir()
    stations.create(tmp_path / "bureau", "bureau", "市局")
    monkeypatch.setattr("avrecord.station.open_station", partial(stations.open_station, clock=lambda: NOW))
    bureau, here = Desk(tmp_path / "bureau", monkeypatch, capsys), Desk(station.root, monkeypatch, capsys)
    for each in (bureau, here):
        set_in(each.root, "store", url=str(share))
    assert here("sync").code == 0
    assert bureau("log", "trust", (station.root / "keys" / "log.vkey").read_text("ascii").strip()).code == 0
    assert bureau("bureau", "run", "--once").code == 0
    let_in(bureau.root)
    kit = stations.open_station(bureau.root, clock=lambda: NOW)
    yield kit, share
    kit.store.close()


@pytest.fixture
def clip(station) -> str:
    return clip_id(station, "090000.mp4")


def asked(clip: str, part: str = "", **more: str) -> str:
    return f"/bureau/clip{part}?station=station-01&clip={clip}" + "".join(f"&{name}={value}" for name, value in more.items())


def viewed(kit) -> list[tuple[str, str, str]]:
    bodies = [(decode(entry, at)) for at, entry in kit.log.entries()]
    return [(s.by, s.body.how, s.body.copy_of) for s in bodies if s.body.kind == "clip.viewed"]


def copy_of(clip: str, station, share):
    found = station.records.clips_beginning(clip)[0]
    return share / clip_key("station-01", found.stored, found.id.hex)


def test_a_clip_of_a_station_plays_by_ranges_from_the_store_and_the_bureaus_log_says_who_looked(town, station, clip):
    kit, _ = town
    whole = station.vault.path(station.records.clips_beginning(clip)[0].stored).read_bytes()
    before = station.log.refresh()
    with browser(kit, "wang") as supervisor:
        page = supervisor.page(asked(clip))
        assert asked(clip, "/watch").replace("station=station-01&clip=" + clip, f"clip={clip}&amp;station=station-01") in page
        assert viewed(kit) == [], "a page without a picture shows nothing yet"
        status, _, told = supervisor.ask("GET", asked(clip, "/watch"))
        assert (status, told["content-type"], told["content-length"]) == (200, "video/mp4", str(len(whole)))
        for span, first, last in (
            ("bytes=0-9", 0, 9), ("bytes=2990-", 2990, 2999), ("bytes=-5", 2995, 2999), ("bytes=10-99999", 10, 2999),
        ):  # fmt: skip
            status, text, told = supervisor.ask("GET", asked(clip, "/watch"), Range=span)
            assert (status, told["content-range"]) == (206, f"bytes {first}-{last}/3000"), span
            assert text == whole[first : last + 1].decode("utf-8", "replace")
        assert viewed(kit) == [("FY9", "watched", "station-01")], "once for each login"
        assert "bureau log:" in supervisor.page(asked(clip))
    station.log.refresh()
    assert station.log.size == before, "nothing is written at the station"


@pytest.mark.parametrize(
    "span", ["bytes=5000-6000", "bytes=9-3", "bytes=-", "bytes=-0", "bytes=0-0,0-0", "lines=1-2", "bytes=a-b"]
)
def test_a_range_that_is_none_gets_no_bytes_and_is_no_viewing(town, clip, span):
    kit, _ = town
    with browser(kit, "wang") as supervisor:
        assert supervisor.ask("GET", asked(clip, "/watch"), Range=span)[0] == 416
    assert viewed(kit) == []


def test_a_clip_whose_viewing_cannot_be_stated_is_not_shown(town, clip, monkeypatch):
    def broken(*_):
        raise LogBroken(index=0, detail="disk")

    kit, _ = town
    monkeypatch.setattr(viewing, "state", broken)
    with browser(kit, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", asked(clip, "/watch"))
    assert (status, "日志" in text) == (503, True)


def test_a_copy_that_is_gone_or_of_another_size_is_told_in_words_and_is_no_viewing(town, station, clip):
    kit, share = town
    copy = copy_of(clip, station, share)
    copy.chmod(0o600)
    copy.write_bytes(b"short")
    with browser(kit, "wang") as supervisor:
        status, text, _ = supervisor.ask("GET", asked(clip, "/watch"))
        assert (status, "与封存的内容不同" in text) == (503, True)
        copy.unlink()
        status, text, _ = supervisor.ask("GET", asked(clip, "/watch"))
        assert (status, "对象存储中没有" in text) == (503, True)
        assert supervisor.ask("GET", asked(clip))[0] == 200, "what is known of the clip is shown all the same"
    assert viewed(kit) == []


def test_a_units_supervisor_sees_the_unit_clips_of_every_station_and_no_other(town, station, clip):
    kit, _ = town
    others = [
        each.id.hex for each in station.records.clips() if not station.store.row("clip_in_unit", clip_id=each.id.hex, unit=EAST)
    ]
    with browser(kit, "zhang") as supervisor:
        assert supervisor.ask("GET", asked(clip))[0] == 200
        for each in others:
            for part in ("", ".json", "/watch", "/frame"):
                assert supervisor.ask("GET", asked(each, part))[0] == 404, part
    for name in ("guan", "cao", "li"):
        with browser(kit, name) as visitor:
            assert visitor.ask("GET", asked(clip, "/watch"))[0] == 403, name
    with browser(kit) as nobody:
        assert nobody.ask("GET", asked(clip, "/watch"))[0] == 303
    assert viewed(kit) == []


@pytest.mark.parametrize("name", ["", "..", "../keys", "station-02", "STATION-01", "x" * 500, "%00"])
def test_no_station_id_leads_anywhere_else(town, clip, name):
    kit, _ = town
    with browser(kit, "wang") as supervisor:
        for part in ("", ".json", "/watch", "/frame"):
            status, text, _ = supervisor.ask("GET", f"/bureau/clip{part}?station={name}&clip={clip}")
            assert (status, "Traceback" in text) == (404, False), (name, part)
    assert not (kit.root / "bureau" / "station-02").exists()


def test_the_original_is_given_for_a_purpose_and_is_what_was_sealed(town, station, clip):
    kit, _ = town
    whole = station.vault.path(station.records.clips_beginning(clip)[0].stored).read_bytes()
    with browser(kit, "wang") as supervisor:
        assert supervisor.send(asked(clip), "/bureau/clip/take", station="station-01", clip=clip, why=" ")[0] >= 400
        status, text, told = supervisor.send(asked(clip), "/bureau/clip/take", station="station-01", clip=clip, why="复议")
        assert (status, told["content-type"], int(told["content-length"])) == (200, "application/octet-stream", len(whole))
        assert text == whole.decode("utf-8", "replace")
    assert viewed(kit) == [("FY9", "taken", "station-01")]


def test_an_altered_copy_of_the_same_size_is_never_given_whole(town, station, clip):
    kit, share = town
    copy = copy_of(clip, station, share)
    content = bytearray(copy.read_bytes())
    content[1500] ^= 1
    copy.chmod(0o600)
    copy.write_bytes(content)
    with browser(kit, "wang") as supervisor, pytest.raises((http.client.IncompleteRead, ConnectionError)):
        supervisor.send(asked(clip), "/bureau/clip/take", station="station-01", clip=clip, why="复议")


def test_the_twin_names_the_clip_and_the_table_of_all_stations_leads_to_it(town, clip):
    kit, _ = town
    with browser(kit, "wang") as supervisor:
        assert json.loads(supervisor.page(asked(clip, ".json")))["clip"] == clip
        assert f"/bureau/clip?station=station-01&amp;clip={clip}" in supervisor.page("/bureau/clips")
    assert hashlib.sha256(pattern(3000)).hexdigest() == clip


@pytest.fixture
def old(kit, dcam, dock, tmp_path, monkeypatch, capsys):
    """A bureau whose station has a clip that no browser plays; and its id."""
    real = tmp_path / "real.avi"
    ffmpeg(*pictures(seconds=2), *CODECS["mjpeg"], *NONE, real)
    dock(dcam({"VIDEO/090000.avi": real.read_bytes()}))
    let_in(kit.root)
    yield from taken(kit, tmp_path, monkeypatch, capsys)


def test_a_clip_that_no_browser_plays_gets_a_copy_at_the_bureau_that_is_marked_as_one(old, kit):
    bureau, _ = old
    clip = clip_id(kit, "090000.avi")
    with browser(bureau, "wang") as supervisor:
        assert "制作可播放的副本" in supervisor.page(asked(clip))
        assert supervisor.ask("GET", asked(clip, "/proxy"))[0] == 404
        assert supervisor.send(asked(clip), "/bureau/clip/proxy", station="station-01", clip=clip)[0] == 303
        until = time.monotonic() + 60
        while "不是证据" not in supervisor.page(asked(clip)):
            assert time.monotonic() < until, supervisor.page(asked(clip))
            time.sleep(0.3)
        status, _, told = supervisor.ask("GET", asked(clip, "/proxy"))
        assert (status, told["content-type"]) == (200, "video/mp4")
        assert viewed(bureau) == [("FY9", "watched", "station-01")]
        assert not list((bureau.root / "bureau" / "looking").glob("*/*")), "the original does not stay"
    with browser(bureau, "guan") as admin:
        assert admin.ask("POST", "/bureau/clip/proxy", f"word=x&station=station-01&clip={clip}")[0] == 403
        assert admin.ask("GET", asked(clip, "/proxy"))[0] == 403


def test_no_copy_is_made_of_an_altered_clip_and_none_outlives_its_clip(old, kit):
    bureau, share = old
    clip = clip_id(kit, "090000.avi")
    found = kit.records.clips_beginning(clip)[0]
    copy = copy_of(clip, kit, share)
    whole = copy.read_bytes()
    copy.chmod(0o600)
    copy.write_bytes(whole[:-1] + b"?")
    with pytest.raises(ObjectDiffers):
        copying.make_copy(open_objects(bureau), "station-01", found, bureau)
    assert copying.copy_of("station-01", found, bureau) is None
    copy.write_bytes(whole)
    path = copying.make_copy(open_objects(bureau), "station-01", found, bureau)
    assert copying.forget_removed(bureau) == 0
    removed = ClipRemoved(clip=clip, place="vault", docking="", path_raw="a", rule="unlinked 6m", listed=1, due="2026-01-01")
    state(kit, [removed])
    again = stations.open_station(kit.root, clock=lambda: NOW)
    sync(open_objects(again), again, Line(again))
    again.store.close()
    duty.turn(open_objects(bureau), bureau)
    assert not path.exists()
    with browser(bureau, "wang") as supervisor:
        assert supervisor.ask("GET", asked(clip, "/proxy"))[0] == 404
