"""Sample trees, one per profile: small files that stand for what such a card holds. Names may be any bytes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import reduce
from pathlib import Path

from avrecord.dock import profiles
from avrecord.dock.identify import identify
from avrecord.dock.listing import list_files
from avrecord.dock.profile import Profile
from avrecord.dock.volumes import volume_at
from avrecord.model.card import Card
from avrecord.pipeline.receive import read_text
from conftest import NOW, PROJECT

DEVICES = PROJECT / "devices"


def rmc(time: str, date: str = "161126", status: str = "A", talker: str = "GN") -> str:
    """An RMC sentence with its checksum."""
    body = f"{talker}RMC,{time},{status},4107.1000,N,12204.2000,E,0.1,,{date},,,A"
    return f"${body}*{reduce(lambda total, byte: total ^ byte, body.encode(), 0):02X}"


def gpx(*times: str, made: str = "2006-08-20T00:00:00Z") -> bytes:
    points = "".join(f'<trkpt lat="41.1" lon="122.0"><time>{time}</time></trkpt>' for time in times)
    return (
        f'<?xml version="1.0"?><gpx><metadata><time>{made}</time></metadata><trk><trkseg>{points}</trkseg></trk></gpx>'.encode()
    )


DCAM_LOG = (
    "2026-11-16 08:52:10 POWER_ON BAT=97%\r\n2026-11-16 09:00:35 REC_START 041007 标记=重要\r\n"
    "2026-11-16 09:10:35 POWER_LOST\r\n2026-11-16 17:40:33 USB_CONNECT\r\n"
    "2026-11-16 17:40:35 TIME_SYNC 2026-11-16 17:40:35 -> 2026-11-16 17:40:00\r\n"
)
TREES: dict[str, Mapping[str, bytes]] = {
    "dcam": {
        "VIDEO/DCAM_Z3A0017_041007_20261116_090035_IMP.MP4": b"v",
        "VIDEO/dcam_Z3A0017_041007_20261116_091035.mp4": b"v",
        "PHOTO/DCAM_Z3A0017_041007_20261116_090100.jpg": b"p",
        "AUDIO/DCAM_Z3A0017_041007_20261116_090200.m4a": b"a",
        "LOG/Z3A0017_20261116.log": DCAM_LOG.encode("gb18030"),
    },
    "datefolder": {
        "DEVICE.INI": "SERIAL=B200315\r\nUNIT=东湖大队\r\n".encode("gb18030"),
        "20261116/090000.MP4": b"v",
        "20261116/MOV_0002_IMP.mp4": b"v",
        "LOG/20261116.TXT": "[08:47:31] 开机 电量98%\r\n[17:52:00] 校时 17:51:58 -> 17:52:00\r\n".encode("gb18030"),
    },
    "stationtree": {
        "03/041007/Z3A0017_20261116180000/video/20261116/090000.mp4": b"v",
        "03/041007/Z3A0017_20261116180000/photo/20261116_090100.jpg": b"p",
        "03/041007/Z3A0017_20261116180000/log/oplog.txt": b"x",
    },
    "labelled": {"files/data/2026-11-16 09.00.00.mp4": b"v", "files/data/VID_0042.avi": b"v"},
    "timefirst": {
        "20261116_090035_T500123.mp4": b"v",
        "20261116091035_T500123.mp4": b"v",
        "20261116_090035_T500123.nmea": "".join(
            f"2026-11-16 09:00:{35 + n} {rmc(f'0100{n:02d}.00')}\r\n" for n in range(10)
        ).encode(),
    },
    "container": {
        "041007_ACC8E0001_20261116T010000Z/20261116T010003Z_7f3a.mkv": b"v",
        "041007_ACC8E0001_20261116T010000Z/7f3a.key": b"k",
        "041007_ACC8E0001_20261116T010000Z/bookmark_20261116T010100Z_1": b"b",
        "041007_ACC8E0001_20261116T010000Z/7f3a_gpstrail.json": b"{}",
    },
    "eventfolder": {
        "NORMAL/20261116_090000_0041.MP4": b"v",
        "EVENT/20261116_091000_0042A.MP4": b"v",
        "SERIAL.TXT": b"EV-77120\r\n",
        "GPS/20261116_090000.nmea": f"{rmc('010004.00')}\n{rmc('010904.00')}\n".encode(),
        "GPS/20261116_091000.gpx": gpx("2026-11-16T01:10:02Z", "2026-11-16T01:19:58.500Z"),
    },
    "dcf": {"DCIM/100MEDIA/MOVI0041.AVI": b"v", "DCIM/100MEDIA/MOVI0043.AVI": b"v", "SERIAL.TXT": b"DCF-0009"},
    "generic": {"x/2026-11-16 09:00:00 a.mp4": b"v", "holiday.mp4": b"v"},
}
SERIALS = {
    "dcam": "Z3A0017", "datefolder": "B200315", "stationtree": "Z3A0017", "labelled": "CAM01", "timefirst": "T500123",
    "container": "ACC8E0001", "eventfolder": "EV-77120", "dcf": "DCF-0009", "generic": None,
}  # fmt: skip


def plant(root: Path, files: Mapping[str | bytes, bytes]) -> Path:
    """Write a tree; its files bear the time that their recorder would have written."""
    for name, content in files.items():
        path = Path(os.fsdecode(os.fsencode(root) + b"/" + os.fsencode(name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def shipped_profiles() -> tuple[Profile, ...]:
    return profiles.load(DEVICES)


def seen(root: Path, found: tuple[Profile, ...] | None = None, now=NOW, docked=None, label: str | None = None) -> Card:
    """What the dock makes of a folder."""
    from dataclasses import replace

    volume = volume_at(root)
    assert volume is not None
    volume = replace(volume, label=label) if label else volume
    return identify(
        volume, list_files(volume), found or shipped_profiles(), lambda f, at, most: read_text(volume, f, at, most), now, docked
    )
