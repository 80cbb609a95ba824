"""机型配置 as data: each family is recognised by its layout, and nothing on a card is refused."""

from __future__ import annotations

import shutil
import time
from dataclasses import fields
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avrecord.cli.main import run
from avrecord.dock import profiles
from avrecord.dock.volumes import volume_at
from avrecord.errors import ConfigError
from avrecord.model.card import SourceFile
from avrecord.model.clip import Media
from avrecord.pipeline.gaps import gaps_now
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.receive import receive
from conftest import pattern
from dock.trees import DCAM_LOG, DEVICES, SERIALS, TREES, plant, seen, shipped_profiles

SHIPPED = shipped_profiles()
LABELS = {"labelled": "CAM01"}


def claims(card):
    return {file.shown: card.claims[file.path] for file in card.files}


def test_every_shipped_profile_has_a_sample_tree():
    assert {profile.name for profile in shipped_profiles()} == set(TREES)


@pytest.mark.parametrize("name", TREES)
def test_each_layout_is_recognised_among_all_profiles(tmp_path, name):
    card = seen(plant(tmp_path / "card", TREES[name]), label=LABELS.get(name))
    assert (card.profile, card.recorder) == (name, SERIALS[name])


def test_what_the_names_of_each_family_say(tmp_path):
    read = {}
    for name, tree in TREES.items():
        card = seen(plant(tmp_path / name, tree), label=LABELS.get(name))
        read |= {f"{name}:{path.rpartition('/')[2]}": claim for path, claim in claims(card).items()}

    def said(key):
        claim = read[key]
        return f"{claim.start:%H:%M:%S%z}" if claim.start else None, claim.user, claim.sequence, claim.important

    assert said("dcam:DCAM_Z3A0017_041007_20261116_090035_IMP.MP4") == ("09:00:35+0800", "041007", None, True)
    assert said("datefolder:090000.MP4") == ("09:00:00+0800", None, None, False)
    assert said("datefolder:MOV_0002_IMP.mp4") == (None, None, 2, True)
    assert said("stationtree:090000.mp4") == ("09:00:00+0800", "041007", None, False)  # never 18:00, the upload
    assert said("stationtree:oplog.txt") == (None, "041007", None, False)
    assert said("labelled:2026-11-16 09.00.00.mp4") == ("09:00:00+0800", None, None, False)
    assert said("labelled:VID_0042.avi") == (None, None, 42, False)
    assert said("timefirst:20261116091035_T500123.mp4") == ("09:10:35+0800", None, None, False)
    assert said("container:20261116T010003Z_7f3a.mkv") == ("01:00:03+0000", "041007", None, False)
    assert said("eventfolder:20261116_090000_0041.MP4") == ("09:00:00+0800", None, 41, False)
    assert said("eventfolder:20261116_091000_0042A.MP4") == ("09:10:00+0800", None, 42, True)  # locked by its folder
    assert said("dcf:MOVI0043.AVI") == (None, None, 43, False)
    assert read["container:7f3a.key"].media is Media.OTHER
    assert read["dcam:DCAM_Z3A0017_041007_20261116_090100.jpg"].media is Media.PHOTO


def test_logs_tell_battery_users_faults_and_space(tmp_path):
    card = seen(plant(tmp_path, TREES["dcam"]))
    assert (card.battery, card.facts.users) == (97, ("041007",))
    assert card.facts.faults == ("2026-11-16 09:10:35 POWER_LOST",)
    assert card.facts.identity_from == "names:4"


def test_a_label_is_the_recorder_only_where_the_layout_fits_it(tmp_path):
    root = plant(tmp_path, {"DCIM/a.mp4": b"v"})
    assert seen(root, label="CAM01").recorder is None
    assert seen(plant(tmp_path / "b", TREES["labelled"]), label="backup").recorder is None


def test_a_tree_of_two_recorders_is_nobodys_and_each_file_keeps_its_device(tmp_path):
    other = {"03/041008/Z3A0021_20261116180500/video/20261116/100000.mp4": b"w"}
    card = seen(plant(tmp_path, {**TREES["stationtree"], **other}))
    assert (card.profile, card.recorder) == ("stationtree", None)
    assert {claim.device for claim in card.claims.values()} == {"Z3A0017", "Z3A0021"}


def test_two_recorders_cards_in_one_folder_are_nobodys(tmp_path):
    one = {f"a/{path}": content for path, content in TREES["datefolder"].items()}
    plant(tmp_path, {**TREES["datefolder"], **one, "a/DEVICE.INI": b"SERIAL=OTHER99\n"})
    assert seen(tmp_path).recorder is None


@pytest.mark.parametrize("name", [b"\xff\xfe.MP4", "录像/20261116_090000_执法.Mp4".encode("gb18030"), b"a\nb.mp4", b"x" * 250])
def test_names_in_any_bytes_are_listed_and_claimed_or_not_but_never_refused(tmp_path, name):
    card = seen(plant(tmp_path, {name: b"v"}))
    (claim,) = card.claims.values()
    assert (card.profile, len(card.files)) == ("generic", 1)
    assert (claim.start is not None) == (b"2026" in name)
    assert (claim.media is Media.VIDEO) == (b"xxx" not in name)


