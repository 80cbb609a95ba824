"""What people should look at next, and how often the check and they agree."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from avrecord.model.case import Account, Mark
from avrecord.model.moments import utc_text
from avrecord.pipeline.care import utc_of
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.missing import account_for, accounts, mark_asked, why_blind
from avrecord.rules.agreement import Agreement, Judged, agreement
from avrecord.rules.queueing import Quota, Waiting, key_of, to_sample, unit_key, waiting
from avrecord.rules.reviewing import decisions


def queue(kit: Kit, **filters: str) -> list[Waiting]:
    """What waits for a person: what is required and not shown first, then a sample of what the check says it saw.

    Only stages whose grace days are over: before, footage may still come.
    """
    now = kit.clock()
    grace = timedelta(days=kit.settings.coverage.grace_days)
    ready = [account for account in accounts(kit, **filters) if account.stage.end + grace <= now]
    found = waiting(ready, now)
    quota = Quota(kit.settings.review.per_officer, kit.settings.review.per_unit)
    rank = {key_of(each): _lot(each, kit) for each in _all_seen(ready)}
    return found + to_sample(ready, _done_this_month(now, kit), quota, rank)


def agreed(kit: Kit, *, unit: str = "", **span: str) -> tuple[Agreement, ...]:
    """Marks against the reviews in force, of stages of a unit in a span (`since`, `until`: UTC text)."""
    drawn = {(row["case_no"], row["stage_id"]) for row in kit.store.rows("drawn_stages")}
    return agreement(_judged(kit, drawn, unit, **span))


def _judged(kit: Kit, drawn: set[tuple[str, str]], unit: str, **span: str) -> Iterator[Judged]:
    why = why_blind(kit)
    for stage in kit.records.stages_reviewed(**span):
        if unit and stage.unit != unit:
            continue
        account = account_for(stage, why, kit)
        for item, decided in decisions(account.reviews, account.four_eyes).items():
            if decided.pending or item not in kit.segments:
                continue
            mark = mark_asked(account, item, why, kit)
            yield Judged(
                item,
                _check_of(item, mark, account, kit),
                mark.mark.value,
                decided.decision,
                (stage.id.case, stage.id.name) in drawn,
            )


def _check_of(item: str, mark: Mark, account: Account, kit: Kit) -> str:
    """The check and version that a mark rests on: of what it saw, else of those that went through the stage's clips."""
    if mark.observation:
        return mark.observation.check
    looked = {check for each in kit.records.examinations_of(account.stage.id).values() for check in each.checks}
    return " ".join(sorted(check for check in looked if check.startswith(f"{item}@")))


def _all_seen(ready: list[Account]) -> Iterator[Waiting]:
    for account in ready:
        for mark in account.marks:
            yield Waiting(account, mark.segment, "sample", "", 0)


def _lot(each: Waiting, kit: Kit) -> str:
    """An order that nobody chose: by the station and what is asked about. For a sample that convinces others: `audit draw`."""
    return hashlib.sha256("\n".join((kit.station, *key_of(each))).encode()).hexdigest()


def _done_this_month(now: datetime, kit: Kit) -> Counter[str]:
    span = {"since": utc_of(kit.today.replace(day=1)), "until": utc_text(now + timedelta(days=1))}
    done = Counter({row["officer"]: row["reviewed"] for row in kit.store.rows("reviews_of_officers", **span)})
    done.update(unit_key(row["unit"]) for row in kit.store.rows("reviews_between", **span))
    return done
