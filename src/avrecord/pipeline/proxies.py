"""Copies for browsers: made when somebody asks, the oldest go first, none is missed. Never evidence, never sealed."""

from __future__ import annotations

import shutil
from pathlib import Path

from avrecord import durable
from avrecord.errors import CannotWrite, NoSpace
from avrecord.media.trial import in_force
from avrecord.media.worker import Limits, isolated
from avrecord.model.clip import Clip, Media
from avrecord.pipeline.kit import Kit

TASK = "avrecord.media.proxy:make"  # by name: this process never loads a decoder
FOLDER = "proxies"
SPARE = 1 << 30
LIMITS = Limits(cpu_s=4 * 3600, wall_s=6 * 3600, written=8 << 30)


def proxy_path(clip: str, kit: Kit) -> Path:
    """Where the copy of a clip (its id) lies, or would."""
    return kit.root / FOLDER / f"{clip}.mp4"


def proxy_at(clip: Clip, kit: Kit) -> Path | None:
    """The copy of a clip that is there, if any; none of a clip that was removed while it was made."""
    path = proxy_path(clip.id.hex, kit)
    shown = path.is_file() and not path.is_symlink() and kit.vault.path(clip.stored).is_file()
    return path if shown else None


def make_proxy(clip: Clip, kit: Kit) -> Path:
    """Make the copy of a clip of this station. Raises what `copied` does, and NoSpace while intake needs the room."""
    if found := proxy_at(clip, kit):
        return found
    assert_room(clip.size, kit)
    return copied(clip, kit.vault.path(clip.stored), proxy_path(clip.id.hex, kit), kit)


def assert_room(size: int, kit: Kit) -> None:
    """Raises NoSpace where what is to be written would take the room that intake keeps."""
    free = kit.vault.free() - (kit.settings.vault.reserve_mib << 20)
    if free < size + SPARE:
        raise NoSpace(needed=size + SPARE, free=max(0, free))


def assert_plays(clip: Clip) -> None:
    """Raises CannotWrite for what has neither pictures that move nor sound."""
    if clip.media not in (Media.VIDEO, Media.AUDIO):
        raise CannotWrite(path=clip.name, detail="不是录像或录音，没有可播放的副本")


def copied(clip: Clip, source: Path, target: Path, kit: Kit) -> Path:
    """Make the copy of a clip from its bytes at `source`, and keep it at `target`. Raises CannotWrite when nothing can be
    decoded."""
    assert_plays(clip)
    request = {"clip": str(source), "name": clip.id.hex}
    with isolated(TASK, request, LIMITS, reads=[source], isolation=in_force(kit.settings.check.isolation)) as outcome:
        answer, copy = outcome.answer or {"impossible": outcome.reason}, outcome.folder / "proxy.mp4"
        if "impossible" in answer or copy.is_symlink() or not copy.is_file():
            raise CannotWrite(path=clip.name, detail=f"做不出可播放的副本：{str(answer.get('impossible', '没有结果'))[:200]}")
        durable.make_folder(target.parent)
        part = target.with_suffix(".part")
        shutil.copyfile(copy, part)
        durable.sync_file(part)  # switched off at the wall now, half a copy would be played as the whole one
        part.replace(target)
    _tidy(kit.root / FOLDER, kit.settings.web.copies_gib << 30)
    return target


def _tidy(folder: Path, most: int) -> None:
    """Let the oldest copies go when they are too many: each can be made again."""
    found = sorted(((path.stat().st_mtime, path.stat().st_size, path) for path in folder.rglob("*.mp4")), reverse=True)
    total = 0
    for _, size, path in found:
        total += size
        if total > most:
            path.unlink()
