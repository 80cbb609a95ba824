"""How long clips are kept: what is due by which rule, holds, the list, objections. Removal itself is in `expiry.py`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from avrecord.errors import BadInput, ConfigError, EvidenceError, UnknownName
from avrecord.model.clip import ClipId
from avrecord.model.keeping import Fate, Ground, Keeping
from avrecord.model.moments import day_begins, from_utc_text, local_day, utc_text
from avrecord.model.spans import months_later
from avrecord.model.statement import Body, ExpiryListed, ExpiryUndone, HoldLifted, HoldSet
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.link import link_all, undecided
from avrecord.pipeline.record import catch_up, state
from avrecord.rules.retention import decisive, fate_of, is_earlier, kept_until
from avrecord.settings import RetentionTable
from avrecord.store import documents, keeping
from avrecord.store.keeping import Versions
from avrecord.store.sqlite import Row

END_OF_TIME = "9999"
OVER = (Fate.DUE, Fate.PERSON, Fate.WAITING)


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how long: the lists, and the two settings. Another one is asked "what if" with it."""

    versions: Versions
    unlinked_months: int
    case_years: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One clip: its row, what keeps it, the ground that keeps longest, and its one state on the day asked."""

    row: Row
    keeping: Keeping
    ground: Ground
    fate: Fate

    @property
    def clip(self) -> str:
        return self.keeping.clip


SHORTER_AFTER = timedelta(days=30)  # from the change of a setting until a shorter span counts
ONE_CLIP = {"undone": "undone_of", "listed": "listed_of"}
"""What people said of one clip's removal: the query for each."""


class Book:
    """Everything that clips are judged by, read once. `rules`: those of now unless others are asked about."""

    def __init__(self, kit: Kit, rules: Rules | None = None) -> None:
        catch_up(kit)
        self._kit = kit
        self.rules = rules or rules_now(kit)
        self.holds = keeping.holds(kit.records)
        self._spoken: dict[str, dict[str, Row]] = {}
        self._undecided: Callable[[ClipId], bool] | None = None

    def over(self, day: date) -> Iterator[Kept]:
        """Clips whose time is over on a day by date alone: due, for a person, held, or on a list."""
        for said, query in (("undone", "undone_all"), ("listed", "listed_all")):
            self._spoken[said] = {row["clip_id"]: row for row in self._kit.store.rows(query)}
        latest = day_begins(_months_before(day, self.rules.unlinked_months) + timedelta(days=1))
        for rows, links in keeping.pages(self._kit.records, utc_text(latest)):
            for row in rows:
                found = self.of(row, links.get(row["clip_id"], []), day)
                until = found.ground.until
                if until is not None and until < day:
                    yield found

    def of(self, row: Row, links: Iterable[Row], day: date) -> Kept:
        """One clip on a day. Proposals are asked for only where nothing else keeps it: that takes a look around."""
        links = list(links)
        clip = row["clip_id"]
        cases = frozenset(link["case_no"] for link in links)
        held = tuple(each for each in self.holds if each.covers(clip, cases, row["recorder"], _days(row)))
        found = Keeping(clip, tuple(self._grounds(row, links)), held, tuple(_needs(row)), self.listed(clip) is not None)
        if fate_of(found, day) in OVER and self._is_undecided(ClipId(clip)):
            found = replace(found, needs=(*found.needs, "proposals"))
        listed = self.listed(clip)
        named = listed["needs"].split() if listed else []
        # A proposal is decided by linking or turning down, never by naming the clip: another one may have come since.
        found = replace(found, needs=tuple(need for need in found.needs if need not in named or need == "proposals"))
        return Kept(row, found, decisive(found.grounds), fate_of(found, day))

    def one(self, clip: str, day: date) -> Kept | None:
        """One clip that is in the vault by its id."""
        found = keeping.one(self._kit.records, clip)
        return self.of(*found, day) if found else None

    def ground(self, clip: str) -> Ground | None:
        """What keeps a clip longest; None for one that is not in the vault."""
        found = keeping.one(self._kit.records, clip)
        return decisive(self._grounds(*found)) if found else None

    def until(self, row: Row, links: Iterable[Row]) -> date | None:
        """The last day on which anything but a hold keeps a clip; None: it never ends by itself."""
        return decisive(self._grounds(row, links)).until

    def listed(self, clip: str) -> Row | None:
        """The first list that names a clip and that nobody objected to since."""
        return self._said("listed", clip)

    def _said(self, what: str, clip: str) -> Row | None:
        """Read whole for a walk over all clips, row by row for single ones."""
        if what in self._spoken:
            return self._spoken[what].get(clip)
        return self._kit.store.row(ONE_CLIP[what], clip_id=clip)

    def _grounds(self, row: Row, links: Iterable[Row]) -> Iterator[Ground]:
        sealed = _day_of(row["sealed_at"])
        months = self.rules.unlinked_months
        yield Ground("unlinked", f"{months}m", sealed, months_later(sealed, months), "settings")
        for link in links:
            yield self._of_stage(link, sealed)
        if said := self._said("undone", row["clip_id"]):
            yield Ground("undone", "", sealed, date.fromisoformat(said["until"]), f"log:{said['seq']}")

    def _of_stage(self, link: Row, sealed: date) -> Ground:
        """What the list in force on the stage's day says of it. A stage, or an item, that nobody knows ends nothing."""
        where = {"case": link["case_no"], "stage": link["stage_id"]}
        if link["starts"] is None:
            return Ground("stage", "", sealed, None, "settings", **where)
        version = self.rules.versions.on(_day_of(link["starts"]))
        item = version.checklist.item_for(link["case_kind"], link["stage"]) if version else None
        since = max(sealed, _day_of(link["ends"]))
        if version is None or item is None:
            return Ground("stage", "", since, None, f"log:{version.seq}" if version else "settings", **where)
        until = kept_until(item.retention, since, self.rules.case_years)
        name = f"{version.checklist.name} {version.checklist.version}"
        return Ground("stage", item.retention, since, until, f"log:{version.seq}", item=item.code, checklist=name, **where)

    def _is_undecided(self, clip: ClipId) -> bool:
        self._undecided = self._undecided or undecided(self._kit)
        return self._undecided(clip)