JUNK = {
    "System Volume Information/WPSettings.dat": b"w",
    "$RECYCLE.BIN/S-1-5/DCAM_OTHER99_000000_20261116_090000.mp4": b"deleted",
    "20261116/Thumbs.db": b"t",
    "20261116/._MOV_0002.mp4": b"m",
}


def test_what_a_computer_left_is_taken_last_and_counts_for_no_identity_and_no_gap(kit, tmp_path):
    numbered = {f"20261116/MOV_{n:04d}.mp4": pattern(900, n) for n in (1, 3)}
    root = plant(tmp_path / "card", {"DEVICE.INI": b"SERIAL=B2003150\n", **numbered, **JUNK})
    order = []
    told = Kit(
        **{f.name: getattr(kit, f.name) for f in fields(kit)} | {"tell": lambda event, **f: order.append((event, f.get("file")))}
    )
    receipt = receive(volume_at(root), told)
    order = [file for event, file in order if event == "taking"]
    assert (receipt.recorder, receipt.complete, receipt.sealed + receipt.set_aside) == ("B2003150", True, 7)
    assert set(order[-4:]) == set(JUNK)
    aside = {clip.name: clip.set_aside for clip in kit.records.clips()}
    assert (aside["Thumbs.db"], aside["WPSettings.dat"]) == (None, None)
    assert aside["DCAM_OTHER99_000000_20261116_090000.mp4"] == "foreign_name"  # pictures are looked at wherever they lie
    assert [(gap.first, gap.last) for gap in gaps_now(kit)] == [("2", "2")]  # ._MOV_0002.mp4 is not the second file


def test_a_new_recorder_is_one_file_and_no_code(tmp_path):
    toml = """
name = "acme"
title = "样机"
names = ['^REC/(?P<device>[A-Z]\\d{3})-(?P<date>\\d{8})T(?P<time>\\d{6})-(?P<sequence>\\d+)']
important = ['(?i)/KEEP/']
[endings]
dav = "video"
[[logs]]
path = '^SYS\\.LOG$'
encoding = "utf-16-le"
[logs.lines]
free = 'FREE=(?P<free_gb>[\\d.]+)G'
"""
    (tmp_path / "devices").mkdir()
    (tmp_path / "devices" / "acme.toml").write_text(toml, "utf-8")
    shutil.copy(DEVICES / "generic.toml", tmp_path / "devices")
    log = "\ufeff09:00 FREE=1.5G\r\n".encode("utf-16-le")
    root = plant(tmp_path / "card", {"SYS.LOG": log, "REC/A123-20261116T090000-17.DAV": b"v"})
    card = seen(root, profiles.load(tmp_path / "devices"))
    claim = claims(card)["REC/A123-20261116T090000-17.DAV"]
    assert (card.recorder, claim.media, claim.sequence, card.facts.free_mb) == ("A123", Media.VIDEO, 17, 1536)


@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda part: b"/" not in part and b"\0" not in part), min_size=1))
def test_no_name_in_any_bytes_stops_any_profile(parts):
    file = SourceFile(b"/".join(parts), 1, 0)
    for profile in SHIPPED:
        claim = profile.claim(file)
        assert claim.device == profile.device_in(file) or profile.ignores(file.shown)
        assert claim.start is None or 1970 <= claim.start.year < 2100


@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 12, 30)))
def test_every_second_that_a_name_can_say_is_read_as_it_says(when):
    when = when.replace(microsecond=0)
    file = SourceFile(f"VIDEO/DCAM_Z3A0017_041007_{when:%Y%m%d_%H%M%S}.mp4".encode(), 1, 0)
    (dcam,) = [profile for profile in SHIPPED if profile.name == "dcam"]
    assert dcam.claim(file).start.replace(tzinfo=None) == when


@pytest.mark.parametrize(("digits", "number"), [("0042", 42), ("9" * 15, 10**15 - 1), ("9" * 16, None), ("9" * 5000, None)])
def test_a_number_that_no_counter_has_is_none(tmp_path, digits, number):
    (tmp_path / "x.toml").write_text(GOOD + "names = ['^(?P<sequence>\\d+)']", "utf-8")
    assert profiles.read(tmp_path / "x.toml").claim(SourceFile(digits.encode(), 1, 0)).sequence == number


@pytest.mark.parametrize("encoding", ["utf-16-le", "gb18030", "utf-8-sig"])
def test_the_end_of_a_large_log_is_read_in_any_encoding(tmp_path, encoding):
    log = f"[[logs]]\npath = 'log$'\nencoding = '{encoding}'\n[logs.lines]\nb = '电量(?P<battery>\\d+)'"
    toml = GOOD + "names = ['^(?P<device>Z)']\n" + log
    (tmp_path / "x.toml").write_text(toml, "utf-8")
    lines = "开机 电量9\n" + "记录一条没有用的话x\n" * 200_000 + "关机 电量41\n"
    card = seen(plant(tmp_path / "card", {"Z.log": lines.encode(encoding)}), (profiles.read(tmp_path / "x.toml"), *SHIPPED))
    assert (card.profile, card.battery) == ("x", 41)


