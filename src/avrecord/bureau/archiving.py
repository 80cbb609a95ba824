"""年底归档 at the bureau: a bag for each station's part of a unit, filled from the object store by any number of workers.

Workers bring clips to the archive disk, which each of them has below `archive.to`; a clip that lies there whole is not fetched
again. Who has the bureau's keys writes what stands beside them, signs, and states the bag in the bureau's own log: a worker's
word is held against the manifest then.
"""

from __future__ import annotations

import errno
import platform
from contextlib import closing
from pathlib import Path
from typing import Any

from avrecord import durable
from avrecord.bureau import stations
from avrecord.bureau.asking import bag_of
from avrecord.bureau.book import Book, Chunk, Item, Result
from avrecord.bureau.bringing import bring, inside
from avrecord.bureau.campaigns import book, keys_of
from avrecord.bureau.chunk import Keys
from avrecord.bureau.scope import Scope
from avrecord.bureau.views import Views
from avrecord.durable import owner, read_small
from avrecord.errors import ArchiveDiskAway, AvrecordError, BadInput, BagDiffers, CannotWrite, ObjectMissing
from avrecord.ledger.bag import MANIFEST, files, read_manifest
from avrecord.pipeline.clipcheck import LARGEST_SEAL
from avrecord.pipeline.kit import Kit, Place
from avrecord.pipeline.storing import clip_key
from avrecord.pipeline.yearbag import (
    CLIPS,
    Archive,
    Chosen,
    Part,
    Year,
    assert_own,
    choose,
    finish,
    give_name,
    made_before,
    partial_of,
    state_made,
)
from avrecord.seal import sshsig
from avrecord.seal.verify import check_seal
from avrecord.vault.folder import SEAL_ENDING
from avrecord.vault.objects import Objects

LARGEST_MANIFEST = 256 << 20
UNFIT = (errno.EISDIR, errno.EINVAL, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EILSEQ)
"""What a name does, not a disk: it becomes a finding about the clip, and keeps nobody waiting."""
LOCK = ".archive.lock"
OPEN = "open"
"""In the place of a bag's digest: it is not closed, since clips are lacking. A person mends that and asks again."""


def bring_clip(objects: Objects, chunk: Chunk, item: Item, keys: Keys, place: Place) -> Result:
    """One clip and its seal into the bag. Raises ArchiveDiskAway, by which no clip is blamed."""
    out = bag_of(Scope.parse(chunk.scope), chunk.station, place)
    bag = partial_of(out)
    path = inside(bag / CLIPS, item.stored)
    if path is None:
        return Result(item, "UNREADABLE", "存放位置不在资料包内")
    if out.exists():
        return Result(item, "OK", "资料包已经封口", item.clip)
    if not bag.is_dir():
        raise ArchiveDiskAway(path=bag)
    try:
        assert_own(bag)
    except CannotWrite as error:
        raise ArchiveDiskAway(path=f"{bag}（其中有链接）") from error
    if not path.parent.resolve().is_relative_to(bag.resolve()):
        return Result(item, "UNREADABLE", "归档盘上它的文件夹是链接，没有写入")
    try:
        part = f".{item.clip}.{platform.node()}.{owner()}.part"  # another worker may be at it, too
        bring(objects, clip_key(chunk.station, item.stored, item.clip), path, (item.clip, item.size), part)
        seal = read_small(path.with_name(path.name + SEAL_ENDING), LARGEST_SEAL).decode("ascii", "replace")
    except ObjectMissing:
        what = ("UNSIGNED", "对象存储中没有它的签名文件") if path.is_file() else ("MISSING", "对象存储中没有这个片段")
        return Result(item, *what)
    except (BadInput, FileExistsError, NotADirectoryError):
        return Result(item, "ALTERED", "对象存储中的内容与封存时不符，没有放入资料包")
    except OSError as error:
        if error.errno in UNFIT:
            return Result(item, "UNREADABLE", f"归档盘放不下这个名称（{error.strerror}）")
        raise ArchiveDiskAway(path=f"{bag}（{error.strerror or error}）") from error
    except ValueError:
        return Result(item, "UNREADABLE", "存放位置的名称不成样子")
    wrong = check_seal(seal, bytes.fromhex(item.clip), item.seq, keys, item.stored)
    return Result(item, wrong.code, wrong.detail, item.clip) if wrong else Result(item, "OK", "", item.clip)


