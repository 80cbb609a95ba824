"""A station's folder made again from the object store: log, attachments and clips, each proved before it gets its name.

Keys are not in the store. With the keys from their backup the folder is the station again (`rebuild` makes its index); without
them it is evidence that anybody can verify, and a new station has to be set up under another id.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from avrecord import durable
from avrecord.bureau import stations
from avrecord.bureau.bringing import bring, inside
from avrecord.bureau.mirror import StoredAttachments, fetch_log
from avrecord.errors import (
    AvrecordError,
    BadInput,
    KeyUnusable,
    LogBroken,
    ObjectMissing,
    ObjectTooLarge,
    StoreLogDiffers,
    UnknownName,
)
from avrecord.model.statement import ConfigChanged, Taken
from avrecord.pipeline.journalling import FILE, fetch_journal
from avrecord.pipeline.kit import Kit, Tell
from avrecord.pipeline.sending import named_by
from avrecord.pipeline.storing import clip_key
from avrecord.seal import note, tiles
from avrecord.seal.codec import decode
from avrecord.seal.log import SEPARATOR
from avrecord.seal.merkle import CompactRange, leaf_hash
from avrecord.seal.note import Checkpoint
from avrecord.vault.objects import Objects


@dataclass
class Fetched:
    """What came: leaves, attachments, clips and bytes; `absent`: what the log names and the store has not, or has otherwise."""

    size: int = 0
    attachments: int = 0
    clips: int = 0
    bytes: int = 0
    absent: dict[str, str] = field(default_factory=dict)


def fetch_station(objects: Objects, station: str, to: Path, kit: Kit, tell: Tell) -> Fetched:
    """Into `to`, which is new or holds what an interrupted fetch left. Raises UnknownName, LogBroken, StoreProblem, BadInput."""
    if (to / "keys").exists():
        raise BadInput(path=to, detail="这里已经有一个采集站，不会覆盖")
    keys = stations.keys_of(station, kit)
    if not fetch_log(objects, station, to / "log", keys):
        raise UnknownName(what="对象存储中的采集站", name=station)
    signed = (to / "log" / "checkpoint").read_text("utf-8")
    now = Checkpoint.parse(note.open_note(signed, keys))
    _assert_whole(to / "log", now)
    durable.replace_with(to / "log" / FILE, _journal(objects, station, signed))
    attachments = StoredAttachments(to / "attachments", lambda: objects, station)
    found = Fetched(size=now.size)
    for index, entry in tiles.entries(to / "log", 0, now.size, now.size):
        statement = decode(entry, index)
        for digest in named_by(statement, attachments):
            _attachment(digest, attachments, found)
        match statement.body:
            case ConfigChanged(config=digest):
                _configuration(digest, attachments, to)
            case Taken() as taken:
                _clip(objects, station, taken, to / "vault", found)
                tell("fetched", clip=taken.clip, bytes=taken.size)
    return found


def _journal(objects: Objects, station: str, signed: str) -> bytes:
    """The station's own, up to the checkpoint that lies in the store: what came after it was never published there."""
    records = fetch_journal(objects, station).decode("utf-8", "replace").split(SEPARATOR)[:-1]
    if signed in records[:-1]:
        # Somebody signed on after what lies there: a station made again from it would sign a second past.
        raise StoreLogDiffers(station=station, detail="检查点簿比检查点新，请先核对该站是否还在运行")
    kept = records if records and records[-1] == signed else [*records, signed]
    return "".join(f"{record}{SEPARATOR}" for record in kept).encode()


def _assert_whole(log: Path, now: Checkpoint) -> None:
    whole = CompactRange()
    for _, entry in tiles.entries(log, 0, now.size, now.size):
        whole.append(leaf_hash(entry))
    if whole.root() != now.root:
        raise LogBroken(index=0, detail="取回的记录与检查点的根不符（存储中的文件被改动，或不全）")


def _attachment(digest: str, attachments: StoredAttachments, found: Fetched) -> None:
    try:
        attachments.get(digest)
        found.attachments += 1
    except AvrecordError as error:
        found.absent[f"attachments/{digest[:12]}"] = str(error)


def _configuration(digest: str, attachments: StoredAttachments, to: Path) -> None:
    """`station.toml` as it was stated last."""
    try:
        durable.replace_with(to / "station.toml", attachments.get(digest))
    except AvrecordError:
        return  # named among what is absent


def _clip(objects: Objects, station: str, taken: Taken, vault: Path, found: Fetched) -> None:
    """One clip and its seal. What is wrong with one of them is named, and the others still come."""
    path = inside(vault, taken.stored)
    if path is None:
        found.absent[taken.stored] = "存放位置不在库内"
        return
    try:
        bring(objects, clip_key(station, taken.stored, taken.clip), path, (taken.clip, taken.size))
        found.clips += 1
        found.bytes += taken.size
    except ObjectMissing:
        found.absent[taken.stored] = "对象存储中没有（尚未上传，或按规则移除）"
    except (BadInput, ObjectTooLarge, KeyUnusable) as error:
        found.absent[taken.stored] = str(error.facts["detail"])
    except (FileExistsError, NotADirectoryError):
        found.absent[taken.stored] = "存放位置与另一个片段的相冲突"