def rules_now(kit: Kit) -> Rules:
    found = kit.settings.retention
    before = list(_settings_lately(kit))
    months = max([found.unlinked_months, *(each.unlinked_months for each in before)])
    years = [each.case_years for each in [found, *before]]
    return Rules(keeping.versions(kit.records), months, 0 if 0 in years else max(years))


def _settings_lately(kit: Kit) -> Iterator[RetentionTable]:
    """Settings that were in force within the last days: shorter ones hold only when everybody had the time to see them."""
    edge = utc_text(kit.clock() - SHORTER_AFTER)
    for row in kit.store.rows("configs_until", edge=edge):
        try:
            yield RetentionTable(**tomllib.loads(kit.attachments.get(row["config"]).decode()).get("retention", {}))
        except (EvidenceError, OSError, ValueError, TypeError):
            continue  # a configuration that nobody can read any more says nothing; verify names what is gone


def earlier(other: Rules, day: date, kit: Kit) -> Iterator[tuple[Kept, Kept]]:
    """Clips that other rules would let expire sooner than those of now, whenever that is: (as if, as it is), both on a day."""
    now, then = Book(kit), Book(kit, other)
    for row, stages in _sooner(now, then, kit):
        yield then.of(row, stages, day), now.of(row, stages, day)


def count_earlier(other: Rules, kit: Kit) -> int:
    """How many they are."""
    return sum(1 for _ in _sooner(Book(kit), Book(kit, other), kit))


def _sooner(now: Book, then: Book, kit: Kit) -> Iterator[tuple[Row, list[Row]]]:
    for rows, links in keeping.pages(kit.records, END_OF_TIME):
        for row in rows:
            stages = links.get(row["clip_id"], [])
            if is_earlier(now.until(row, stages), then.until(row, stages)):
                yield row, stages


def hold(hold: HoldSet, why: str, by: str, kit: Kit) -> int:
    """State a hold; return its number, the leaf that says it. Raises UnknownName for a case or a recorder that nobody knows."""
    if hold.case is not None and kit.store.row("known_case", case_no=hold.case) is None:
        raise UnknownName(what="案件", name=hold.case)
    if hold.recorder is not None and kit.store.row("known_recorder", recorder=hold.recorder) is None:
        raise UnknownName(what="记录仪", name=hold.recorder)
    [made] = state(kit, [replace(hold, why=kit.attachments.put(why.encode()))], by)
    return made.seq


