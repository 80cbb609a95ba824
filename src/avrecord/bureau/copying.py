"""A copy for browsers of a station's clip, made at the bureau from the store's copy. Never evidence."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from avrecord.bureau import stations
from avrecord.bureau.looking import fetched, scratch
from avrecord.bureau.views import Views
from avrecord.errors import AvrecordError, ObjectDiffers, UnknownName
from avrecord.model.clip import Clip
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.proxies import FOLDER, assert_plays, assert_room, copied
from avrecord.pipeline.storing import clip_key
from avrecord.vault.objects import Objects


def copy_of(station: str, clip: Clip, kit: Kit) -> Path | None:
    """The copy that is there, if any. `kit`: the bureau's own. Of this station: another one may state the same digest."""
    path = _path(station, clip.id.hex, kit)
    return path if path.is_file() and not path.is_symlink() else None


def make_copy(objects: Objects, station: str, clip: Clip, kit: Kit) -> Path:
    """Fetch a clip, make its copy, keep only that. Raises ObjectMissing, ObjectDiffers, NoSpace, CannotWrite, UnknownName."""
    if found := copy_of(station, clip, kit):
        return found
    assert_plays(clip)
    with closing(Views(kit)) as views, views.of(station) as seen:
        if seen.store.row("expired_clip", clip_id=clip.id.hex):
            raise UnknownName(what="片段（已按规则移除）", name=clip.id.short)
    assert_room(2 * max(0, clip.size), kit)
    key = clip_key(station, clip.stored, clip.id.hex)
    with scratch(kit) as folder:
        path = folder / "clip"  # its own name is a station's word
        if fetched(objects, key, path, clip.size) != clip.id.hex:
            raise ObjectDiffers(key=key)
        return copied(clip, path, _path(station, clip.id.hex, kit), kit)


def forget_removed(kit: Kit) -> int:
    """Take away copies of clips that their stations removed by rule: none outlives its clip. How many."""
    gone = 0
    with closing(Views(kit)) as views:
        for station in filter(lambda name: (kit.root / FOLDER / name).is_dir(), stations.trusted(kit)):
            try:
                with stations.alone(station), views.of(station) as seen:
                    for path in list((kit.root / FOLDER / station).glob("*.mp4")):
                        if seen.store.row("expired_clip", clip_id=path.stem):
                            path.unlink(missing_ok=True)
                            gone += 1
            except AvrecordError as error:
                kit.tell("station_failed", station=station, detail=str(error))
    return gone


def _path(station: str, clip: str, kit: Kit) -> Path:
    return kit.root / FOLDER / station / f"{clip}.mp4"
