"""Which clips of a station a campaign is over, as its proved log states them."""

from __future__ import annotations

import os
from pathlib import Path

from avrecord.bureau import stations
from avrecord.bureau.book import Item
from avrecord.bureau.bringing import inside
from avrecord.bureau.scope import Scope
from avrecord.bureau.views import Views
from avrecord.durable import make_folder
from avrecord.errors import ArchiveDiskAway, AvrecordError, NoSpaceForArchive
from avrecord.model.clip import Clip
from avrecord.pipeline.kit import Kit, Place
from avrecord.pipeline.record import catch_up
from avrecord.pipeline.yearbag import BESIDE, CLIPS, Year, assert_own, bag_name, choose, partial_of

LARGEST = 1 << 40  # bytes of a clip: sums of what logs claim must stay within 64 bits


def items(station: str, store: str, scope: Scope, after: int, kind: str, kit: Kit) -> tuple[list[Item], int]:
    """A station's clips in a store, and the last upload among them. `after`: the upload that was reached before."""
    if not stations.is_taken(station, kit) or stations.frozen_for(station, kit):
        return [], -1  # of a frozen one nothing new is believed; what waits, waits
    if kind == "archive":
        return _of_year(station, scope, kit), -1
    with stations.index(station, kit) as index:
        rows = index.rows("clips_in_store", store=store, after=after, since=scope.since)
        if kind == "examine":
            rows = [row for row in rows if row["media"] in ("video", "audio", "photo")]
    found = [Item(row["clip_id"], row["seq"], row["stored"], _size(row["size"]), row["seen"] or "") for row in rows]
    return found, max((row["sent_seq"] for row in rows), default=-1)


def bag_of(scope: Scope, station: str, place: Place) -> Path:
    """Where the bag of a station's part lies once it is whole. Raises ArchiveDiskAway without a disk for it."""
    return archive_disk(place) / station / bag_name(scope.unit, Year(scope.year))


def archive_disk(place: Place) -> Path:
    """Where all bags lie. Raises ArchiveDiskAway."""
    to = Path(place.settings.archive.to)
    if not place.settings.archive.to or not to.is_absolute() or not to.is_dir():
        raise ArchiveDiskAway(path=place.settings.archive.to or "—")
    return to


def units(year: Year, station: str | None, kit: Kit) -> list[str]:
    """Units that have a bag in a year: of one station, or of any."""
    found: set[str] = set()
    views = Views(kit)
    try:
        for name in [station] if station else stations.trusted(kit):
            if not stations.is_taken(name, kit):
                continue
            try:
                with stations.alone(name), views.of(name) as view:
                    found |= {row["unit"] for row in view.store.rows("units_of_year", **year.span) if row["unit"]}
            except AvrecordError as error:
                if station:
                    raise
                kit.tell("station_failed", station=name, detail=str(error))
    finally:
        views.close()
    return sorted(found)


def _of_year(station: str, scope: Scope, kit: Kit) -> list[Item]:
    """Clips of a unit's year that the rules have not removed; none where the bag is there.

    The bag's folder is made here: a worker that does not find it has another disk in that place.
    """
    out, views = bag_of(scope, station, kit), Views(kit)
    there = out.exists()
    if there and _is_stated(station, scope, kit):
        return []
    try:
        with views.of(station) as view:
            chosen = [each.clip for each in choose(scope.unit, Year(scope.year), view)]
            clips = [clip for clip in chosen if view.store.row("expired_clip", clip_id=clip.id.hex) is None]
            found = [Item(clip.id.hex, _leaf(clip, view), clip.stored, _size(clip.size)) for clip in clips]
    finally:
        views.close()
    if found and not there:  # one that is there and not stated is looked at again, and stated or named
        try:
            assert_own(partial_of(out))
            make_folder(partial_of(out) / CLIPS)
            _assert_room(out, found, kit)
        except OSError as error:
            raise ArchiveDiskAway(path=f"{out}（{error.strerror or error}）") from error
    return found


def _is_stated(station: str, scope: Scope, kit: Kit) -> bool:
    """Whether this bureau's log has the bag: its name alone proves nothing, since a crash, or somebody else, may have left it."""
    catch_up(kit)
    wanted = (scope.unit, scope.year, station)
    return any((row["unit"], row["year"], row["copy_of"]) == wanted for row in kit.store.rows("archives"))


def _size(stated: int) -> int:
    """A size as a station states it, within what sums of a year stay countable with."""
    return max(0, min(stated, LARGEST))


def _assert_room(out: Path, items: list[Item], kit: Kit) -> None:
    """Raises NoSpaceForArchive when the disk has no room for what is not there yet of one station's bag: a station that states
    what no disk holds keeps no other from its own."""
    folder = partial_of(out) / CLIPS
    needed = sum(item.size + BESIDE for item in items if (path := inside(folder, item.stored)) and not path.is_file())
    status = os.statvfs(archive_disk(kit))
    free = status.f_bavail * status.f_frsize
    if needed > free:
        raise NoSpaceForArchive(path=out.parent, needed=needed, free=free)


def _leaf(clip: Clip, view: Kit) -> int:
    row = view.store.row("one_clip", clip_id=clip.id.hex)
    return int(row["seq"]) if row else -1
