"""文件损坏: what could not be read, and what a file claims but does not hold. Exit 0 proves nothing."""

from __future__ import annotations

from dataclasses import dataclass

from avrecord.model.observation import Fault

VERSION = "damaged@2"
SHORT_MS = 1500
UNINDEXED = "录制中断，文件没有索引"


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a file. `lacking`: None for a whole file, else announced bytes that are not there (0: some)."""

    errors: int = 0
    pictures_ms: int | None = None
    sound_ms: int | None = None
    claimed_ms: int | None = None
    lacking: int | None = None
    key_frames: int = 0
    decoded: int = 0


def damaged(read: Read) -> list[Fault]:
    """Decoder errors, an end that is not there, pictures that stop before the sound, nothing decoded."""
    until = max(read.pictures_ms or 0, read.sound_ms or 0)
    end = max(until, read.claimed_ms or 0)
    found = []
    if read.errors:
        found.append(Fault("damaged", VERSION, 0, end, f"解码错误 {read.errors} 处"))
    short = end - until > SHORT_MS
    if read.lacking is not None or short:
        found.append(Fault("damaged", VERSION, until, end, _unread(read.lacking, (end - until) / 1000 if short else 0)))
    if read.pictures_ms is not None and until - read.pictures_ms > SHORT_MS:
        rest = (until - read.pictures_ms) / 1000
        found.append(Fault("damaged", VERSION, read.pictures_ms, until, f"画面到此为止，其后 {rest:.1f} 秒只有声音"))
    if read.key_frames and not read.decoded:
        found.append(Fault("unreadable", VERSION, 0, end, "没有一帧能解码"))
    return found


def _unread(lacking: int | None, seconds: float) -> str:
    """What of the end is not there, as far as it is known."""
    said = []
    if lacking is not None:
        said.append(f"文件没有写完，少 {lacking} 字节，其后未读到" if lacking else "文件没有写完，其后未读到")
    if seconds:
        said.append(f"文件自称的最后 {seconds:.1f} 秒不在文件里")
    return "；".join(said)
