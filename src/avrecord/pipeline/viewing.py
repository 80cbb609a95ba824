"""Who looks at a clip is on record before the clip is shown: what cannot be stated is not served."""

from __future__ import annotations

import zipfile
from pathlib import Path

from avrecord.errors import UnknownName
from avrecord.model.clip import Clip, ClipId
from avrecord.model.statement import ClipViewed
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts
from avrecord.pipeline.record import state
from avrecord.pipeline.review import find_clip
from avrecord.rules.roles import Account, narrowed

NO_CLIP = "片段（编号是片段页列出的十六进制数，或不属于您的单位）"


def clip_for(account: Account, text: str, kit: Kit) -> Clip:
    """The clip, when the account's unit may see it. Raises UnknownName: another unit's clip is as unknown as none."""
    try:
        found = find_clip(text, kit)
    except UnknownName as error:
        raise UnknownName(what=NO_CLIP, name=text[:64]) from error  # the same words for both
    if account.unit and not kit.store.row("clip_in_unit", clip_id=found.id.hex, unit=account.unit):
        raise UnknownName(what=NO_CLIP, name=text[:64])
    return found


def assert_theirs(account: Account, case: str, kit: Kit, stage: str = "") -> None:
    """Raises UnknownName for a stage of another unit, or without one for a case that is not the account's as a whole: what is
    another unit's is as unknown as what does not exist."""
    stages = [each for each in kit.records.stages(case_no=case) if stage in ("", each.id.name)] if case else []
    if not stages or any(narrowed(account, each.unit) is None for each in stages):
        raise UnknownName(what="案件环节" if stage else "案件", name=f"{case} {stage}".strip())


def watched(clip: ClipId, by: str, kit: Kit, station: str = "") -> None:
    """State that a clip is about to be shown; `station`: another one's, whose copy a bureau shows."""
    state(kit, [ClipViewed(clip=clip.hex, how="watched", why=None, copy_of=station)], by)


def packed_taken_away(package: Path, why: str, by: str, kit: Kit) -> int:
    """State that the originals in a packed bag are about to leave: its manifests name them by their SHA-256. How many."""
    with zipfile.ZipFile(package) as packed:
        lists = [packed.read(name).decode() for name in packed.namelist() if name.endswith("/manifest-sha256.txt")]
    digests = {line.partition(" ")[0] for text in lists for line in text.splitlines()}
    clips = [clip for digest in sorted(digests) if (clip := kit.records.clip(ClipId(digest)))]
    purpose = kit.attachments.put(why.encode())
    state(kit, [ClipViewed(clip=clip.id.hex, how="taken", why=purpose) for clip in clips], by)
    return len(clips)


def pictured(case: str, kit: Kit) -> list[ClipId]:
    """The clips whose frames a case's opinion shows."""
    found = accounts(kit, case_no=case)
    return list(dict.fromkeys(mark.clip.id for each in found for mark in each.marks if mark.clip and mark.observation))


def taken_away(clip: ClipId, why: str, by: str, kit: Kit, station: str = "") -> None:
    """State that the original is about to leave the station (or the store, from a bureau), and for what purpose."""
    state(kit, [ClipViewed(clip=clip.hex, how="taken", why=kit.attachments.put(why.encode()), copy_of=station)], by)