def close_archives(kit: Kit, objects: Objects) -> list[Archive]:
    """Make the bags of what the workers have ended with. One station's trouble keeps no other waiting; it is told.

    One process at a time: two that close one bag would take each other's manifests away. None while another does.
    """
    made: list[Archive] = []
    try:
        with durable.locked(kit.root / LOCK, wait=False):
            return _closed(kit, objects)
    except BlockingIOError:
        return made


def _closed(kit: Kit, objects: Objects) -> list[Archive]:
    made: list[Archive] = []
    with book(kit) as found:
        for row in found.rows.rows("bags_to_close", store=objects.name):
            try:
                with stations.alone(row["station"]):
                    made += _close(found, row, kit)
            except AvrecordError as error:
                kit.tell("archive_failed", station=row["station"], detail=str(error))
    return made


def _close(found: Book, row: dict[str, Any], kit: Kit) -> list[Archive]:
    station, scope = row["station"], Scope.parse(row["scope"])
    if stations.frozen_for(station, kit):
        return []
    out = bag_of(scope, station, kit)
    results = found.rows.rows("results_of_station", campaign=row["campaign"], station=station)
    sound = {each["clip_id"] for each in results if each["finding"] == "OK"}
    with closing(Views(kit)) as views, views.of(station) as view:
        part = Part(scope.unit, Year(scope.year), view, kit, station)
        made: Archive | None = None
        try:
            made = made_before(out, part, row["asked_by"]) if out.exists() else _made(out, sound, scope, part, row["asked_by"])
        except (CannotWrite, BagDiffers) as error:  # to read all of it again at every turn mends nothing: a person asks again
            kit.tell("archive_failed", station=station, detail=str(error))
        except OSError as error:
            raise ArchiveDiskAway(path=f"{out}（{error.strerror or error}）") from error
    with found.rows.writing() as run:
        run("set_bag", campaign=row["campaign"], station=station, bag=made.bag if made else OPEN)
    return [made] if made else []


def _made(out: Path, sound: set[str], scope: Scope, part: Part, by: str) -> Archive | None:
    """Close a bag; None where clips are lacking and nobody accepted that."""
    view, partial = part.kit, partial_of(out)
    chosen = choose(scope.unit, part.year, view)
    digests = {each.clip.id.hex: each.clip.id.hex if each.clip.id.hex in sound else "" for each in chosen}
    lacking = [key for key, digest in digests.items() if not digest and not view.store.row("expired_clip", clip_id=key)]
    if lacking and not scope.gaps:
        why = "个片段有缺：存储中没有或不符，或是任务开始以后才归入的。补传后再做一次，或加 --with-gaps"
        part.own.tell("archive_failed", station=part.copy_of, detail=f"{len(lacking)} {why}")
        return None
    if not partial.is_dir():
        raise ArchiveDiskAway(path=partial)
    assert_own(partial)
    _drop_strangers(partial, {each.clip.stored for each in chosen if digests[each.clip.id.hex]})
    signers = "".join(sshsig.allowed_signer(part.copy_of, key) for key in keys_of(part.copy_of, part.own))
    wrong = finish(partial, chosen, digests, part, signers + sshsig.allowed_signer(part.own.station, part.own.sealer.public))
    _assert_as_sealed(partial, chosen, digests)
    give_name(partial, out)
    return state_made(out, wrong, part, by)


def _drop_strangers(partial: Path, stored: set[str]) -> None:
    """What killed workers left, and clips that are not this year's any more, since their link was taken back."""
    for path in files(partial / CLIPS):
        if path not in stored and path.removesuffix(SEAL_ENDING) not in stored:
            (partial / CLIPS / path).unlink()


def _assert_as_sealed(partial: Path, chosen: list[Chosen], digests: dict[str, str]) -> None:
    """A worker that has no key said what it brought; the manifest says what lies there. Raises BagDiffers."""
    manifest = read_manifest(read_small(partial / MANIFEST, LARGEST_MANIFEST))
    for each in chosen:
        if digests[each.clip.id.hex] and manifest.get(f"data/clips/{each.clip.stored}") != each.clip.id.hex:
            raise BagDiffers(path=each.clip.stored)
