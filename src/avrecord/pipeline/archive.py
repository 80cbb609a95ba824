"""年底归档 on a station: a unit's year in a bag of its own, which goes on where a crash left it.

Until it is whole a bag lies under a hidden name (`.<name>.partial`); clips that are in it are noted in a file beside it,
so that a second run copies only the rest. The name comes last, then the statement, then the receipt beside the bag.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from contextlib import suppress
from pathlib import Path

from avrecord import durable
from avrecord.errors import CannotWrite, NoSpaceForArchive, UnknownName
from avrecord.ledger.bag import files
from avrecord.model.clip import Clip
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import catch_up
from avrecord.pipeline.yearbag import (
    BESIDE,
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
    units_of,
)
from avrecord.vault.folder import SEAL_ENDING

BLOCK = 1 << 20
TOLD = 20  # times that the progress of a copy is told


def make_archive(unit: str, year: Year, to: Path, by: str, kit: Kit) -> Archive:
    """Make a unit's bag below `to`, or finish the one that a crash left; state it and write the receipt.

    Raises UnknownName for a unit that nobody knows, NoSpaceForArchive before anything is written, CannotWrite.
    """
    catch_up(kit)
    if unit not in units_of(year, kit):
        raise UnknownName(what="单位", name=unit)
    chosen = choose(unit, year, kit)
    if not chosen:
        return Archive(unit, 0, 0)
    assert_outside(to, kit)
    part = Part(unit, year, kit, kit)
    out = to / part.name
    try:
        if out.exists():
            return made_before(out, part, by)
        to.mkdir(parents=True, exist_ok=True)
        partial = partial_of(out)
        wrong = finish(partial, chosen, _fill(partial, chosen, part), part)
        give_name(partial, out)
        _journal_of(partial).unlink(missing_ok=True)
        return state_made(out, wrong, part, by)
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error


def _fill(partial: Path, chosen: list[Chosen], part: Part) -> dict[str, str]:
    """Copy the clips that are not in the bag yet; by clip the digest of what was read, "" where it is not there."""
    kit, copied = part.kit, _copied_before(partial, chosen)
    _assert_room(partial.parent, [each for each in chosen if each.clip.stored not in copied])
    partial.mkdir(exist_ok=True)
    digests: dict[str, str] = {}
    kit.tell("step", text=f"归档 {part.unit} {part.year.number}：片段 {len(chosen)} 个，已在包内 {len(copied)} 个")
    total, done, told = sum(each.clip.size for each in chosen), 0, 0
    for n, each in enumerate(chosen, 1):
        digests[each.clip.id.hex] = copied.get(each.clip.stored) or _copy(each.clip, partial, kit)
        done += each.clip.size
        if total and done * TOLD // total > told:
            told = done * TOLD // total
            kit.tell("step", text=f"  {n}/{len(chosen)} 个片段，{done / 1e9:.2f}/{total / 1e9:.2f} GB")
    return digests


def _copied_before(partial: Path, chosen: list[Chosen]) -> dict[str, str]:
    """Stored path → digest of clips that an earlier run put into the bag. What does not belong there any more goes."""
    assert_own(partial)
    sizes = {each.clip.stored: each.clip.size for each in chosen}
    noted: dict[str, str] = {}
    with suppress(FileNotFoundError):
        for line in _journal_of(partial).read_text("utf-8", "replace").splitlines():
            if found := re.fullmatch(r"([0-9a-f]{64})  (\S.*)", line):
                noted[found[2]] = found[1]
    folder = partial / CLIPS
    for path in files(folder) if folder.is_dir() else []:
        stored = path.removesuffix(SEAL_ENDING)
        if (path if path in sizes else stored) not in noted or stored not in sizes:
            (folder / path).unlink()
    return {
        stored: digest
        for stored, digest in noted.items()
        if stored in sizes and (folder / stored).is_file() and (folder / stored).stat().st_size == sizes[stored]
    }


def _copy(clip: Clip, partial: Path, kit: Kit) -> str:
    """Copy a clip and its seal, durably; return the digest of what was read, or "" where it is not there."""
    source, target = kit.vault.path(clip.stored), partial / CLIPS / clip.stored
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = partial.with_name(f"{partial.name}.copying")
    aside.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        shutil.copyfile(source.with_name(source.name + SEAL_ENDING), target.with_name(target.name + SEAL_ENDING))
    hashed = hashlib.sha256()
    try:
        with durable.open_regular(source) as reader, aside.open("wb") as writer:
            while block := reader.read(BLOCK):
                hashed.update(block)
                writer.write(block)
            writer.flush()
            os.fsync(writer.fileno())
    except FileNotFoundError:
        target.with_name(target.name + SEAL_ENDING).unlink(missing_ok=True)
        return ""
    aside.rename(target)
    durable.append_to(_journal_of(partial), f"{hashed.hexdigest()}  {clip.stored}\n".encode())
    return hashed.hexdigest()


def _journal_of(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.copied")


def _assert_room(folder: Path, missing: list[Chosen]) -> None:
    status = os.statvfs(folder)
    needed, free = sum(each.clip.size + BESIDE for each in missing), status.f_bavail * status.f_frsize
    if needed > free:
        raise NoSpaceForArchive(path=folder, needed=needed, free=free)
