"""What lies on a card beside the clips: photos, logs, an empty file, files that do not belong there."""

import calendar
import os
from datetime import datetime, timedelta
from pathlib import Path

import cv2
import ffmpeg
import numpy as np

from sample_media import documents
from sample_media.camera import Camera, Sensor, burn_in
from sample_media.plan import DCAM, DSJ, EAST, Clip, Recorder, at
from sample_media.scenes import scene
from sample_media.shown import Shown

BEIJING = timedelta(hours=8)


def stamp(path: Path, claimed: datetime) -> None:
    """Set a file's time to what the recorder's clock showed when it closed the file."""
    seconds = calendar.timegm((claimed - BEIJING).timetuple())
    os.utime(path, (seconds, seconds))


def write(path: Path, content: bytes, claimed: datetime) -> None:
    """A small file with its time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    stamp(path, claimed)


def chinese(lines: list[str]) -> bytes:
    """Recorders write in the code page of the PC they were set up on."""
    return ("\r\n".join(lines) + "\r\n").encode("gb18030")


def photo_path(recorder: Recorder, claimed: datetime) -> str:
    """Where a recorder puts a photo, relative to `cards/`."""
    if recorder == DSJ:
        return f"{DSJ.serial}/{claimed:%Y%m%d}/{claimed:%H%M%S}.JPG"
    return f"{DCAM.serial}/PHOTO/DCAM_{DCAM.serial}_{DCAM.user}_{claimed:%Y%m%d_%H%M%S}.jpg"


def photo(cards: Path, recorder: Recorder, when: datetime, place: str, title: str | None, seed: list[int]) -> dict:
    """A still; with a title a served document is held into it."""
    rng = np.random.default_rng(seed)
    claimed = when + timedelta(seconds=recorder.fast)
    frame = Camera(rng).see(scene(place, rng, ("综合行政执法",), 6.0), 3.0)
    events = []
    if title:
        held = Shown(documents.notice(rng, title, when.year), 2.0, 4.0, rng)
        held.put(frame, 3.0)
        events = [{key: value for key, value in held.truth().items() if key not in ("t0", "t1")}]
    Sensor(rng, 1.6).expose(frame, 0, 1.0)
    burn_in(frame, claimed, 0, recorder.serial, recorder.user)
    _, coded = cv2.imencode(".jpg", frame.bgr(), [cv2.IMWRITE_JPEG_QUALITY, 88])
    path = photo_path(recorder, claimed)
    write(cards / path, coded.tobytes(), claimed)
    return {"path": path, "recorder": recorder.serial, "claimed_start": claimed.isoformat(), "events": events}


def dcam_log(videos: list[Clip], photos: list[datetime], ends: datetime) -> list[str]:
    """The first recorder's log, all of it on its own clock until the station set it right."""
    fast = timedelta(seconds=DCAM.fast)
    noted: list[tuple[datetime, str]] = [(at(ends.date(), "08:52:10"), "POWER_ON BAT=97%")]
    for clip in videos:
        noted.append((clip.claimed, f"REC_START {DCAM.user} 标记={'重要' if clip.marked else '普通'}"))
        over = clip.claimed + timedelta(seconds=clip.seconds)
        noted.append((over, "POWER_LOST" if clip.cut else "REC_STOP"))
    noted += [(when + fast, "SNAPSHOT") for when in photos]
    noted += [
        (at(ends.date(), clock), what)
        for clock, what in (
            ("17:31:40", "LOW_BATTERY BAT=11%"),
            ("17:34:02", "POWER_ON BAT=6%"),
            ("17:34:10", f"REC_START {DCAM.user} 标记=普通"),
            ("17:34:11", "POWER_LOST"),
            ("17:39:58", "USB_CONNECT"),
        )
    ]
    noted += [(ends + fast, f"TIME_SYNC {ends + fast:%Y-%m-%d %H:%M:%S} -> {ends:%Y-%m-%d %H:%M:%S}")]
    return [f"{when:%Y-%m-%d %H:%M:%S} {what}" for when, what in sorted(noted, key=lambda entry: entry[0])]


def dsj_log(videos: list[Clip], photos: list[datetime], ends: datetime) -> list[str]:
    """The second recorder's log: times of the day only, words in Chinese."""
    fast = timedelta(seconds=DSJ.fast)
    noted: list[tuple[datetime, str]] = [(at(ends.date(), "08:47:31"), "开机 电量100%")]
    for clip in videos:
        noted.append((clip.claimed, "开始录像"))
        noted.append((clip.claimed + timedelta(seconds=clip.seconds), "异常断电" if clip.cut else "停止录像"))
        if clip.cut:
            noted.append((clip.claimed + timedelta(seconds=clip.seconds + 40), "开机 电量98%"))
    noted += [(when + fast, "拍照") for when in photos]
    noted += [
        (at(ends.date(), "13:31:02"), "开始录像"),
        (at(ends.date(), "13:31:02"), "存储错误"),
        (at(ends.date(), "17:51:40"), "连接USB"),
    ]
    lines = [f"[{when:%H:%M:%S}] {what}" for when, what in sorted(noted, key=lambda entry: entry[0])]
    return [*lines, f"[{ends:%H:%M:%S}] 校时 {ends + fast:%H:%M:%S} -> {ends:%H:%M:%S}"]


def dcam_extras(cards: Path, videos: list[Clip], photos: list[datetime]) -> None:
    """Log, empty clip and a stray picture message on the first card."""
    day = videos[0].starts.date()
    root = cards / DCAM.serial
    ends = at(day, "17:40:00")
    write(
        root / "LOG" / f"{DCAM.serial}_{day:%Y%m%d}.log",
        chinese(dcam_log(videos, photos, ends)),
        ends + timedelta(seconds=DCAM.fast),
    )
    write(root / "VIDEO" / f"DCAM_{DCAM.serial}_{DCAM.user}_{day:%Y%m%d}_173410.mp4", b"", at(day, "17:34:11"))
    earlier = day - timedelta(days=6)
    stray = root / "PHOTO" / "新建文件夹" / f"IMG-{earlier:%Y%m%d}-WA0003.mp4"
    stray.parent.mkdir(parents=True, exist_ok=True)
    tiny = ffmpeg.input("mandelbrot=size=320x240:rate=10", format="lavfi", t=2)
    plain = {"map_metadata": -1, "fflags": "+bitexact", "flags:v": "+bitexact", "threads": 1}
    tiny.output(str(stray), vcodec="libx264", preset="ultrafast", crf=36, pix_fmt="yuv420p", **plain).run(quiet=True)
    stamp(stray, at(earlier, "20:14:06"))


def dsj_extras(cards: Path, videos: list[Clip], photos: list[datetime]) -> None:
    """Identity, log, empty clip and a note somebody left on the second card."""
    day = videos[0].starts.date()
    root = cards / DSJ.serial
    ends = at(day, "17:52:00")
    write(root / "LOG" / f"{day:%Y%m%d}.TXT", chinese(dsj_log(videos, photos, ends)), ends)
    identity = [f"SERIAL={DSJ.serial}", "MODEL=DSJ-B2", f"USER={DSJ.user}", f"UNIT={EAST}"]
    write(root / "DEVICE.INI", chinese(identity), at(day - timedelta(days=240), "09:12:44"))
    write(root / f"{day:%Y%m%d}" / "133102.MP4", b"", at(day, "13:31:02"))
    note = ["加油 200", "停车 15", "下周三年检，记得带行驶证"]
    write(root / f"{day:%Y%m%d}" / "新建文本文档.txt", chinese(note), at(day, "12:26:40"))
