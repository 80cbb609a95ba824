"""A copy for browsers of a station's clip, made at the bureau from the store's copy. Never evidence."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path, PurePosixPath

from avrecord.bureau import stations
from avrecord.bureau.looking import fetched, scratch
from avrecord.bureau.views import Views
from avrecord.errors import AvrecordError, ObjectDiffers
from avrecord.model.clip import Clip
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.proxies import FOLDER, assert_plays, assert_room, copied, proxy_path
from avrecord.pipeline.storing import clip_key
from avrecord.vault.objects import Objects


def copy_of(clip: Clip, kit: Kit) -> Path | None:
    """The copy that is there, if any. `kit`: the bureau's own."""
    path = proxy_path(clip.id.hex, kit)
    return path if path.is_file() and not path.is_symlink() else None


def make_copy(objects: Objects, station: str, clip: Clip, kit: Kit) -> Path:
    """Fetch a clip, make its copy, keep only that. Raises ObjectMissing, ObjectDiffers, NoSpace, CannotWrite."""
    if found := copy_of(clip, kit):
        return found
    assert_plays(clip)
    assert_room(2 * clip.size, kit)
    key = clip_key(station, clip.stored, clip.id.hex)
    with scratch(kit) as folder:
        path = folder / PurePosixPath(clip.stored).name
        if fetched(objects, key, path) != clip.id.hex:
            raise ObjectDiffers(key=key)
        return copied(clip, path, kit)


def forget_removed(kit: Kit) -> int:
    """Take away copies of clips that their stations removed by rule: none outlives its clip. How many."""
    here = {path.stem: path for path in (kit.root / FOLDER).glob("*.mp4")}
    gone = 0
    if not here:
        return gone
    with closing(Views(kit)) as views:
        for station in filter(lambda name: stations.is_taken(name, kit), stations.trusted(kit)):
            try:
                with stations.alone(station), views.of(station) as seen:
                    removed = [clip for clip in here if seen.store.row("expired_clip", clip_id=clip)]
            except AvrecordError as error:
                kit.tell("station_failed", station=station, detail=str(error))
                continue
            for clip in removed:
                here.pop(clip).unlink(missing_ok=True)
                gone += 1
    return gone
