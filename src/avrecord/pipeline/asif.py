"""What if: a list or settings that are not in force yet, and which clips would be due earlier by them."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from avrecord.errors import BadInput, ShorterRetention
from avrecord.ledger.checklists import read_checklist
from avrecord.model.checklist import Checklist
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.retention import Rules, count_earlier, rules_now
from avrecord.settings import RetentionTable


def rules_as_if(path: Path, kit: Kit) -> Rules:
    """The rules with a list (a file with items) or with other settings (a file with `[retention]`). Raises BadInput."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(path=path, detail=f"读不懂（{type(error).__name__}）") from error
    if "item" in table:
        return with_checklist(read_checklist(path, kit.segments.keys()), kit)
    if "retention" not in table:
        raise BadInput(path=path, detail="既不是清单（没有 [[item]]），也没有 [retention] 设置")
    try:
        settings = RetentionTable(**table["retention"])
    except (ValidationError, TypeError) as error:
        wrong = "、".join(str(each["loc"][0]) for each in error.errors()) if isinstance(error, ValidationError) else "retention"
        raise BadInput(path=path, detail=f"[retention] 的值不对：{wrong}") from error
    return replace(rules_now(kit), unlinked_months=settings.unlinked_months, case_years=settings.case_years)


def with_checklist(checklist: Checklist, kit: Kit) -> Rules:
    """The rules with a list adopted now."""
    now = rules_now(kit)
    return replace(now, versions=now.versions.with_new(checklist))


def assert_not_shorter(path: Path, kit: Kit) -> None:
    """Raises ShorterRetention when adopting a list would make clips here due that are not. Raises BadInput for no list.

    Only a list in force from today or a past day reaches stages that have been. Days to come count as well: what would be due
    sooner than now, though not yet.
    """
    checklist = read_checklist(path, kit.segments.keys())
    adopted = (each.checklist for each in rules_now(kit).versions.known)
    known = any((each.name, each.version) == (checklist.name, checklist.version) for each in adopted)
    if checklist.in_force_from > kit.today and not known:  # a version that is moved leaves the one before it in force
        return
    clips = count_earlier(with_checklist(checklist, kit), kit)
    if clips:
        raise ShorterRetention(path=path, clips=clips)
