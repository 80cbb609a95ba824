"""人工复核 and links by hand: a named person decides; nothing is erased by it."""

from __future__ import annotations

import re

from avrecord.errors import OwnReview, UnknownName
from avrecord.model.case import Stage, StageId
from avrecord.model.clip import Clip, ClipId
from avrecord.model.statement import ClipLinked, ClipUnlinked, MarkReviewed
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import proposals
from avrecord.pipeline.record import state
from avrecord.rules.reviewing import folded
from avrecord.words import DECISIONS, REVIEW_ITEMS, SEGMENTS


def review(stage: StageId, item: str, decision: str, by: str, why: str, kit: Kit) -> None:
    """State a decision about one segment of a stage, about its footage as such, or about the stage (an exclusion).

    `by` is a number (执法证号 or 工号), never a name; `why` is free text and kept as an attachment.
    """
    assert_reviewable(stage, item, decision, by, kit)
    digest = kit.attachments.put(why.encode())
    state(kit, [MarkReviewed(case=stage.case, stage=stage.name, item=item, decision=decision, why=digest)], by)


def assert_reviewable(stage: StageId, item: str, decision: str, by: str, kit: Kit) -> None:
    """Raises UnknownName for what cannot be decided, OwnReview for who took part in the stage."""
    found = find_stage(stage, kit)
    known_item(item, kit)
    if decision not in DECISIONS:
        raise UnknownName(what="复核结论", name=decision)
    if folded(by) in {folded(officer) for officer in found.officers}:
        raise OwnReview(by=by)


def known_item(item: str, kit: Kit) -> None:
    """Raises UnknownName for what nobody can review."""
    if item not in REVIEW_ITEMS and item not in SEGMENTS and item not in kit.segments:
        raise UnknownName(what="要件", name=item)


def link_by_hand(stage: StageId, clip: ClipId, by: str, kit: Kit) -> None:
    """Link a clip to a stage whatever the rule says."""
    find_stage(stage, kit)
    state(
        kit,
        [ClipLinked(clip=clip.hex, case=stage.case, stage=stage.name, method="person", overlap_ms=0, uncertainty_ms=0)],
        by,
    )


def unlink_by_hand(stage: StageId, clip: ClipId, why: str, by: str, kit: Kit) -> None:
    """Take a clip away from a stage, or turn a proposal down; no rule links or proposes it there again."""
    found = find_stage(stage, kit)
    linked = clip.hex in {linked.id.hex for linked, _ in kit.records.linked(stage)}
    if not linked and clip not in {each.clip.id for each in proposals(kit, [found])}:
        raise UnknownName(what="关联", name=clip.short)
    body = ClipUnlinked(clip=clip.hex, case=stage.case, stage=stage.name, why=kit.attachments.put(why.encode()))
    state(kit, [body], by)


def find_stage(stage: StageId, kit: Kit) -> Stage:
    """The stage. Raises UnknownName."""
    if found := kit.records.stage(stage):
        return found
    known = "、".join(each.id.name for each in kit.records.stages(case_no=stage.case))
    hint = f"该案的环节有：{known}" if known else "没有这个案件"
    raise UnknownName(what="案件环节", name=f"{stage.case} {stage.name}（{hint}）")


def find_clip(text: str, kit: Kit) -> Clip:
    """The clip whose id begins with `text`. Raises UnknownName when there is none or more than one."""
    found = kit.records.clips_beginning(text) if re.fullmatch(r"[0-9a-fA-F]{4,64}", text) else []
    if len(found) != 1:
        what = "唯一的片段（编号太短）" if found else "片段（编号是 clips 列出的 12 位十六进制数）"
        raise UnknownName(what=what, name=text)
    return found[0]