GOOD = 'name = "x"\ntitle = "y"\n'
WRONG = [
    ("name = ", "不是有效的 TOML"),
    ("title = 'y'", "缺少 name"),
    ("name = 'x'", "缺少 title"),
    (GOOD + "nmaes = ['a']\nfoo = 1", "不认识的项：foo、nmaes"),
    (GOOD + "[mount]\nvolume = 'x'", "不认识的项：mount.volume"),
    (
        GOOD + "[[logs]]\npath='a'\n[logs.lines]\na='b'\n[[logs]]\npath='a'\nlevel=1\n[logs.lines]\na='b'",
        "不认识的项：logs[2].level",
    ),
    (GOOD + "names = ['(']", "names 的正则表达式不对：("),
    (GOOD + "names = ['(?<=a)b']", "正则表达式不对"),
    (GOOD + "names = ['(?P<serial>a)']", "不认识的捕获名：serial"),
    (GOOD + "names = 'a'", "names 应为列表：a"),
    (GOOD + "names = [1]", "names 的每一项应为文字：1"),
    (GOOD + "utc_offset_hours = 'Z'", "utc_offset_hours 应为数字：Z"),
    (GOOD + "utc_offset_hours = true", "utc_offset_hours 应为数字"),
    (GOOD + "utc_offset_hours = 30", "utc_offset_hours 应在 -14 到 14 之间：30"),
    (GOOD + "plausible_from = '2015'", "plausible_from 应为日期"),
    (GOOD + "reset_dates = [2015]", "reset_dates 应为日期"),
    (GOOD + "[identity]\npath = 'a'\n[identity.lines]\na = 'b'", "identity.lines 应含 (?P<serial>…)"),
    (GOOD + "[identity]\nlabel = 'CAM'", "identity.label 应含 (?P<serial>…)"),
    (GOOD + "[[logs]]\npath = 'a'\nencoding = 'base64'\n[logs.lines]\na = 'b'", "logs[1].encoding 不是文字编码：base64"),
    (GOOD + "[[logs]]\npath = 'a'", "缺少 logs[1].lines"),
    (GOOD + "[[tracks]]\npath = 'a'\nformat = 'kml'", "tracks[1].format 应为 nmea 或 gpx：kml"),
    (GOOD + "[endings]\ndav = 'film'", "endings.dav 应为 video"),
    (GOOD + "mount = 1", "mount 应为一节"),
]


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_a_wrong_profile_is_refused_by_what_is_wrong_with_it(tmp_path, text, reason):
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        profiles.read(path)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_two_profiles_of_one_name_and_none_at_all_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"generic\.toml"):
        profiles.load(tmp_path)
    for name in ("a.toml", "generic.toml"):
        shutil.copy(DEVICES / "generic.toml", tmp_path / name)
    with pytest.raises(ConfigError, match="重复"):
        profiles.load(tmp_path)


def test_a_hostile_line_and_a_hostile_name_cost_no_time(tmp_path):
    """`(a+)+$` against aaaa…! takes re for ever; the same words from a card must not stop a dock."""
    toml = GOOD + "names = ['^(?P<device>(a|a)*)+$']\n[[logs]]\npath='\\.log$'\n[logs.lines]\na='^(?:(a+)+)+(?P<fault>x)$'"
    path = tmp_path / "x.toml"
    path.write_text(toml, "utf-8")
    root = plant(tmp_path / "card", {"a.log": (b"a" * 200_000 + b"!\n") * 10, "a" * 200 + "!": b"v"})
    began = time.process_time()
    card = seen(root, (profiles.read(path), *shipped_profiles()))
    assert card.profile == "generic"
    assert time.process_time() - began < 5


def test_of_a_log_of_five_megabytes_the_last_lines_count(tmp_path):
    old = b"2026-11-01 09:00:00 TIME_SYNC 2026-11-01 09:00:10 -> 2026-11-01 09:00:00 BAT=5%\r\n"
    filler = b"2026-11-10 09:00:00 IDLE \xff\xfe\x00 BAT=50%\r\n" * 140_000
    root = plant(tmp_path, {**TREES["dcam"], "LOG/Z3A0017_20261116.log": old + filler + DCAM_LOG.encode("gb18030")})
    assert (root / "LOG/Z3A0017_20261116.log").stat().st_size > 5_000_000
    card = seen(root)
    assert (card.clock.offset_ms, card.battery) == (35_000, 97)
    assert len(card.facts.steps) == 2  # the first line of the file was read as well


def test_a_station_with_a_wrong_profile_says_so_with_exit_30(root, capsys):
    with (root / "devices" / "dcam.toml").open("a", encoding="utf-8") as file:
        file.write("\n[surprise]\nx = 1\n")
    assert run(["--root", str(root), "status"]) == 30
    assert "不认识的项：surprise" in capsys.readouterr().err
