"""备查: a unit that found nothing hands over at least one complete recording package (附件9 通知 一(四))."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from avrecord.errors import CannotWrite, NothingComplete, UnknownName
from avrecord.model.case import Account, MarkKind
from avrecord.pipeline.bundle import Bundle, make_bundle
from avrecord.pipeline.footing import assert_outside
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import accounts
from avrecord.pipeline.opinion import write_opinion
from avrecord.rules.judging import is_whole, lacks

BAG, PAGE = "资料包", "音像记录核查意见.docx"


@dataclass(frozen=True, slots=True)
class Package:
    """What was handed over: of which case, and how many other cases lack something."""

    case: str
    bundle: Bundle
    open_cases: int


def make_package(unit: str, out: Path, by: str, kit: Kit, **span: str) -> Package:
    """The unit's most complete case as a bag with proofs, and its opinion beside it, in `out`, which must not exist.

    Complete: all its stages are listed and recorded, nothing that the list requires is missing, and the check or a person
    saw each required segment. Raises UnknownName, NothingComplete, CannotWrite.
    """
    assert_outside(out, kit)
    cases: dict[str, list[Account]] = {}
    for account in accounts(kit, unit=unit, **span):
        cases.setdefault(account.stage.id.case, []).append(account)
    if not cases:
        raise UnknownName(what="单位", name=unit)
    open_cases = [case for case, found in cases.items() if any(lacks(each, is_whole(each.mode)) for each in found)]
    complete = [case for case, found in cases.items() if case not in open_cases and _worth(found)]
    if not complete:
        raise NothingComplete(unit=unit, cases=len(cases))
    best = max(sorted(complete), key=lambda case: _worth(cases[case]))
    if out.exists():
        raise CannotWrite(path=out, detail="已存在")
    try:
        out.mkdir(parents=True)
    except OSError as error:
        raise CannotWrite(path=out, detail=error.strerror or str(error)) from error
    bundle = make_bundle(best, out / BAG, by, kit)
    write_opinion(best, out / PAGE, by, kit)
    return Package(best, bundle, len(open_cases))


def _worth(found: list[Account]) -> int:
    """How much of what the list requires is shown; 0 for a case that is not recorded throughout or not listed."""
    if any(each.mode is None or not each.clips for each in found):
        return 0
    return sum(1 + sum(mark.mark is MarkKind.SEEN for mark in each.marks) for each in found)
