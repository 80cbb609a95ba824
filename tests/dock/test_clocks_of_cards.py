"""The recorder's clock as a card tells it: by the satellites, by its own log, by the moment of docking, or not at all."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from avrecord.dock import profiles, volumes
from avrecord.dock.tracks import rmc as read_rmc
from avrecord.dock.volumes import Mount, appeared, volume_at
from avrecord.model.moments import utc_text
from avrecord.model.statement import CardSeen, ClipSealed, Statement
from avrecord.pipeline.history import history
from avrecord.pipeline.receive import receive
from avrecord.seal.codec import decode, encode
from avrecord.store import documents
from conftest import NOW, pattern
from dock.trees import DEVICES, TREES, gpx, plant, rmc, seen, shipped_profiles

CLIP = "20261116_090035_T500123.mp4"


def oddities(card) -> dict[str, int]:
    return {odd.kind: odd.amount for odd in card.facts.oddities}


def tracked(*lines: str, name: str = "20261116_090035_T500123.nmea", **more: bytes) -> dict[str, bytes]:
    return {CLIP: b"v", name: "\r\n".join(lines).encode("latin-1"), **more}


def test_the_satellites_time_in_the_recorders_own_line_is_the_clock(tmp_path):
    card = seen(plant(tmp_path, TREES["timefirst"]))
    assert (card.clock.offset_ms, card.clock.uncertainty_ms, card.clock.method) == (35_000, 1500, "gps_line")
    (track,) = card.facts.tracks
    assert (utc_text(track.first), utc_text(track.last)) == ("2026-11-16T01:00:00.000000Z", "2026-11-16T01:00:09.000000Z")


def test_a_time_of_day_beside_a_fix_is_the_nearest_one(tmp_path):
    """Twenty minutes past midnight by the satellites, and by the recorder still yesterday."""
    toml = (DEVICES / "timefirst.toml").read_text("utf-8").replace("\\d{4}-\\d\\d-\\d\\d[ T]", "")
    (tmp_path / "timefirst.toml").write_text(toml, "utf-8")
    tree = tracked("[23:59:35] " + rmc("162000.00", date="151126"), "[99:00:00] " + rmc("162001.00", date="151126"))
    card = seen(plant(tmp_path / "card", tree), (profiles.read(tmp_path / "timefirst.toml"), *shipped_profiles()[-1:]))
    assert card.clock.offset_ms == -(20 * 60 + 25) * 1000


GARBAGE = [
    "2026-11-16 09:00:35 " + rmc("010000.00", status="V"),
    "2026-11-16 09:00:35 " + rmc("010000.00")[:-2] + "00",  # a checksum that is wrong
    "2026-11-16 09:00:35 " + rmc("010000.00").partition("*")[0],  # cut off by power loss
    "2026-11-16 09:00:35 $GNRMC,,,,,,,,,,,*00",
    "2026-11-16 09:00:35 " + rmc("250000.00"),
    "2026-11-16 09:00:35 " + rmc("010000.00", date="310226"),
    "\xff\xfe\x00$$$$GPGGA,010000.00,4107.1,N*5A $GNRMC",
    "$" * 5000,
]


def test_garbage_in_a_track_is_counted_and_tells_no_time(tmp_path):
    card = seen(plant(tmp_path, tracked(*GARBAGE)))
    (track,) = card.facts.tracks
    assert (card.clock, track.first, track.bad) == (None, None, 7)


def test_one_good_line_among_garbage_is_enough(tmp_path):
    card = seen(plant(tmp_path, tracked(*GARBAGE, "2026-11-16 09:00:37 " + rmc("010001.50"), *GARBAGE)))
    assert card.clock.offset_ms == 35_500


def test_a_receiver_whose_week_counter_rolled_over_is_not_believed(tmp_path):
    """1024 weeks before: 2 April 2007."""
    card = seen(plant(tmp_path, tracked("2026-11-16 09:00:35 " + rmc("010000.00", date="020407"))))
    assert (card.clock, card.facts.tracks[0].first, card.facts.tracks[0].bad) == (None, None, 1)


@pytest.mark.parametrize(
    "sentence", ["", "GNRMC", "GNRMC,*", "GNRMC,010000,A,,,,,,,161126*zz", "GNRMC,01:00:00,A,1,N,1,E,0,0,161126*00"]
)
def test_what_is_no_whole_sentence_is_none(sentence):
    assert read_rmc(sentence) is None


def test_a_gpx_tells_first_and_last_fix_and_not_when_it_was_written(tmp_path):
    card = seen(plant(tmp_path, TREES["eventfolder"]))
    tracks = {track.path: (utc_text(track.first)[11:19], utc_text(track.last)[11:19]) for track in card.facts.tracks}
    assert tracks == {
        "GPS/20261116_090000.nmea": ("01:00:04", "01:09:04"),
        "GPS/20261116_091000.gpx": ("01:10:02", "01:19:58"),
    }
    assert card.clock is None  # no line holds both clocks: nothing is guessed


def test_a_gpx_bomb_is_looked_at_and_not_expanded(tmp_path):
    bomb = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;">]><gpx>&y;' + gpx("2026-13-45T99:99:99Z", "2026-11-16T01:00:00Z")
    card = seen(plant(tmp_path, {**TREES["eventfolder"], "GPS/20261116_091000.gpx": bomb + b"<trkpt>" * 400_000}))
    track = card.facts.tracks[-1]
    assert (utc_text(track.first)[:16], track.bad) == ("2026-11-16T01:00", 1)


def test_the_satellites_win_over_the_recorders_own_note_and_their_quarrel_is_said(tmp_path):
    profile = (DEVICES / "dcam.toml").read_text("utf-8") + (
        "[[tracks]]\npath = '(?i)\\.nmea$'\nformat = \"nmea\"\nown = '^(?P<clock_own>\\S+ \\S+)'\n"
    )
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "dcam.toml").write_text(profile, "utf-8")
    (tmp_path / "d" / "generic.toml").write_text((DEVICES / "generic.toml").read_text("utf-8"), "utf-8")
    root = plant(tmp_path / "card", {**TREES["dcam"], "GPS/a.nmea": f"2026-11-16 09:00:35 {rmc('005900.00')}".encode()})
    card = seen(root, profiles.load(tmp_path / "d"))
    assert (card.clock.offset_ms, card.clock.method) == (95_000, "gps_line")
    assert oddities(card)["gps_against_log"] == 60_000


def test_a_line_at_docking_is_compared_with_the_moment_the_card_came(tmp_path):
    tree = {**TREES["dcam"], "LOG/Z3A0017_20261116.log": b"2026-11-21 10:01:30 USB_CONNECT\r\n"}
    docked = NOW - timedelta(seconds=5)
    card = seen(plant(tmp_path, tree), docked=docked)
    assert (card.clock.method, card.clock.offset_ms) == ("docking_line", 95_000)
    assert card.clock.uncertainty_ms == 31_000
    assert seen(tmp_path).clock is None  # a folder came at no moment


def test_yesterdays_docking_line_is_not_taken_for_a_slow_clock(tmp_path):
    tree = {**TREES["dcam"], "LOG/Z3A0017_20261116.log": b"2026-11-20 18:00:00 USB_CONNECT\r\n"}
    card = seen(plant(tmp_path, tree), docked=NOW)
    assert (card.clock, oddities(card)["old_docking_line"]) == (None, 16 * 3_600_000)


def test_when_a_card_came_and_what_it_is_called_is_udevs_word(tmp_path, monkeypatch):
    (tmp_path / "b8:17").write_bytes(b"S:disk/by-id/x\nI:5000000\nE:ID_FS_LABEL=CAM01\nE:ID_FS_LABEL_ENC=CAM\\x2001\nG:seat\n")
    monkeypatch.setattr(volumes, "UDEV", tmp_path)
    point = tmp_path / "CAM011"
    point.mkdir()
    volume = volume_at(point, {os.fsencode(point): Mount(41, "8:17", "vfat", "/")})
    assert (volume.label, volume.appeared_us) == ("CAM 01", 5_000_000)
    monkeypatch.setattr(volumes.time, "monotonic_ns", lambda: 9_000_000_000)
    assert appeared(volume, NOW) == NOW - timedelta(seconds=4)
    assert appeared(volume_at(point, {}), NOW) is None
    unknown = volume_at(point, {os.fsencode(point): Mount(41, "8:33", "vfat", "/")})
    assert (unknown.label, unknown.appeared_us) == ("CAM011", None)


def test_a_step_of_a_log_without_dates_has_the_day_of_its_file(tmp_path):
    card = seen(plant(tmp_path, TREES["datefolder"]))
    (step,) = card.facts.steps
    assert (step.offset_ms, f"{step.own:%Y-%m-%d %H:%M:%S}") == (-2000, "2026-11-16 17:51:58")
    later = {**TREES["datefolder"], "20261117/080000.MP4": b"v"}
    assert seen(plant(tmp_path, later)).clock is None  # recorded since: yesterday's step is not this docking's


@pytest.mark.parametrize(
    "line", ["TIME_SYNC 2026-11-16 99:99:99 -> 2026-11-16 17:40:00", "校时 25:00:00 -> 17:52:00", "TIME_SYNC"]
)
def test_times_that_do_not_exist_tell_nothing(tmp_path, line):
    log = line.encode("gb18030")
    assert seen(plant(tmp_path / "a", {**TREES["dcam"], "LOG/Z3A0017_20261116.log": log})).clock is None
    assert seen(plant(tmp_path / "b", {**TREES["datefolder"], "LOG/20261116.TXT": log})).clock is None


# What reaches the log, the clips and the people.


def clips_of(kit) -> dict[str, object]:
    return {clip.name.split("_")[-1].split(".")[0]: clip for clip in kit.records.clips() if clip.media == "video"}


def test_a_reset_clock_is_said_on_the_clip_and_the_right_offset_goes_to_the_right_files(kit, dcam, dock):
    """The battery ran out at noon: the afternoon says 2000, and the log knows by how much."""
    log = b"2026-11-16 18:00:00 TIME_SYNC 2000-01-01 03:00:00 -> 2026-11-16 18:00:00\r\n"
    card = dcam({"VIDEO/090000.mp4": b"morning", "LOG/Z3A0017.log": log})
    (card / "VIDEO" / "DCAM_Z3A0017_041007_20000101_010000.mp4").write_bytes(b"afternoon")
    dock(card)
    morning, afternoon = clips_of(kit)["090000"], clips_of(kit)["010000"]
    assert (morning.doubt, morning.offset_ms, morning.uncertainty_ms) == (None, 0, 60_000)
    assert f"{morning.true_start:%Y-%m-%d %H:%M}" == "2026-11-16 01:00"
    assert (afternoon.doubt, f"{afternoon.true_start:%Y-%m-%d %H:%M}") == ("reset", "2026-11-16 08:00")
    assert afternoon.uncertainty_ms > 10**11


def test_each_part_of_a_day_gets_the_offset_that_its_clock_had(kit, dcam, dock):
    log = b"2026-11-16 12:00:00 TIME_SYNC 2026-11-16 14:00:00 -> 2026-11-16 12:00:00\r\n"
    dock(dcam({"VIDEO/110000.mp4": b"before", "VIDEO/130000.mp4": b"either", "VIDEO/160000.mp4": b"after", "LOG/a.log": log}))
    found = clips_of(kit)
    assert (found["110000"].offset_ms, found["110000"].uncertainty_ms) == (7_200_000, 1000)
    assert found["130000"].uncertainty_ms == 7_200_000  # before it was set back, or after? nothing links that
    assert (found["160000"].offset_ms, found["160000"].uncertainty_ms) == (0, 60_000)


def test_a_card_from_the_future_is_a_clock_known_to_be_wrong(kit, dcam, dock):
    card = dcam({"VIDEO/090000.mp4": b"a"})
    (card / "VIDEO" / "DCAM_Z3A0017_041007_20261121_130000.mp4").write_bytes(b"three hours from now")
    (card / "VIDEO" / "DCAM_Z3A0017_041007_20280101_130000.mp4").write_bytes(b"in two years")
    dock(card)
    found = kit.records.clips()
    assert {(c.name[20:28], c.doubt, c.uncertainty_ms >= 86_400_000) for c in found} == {
        ("20261116", None, True), ("20261121", None, True), ("20280101", "future", True),
    }  # fmt: skip


def test_the_facts_of_a_card_are_an_attachment_and_come_back(kit, dcam, dock):
    dock(dcam({"VIDEO/090035.mp4": b"a", "LOG/a.log": TREES["dcam"]["LOG/Z3A0017_20261116.log"]}))
    (docking,) = history("Z3A0017", kit).dockings
    assert docking.facts.clock_set
    assert docking.facts.users == ("041007",)
    assert [(r.offset_ms, r.method) for r in docking.facts.readings] == [(35_000, "device_log")]
    assert documents.read_card_facts(documents.card_facts(docking.facts)) == docking.facts


def test_a_card_that_tells_nothing_is_stated_in_the_bytes_of_ever():
    body = CardSeen(
        docking="0" * 16, recorder=None, profile="generic", volume="folder:/x", filesystem=None, manifest="0" * 64, files=0,
        bytes=0, clock_offset_ms=None, clock_uncertainty_ms=None, clock_method=None, battery_percent=None,
    )  # fmt: skip
    entry = encode(Statement(station="s", seq=0, at=utc_text(NOW), by="service", body=body))
    assert b"facts" not in entry
    assert decode(entry, 0).body == body
    with pytest.raises(Exception, match="规范"):
        decode(entry.replace(b'"files":0', b'"facts":null,"files":0'), 0)  # said to say nothing: not a form that is written
    assert "claim_doubt" not in encode_sealed(None)
    assert '"claim_doubt":"reset"' in encode_sealed("reset")


def encode_sealed(doubt: str | None) -> str:
    body = ClipSealed(
        clip="0" * 64, size=1, docking="0" * 16, recorder=None, path="a", path_raw="YQ==", mtime="0", media="video", stored="a",
        claimed_start=None, clock_offset_ms=None, clock_uncertainty_ms=None, user=None, sequence=None, important=False,
        read_back="direct", key_id="k", claim_doubt=doubt,
    )  # fmt: skip
    entry = encode(Statement(station="s", seq=0, at=utc_text(NOW), by="service", body=body))
    assert decode(entry, 0).body == body
    return entry.decode()


def test_the_drift_between_two_dockings_is_measured_from_the_setting_right(kit, dcam, tmp_path):
    from dataclasses import fields

    from avrecord.pipeline.kit import Kit

    def docked(day: int, ahead: int, name: str) -> None:
        then = datetime(2026, 11, day, 10, tzinfo=UTC)
        local = f"2026-11-{day} 18:00:"
        log = f"{local}00 TIME_SYNC {local}{ahead:02d} -> {local}00\r\n".encode()
        card = dcam({"LOG/a.log": log}, name=name)
        (card / "VIDEO").mkdir()
        (card / "VIDEO" / f"DCAM_Z3A0017_041007_202611{day}_090000.mp4").write_bytes(pattern(500, day))
        at = Kit(**{f.name: getattr(kit, f.name) for f in fields(kit)} | {"clock": lambda: then})
        receive(volume_at(card), at)

    docked(10, 40, "first")
    docked(20, 20, "second")
    found = history("Z3A0017", kit)
    first, second = found.dockings
    assert first.drift is None
    assert second.drift.ms_per_day == 2000  # twenty seconds in ten days: the forty of before were set right
    assert second.drift.uncertainty_ms_per_day == 200


def test_the_same_old_line_read_twice_is_no_second_measurement(kit, dcam, dock):
    log = b"TIME_SYNC 2026-11-16 18:00:35 -> 2026-11-16 18:00:00\r\n"
    dock(dcam({"VIDEO/090000.mp4": b"a", "LOG/a.log": log}))
    dock(dcam({"VIDEO/090000.mp4": b"a", "PHOTO/090100.jpg": b"b", "LOG/a.log": log}, name="slot2"))
    assert [docking.drift for docking in history("Z3A0017", kit).dockings] == [None, None]


def test_facts_are_json_without_floats(kit, tmp_path):
    card = seen(plant(tmp_path, TREES["timefirst"]))
    document = json.loads(documents.card_facts(card.facts), parse_float=lambda text: pytest.fail(text))
    assert document["readings"][0]["offset_ms"] == 35_000