def lift(number: int, why: str, by: str, kit: Kit) -> None:
    """State that a hold ends. Raises UnknownName for none, or one that ended before."""
    row = kit.store.row("one_hold", hold=number)
    if row is None or row["lifted_seq"] is not None:
        raise UnknownName(what="在效的冻结", name=str(number))
    digest = kit.attachments.put(why.encode())
    state(kit, [HoldLifted(hold=number, clip=row["clip_id"], case=row["case_no"], why=digest)], by)


def list_due(named: Iterable[str], by: str, kit: Kit) -> list[Kept]:
    """State the list of what is due today, with those that a person named though something about them asks for a person.

    Raises ConfigError while expiry is off, BadInput for a named clip that is held or whose time is not over.
    """
    assert_enabled(kit)
    link_all(kit)  # what a crash left unlinked is linked first: a link keeps
    book, day = Book(kit), kit.today
    wanted = set(named)
    found = [each for each in book.over(day) if each.fate is Fate.DUE or (each.fate is Fate.PERSON and each.clip in wanted)]
    if left := wanted - {each.clip for each in found}:
        detail = "没有到期、已被冻结，或已在清单中，不能列入"
        raise BadInput(path=f"片段 {min(left)[:12]}", detail=detail)
    if found:
        listed = kit.attachments.put(documents.write("expiry", {"clips": [listed_row(each) for each in found]}))
        bodies: list[Body] = [ExpiryListed(listed=listed, clips=len(found), bytes=sum(each.row["size"] for each in found))]
        state(kit, bodies, by)
    return found


def undo(clip: ClipId, why: str, by: str, kit: Kit) -> date:
    """Take a clip off the list; return the day until which it is kept on. Raises UnknownName for one that is on none."""
    if Book(kit).listed(clip.hex) is None:
        raise UnknownName(what="清单中的片段", name=clip.short)
    until = kit.today + timedelta(days=kit.settings.retention.undo_days)
    state(kit, [ExpiryUndone(clip=clip.hex, until=until.isoformat(), why=kit.attachments.put(why.encode()))], by)
    return until


def assert_enabled(kit: Kit) -> None:
    if kit.settings.retention.expiry == "off":
        detail = '到期移除未启用（[retention] expiry = "off"），只能查看'
        raise ConfigError(path=kit.root / "station.toml", detail=detail)


def listed_row(kept: Kept) -> dict[str, Any]:
    """One clip on the list: what it is, the rule, its last day."""
    row, until = kept.row, kept.ground.until
    return {
        "clip": kept.clip, "name": row["name"], "stored": row["stored"], "size": row["size"], "recorder": row["recorder"],
        "until": until.isoformat() if until else "", "rule": rule_text(kept.ground), "needs": list(kept.keeping.needs),
    }  # fmt: skip


def rule_text(ground: Ground) -> str:
    """The decisive rule in one line, as statements hold it."""
    where = f" {ground.case} {ground.stage} [{ground.checklist} {ground.item}]" if ground.why == "stage" else ""
    return f"{ground.why} {ground.retention} from {ground.since.isoformat()}{where} ({ground.row})"[:1000]


def _needs(row: Row) -> Iterator[str]:
    if row["set_aside"]:
        yield "set_aside"
    if not row["recorder"] or not row["registered"]:
        yield "unknown_recorder"
    if row["damaged"] or row["outcome"] in ("partial", "unreadable", "failed"):
        yield "damaged"
    if row["outcome"] is None and row["media"] in ("video", "audio"):
        yield "unexamined"  # of unknown length: no rule could link it
    if row["media"] in ("log", "other"):
        yield "device_log"  # tracks and logs belong to no stage, and may speak for footage that is kept for ever
    if row["important"]:
        yield "important"
    if row["claim_doubt"]:
        yield "claim_doubt"


def _days(row: Row) -> tuple[date, ...]:
    """Days that a clip's footage may be of: by its own clock, a day on either side since clips run over midnight and clocks are
    off, and the day on which it came."""
    own = date.fromisoformat(row["day"])
    return *(own + timedelta(days=n) for n in (-1, 0, 1)), _day_of(row["sealed_at"])


def _day_of(moment: str) -> date:
    return local_day(from_utc_text(moment))


def _months_before(day: date, months: int) -> date:
    """The latest day from which a span of months may be over on `day`. Never too early: the exact rule decides after it."""
    years, month = divmod(day.month - 1 - months, 12)
    return date(max(1, day.year + years), month + 1, 1) + timedelta(days=31)
