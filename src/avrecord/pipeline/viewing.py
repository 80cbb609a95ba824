"""Who looks at a clip is on record before the clip is shown: what cannot be stated is not served."""

from __future__ import annotations

from avrecord.errors import UnknownName
from avrecord.model.clip import Clip, ClipId
from avrecord.model.statement import ClipViewed
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.record import state
from avrecord.pipeline.review import find_clip
from avrecord.rules.roles import Account, narrowed

NO_CLIP = "片段（编号是片段页列出的十六进制数，或不属于您的单位）"


def clip_for(account: Account, text: str, kit: Kit) -> Clip:
    """The clip, when the account's unit may see it. Raises UnknownName: another unit's clip is as unknown as none."""
    found = find_clip(text, kit)
    if account.unit and not kit.store.row("clip_in_unit", clip_id=found.id.hex, unit=account.unit):
        raise UnknownName(what=NO_CLIP, name=text[:64])
    return found


def assert_theirs(account: Account, case: str, kit: Kit) -> None:
    """Raises UnknownName for a case of another unit: it is as unknown as one that does not exist."""
    stages = kit.records.stages(case_no=case) if case else []
    if not stages or all(narrowed(account, stage.unit) is None for stage in stages):
        raise UnknownName(what="案件", name=case)


def watched(clip: ClipId, by: str, kit: Kit) -> None:
    """State that a clip is about to be shown."""
    state(kit, [ClipViewed(clip=clip.hex, how="watched", why=None)], by)


def taken_away(clip: ClipId, why: str, by: str, kit: Kit) -> None:
    """State that the original is about to leave the station, and for what purpose."""
    state(kit, [ClipViewed(clip=clip.hex, how="taken", why=kit.attachments.put(why.encode()))], by)
