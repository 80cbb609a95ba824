"""人工复核 at the bureau: a person decides over what a station's log shows; the station states it when it comes by.

The decision stands in the bureau's own log at once, with the signed letter. The letter lies in the store until the station's log
holds the decision, so that a store which loses it gets it again.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from avrecord.bureau import stations
from avrecord.bureau.views import Views
from avrecord.errors import AvrecordError, BadQuestion, EvidenceError, StationFrozen
from avrecord.model.case import StageId
from avrecord.model.moments import utc_text
from avrecord.model.statement import ReviewLeft
from avrecord.pipeline.kit import Kit
from avrecord.pipeline.letters import ENDING, REVIEWS, is_overtaken
from avrecord.pipeline.record import catch_up, state
from avrecord.pipeline.review import assert_reviewable
from avrecord.pipeline.storing import reply_prefix
from avrecord.store import letter
from avrecord.store.letter import NAMESPACE, Letter
from avrecord.store.sqlite import Row
from avrecord.vault.objects import Objects


class Fate(StrEnum):
    """What became of a decision."""

    WAITING = "waiting"
    """The station has not come by since."""
    STATED = "stated"
    """It stands in the station's log."""
    DIFFERS = "differs"
    """The station named the letter and stated something else: that is for a person to look into."""
    OVERTAKEN = "overtaken"
    """Somebody at the station decided before the letter came: it is not stated; who wrote it may decide again."""


@dataclass(frozen=True, slots=True)
class Left:
    """One decision taken here: its row in this bureau's log, and what became of it. `leaf`: of the station's log, once stated."""

    row: Row
    fate: Fate
    leaf: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What a person decided. `shown`: leaves of the station's log that the page was made of; None: as many as are known now."""

    item: str
    decision: str
    by: str
    why: str
    shown: int | None = None


def decide(station: str, view: Kit, stage: StageId, said: Said, kit: Kit) -> None:
    """State a decision here and sign the letter. `view`: the station as its log shows it.

    Raises UnknownName, OwnReview, BadQuestion, and StationFrozen for a station whose log is not believed any more.
    """
    if reason := stations.frozen_for(station, kit):
        raise StationFrozen(station=station, detail=reason, path=stations.memory(station, kit))
    assert_reviewable(stage, said.item, said.decision, said.by, view)
    if len(said.why) > letter.LONGEST:  # no station would take it, and it would wait for ever
        raise BadQuestion(what="理由", detail=f"太长，至多 {letter.LONGEST} 字")
    after = view.log.size if said.shown is None else max(0, min(said.shown, view.log.size))
    content = letter.write(
        Letter(station, stage.case, stage.name, said.item, said.decision, said.why, said.by, utc_text(kit.clock()), after)
    )
    signature = kit.sealer.sign_receipt(content, NAMESPACE).encode()
    put = kit.attachments.put
    body = ReviewLeft(
        of_station=station, case=stage.case, stage=stage.name, item=said.item, decision=said.decision,
        letter=put(content), signature=put(signature),
    )  # fmt: skip
    state(kit, [body], said.by)


def leave_letters(objects: Objects, kit: Kit) -> int:
    """Put what waits for a station into the store, in the order in which it was decided; how many are new there."""
    catch_up(kit)
    count = 0
    for each in left(kit):
        if each.fate is not Fate.WAITING:
            continue
        try:
            count += _leave(objects, each.row, kit)
        except EvidenceError as error:  # one letter's trouble keeps no other waiting; a store that is away keeps all of them
            kit.tell("letter_failed", station=each.row["of_station"], detail=str(error))
    return count


def left(kit: Kit, station: str = "", case: str = "") -> list[Left]:
    """Decisions taken here, of one station or case or all, in their order. A station that cannot be asked has them waiting."""
    rows = kit.store.rows("left_reviews", of_station=station, case_no=case)
    found: list[Left] = []
    with closing(Views(kit)) as views:
        for name, some in groupby(sorted(rows, key=lambda row: (row["of_station"], row["seq"])), lambda row: row["of_station"]):
            mine = list(some)
            try:
                with stations.alone(name), views.of(name) as view:
                    known = [_left(row, view, kit) for row in mine]
            except AvrecordError as error:
                kit.tell("station_failed", station=name, detail=str(error))
                known = [Left(row, Fate.WAITING) for row in mine]
            found += known
    return sorted(found, key=lambda each: int(each.row["seq"]))


def letter_of(row: Row, kit: Kit) -> Letter:
    """The letter of a decision. Raises EvidenceError when it is gone or altered."""
    return letter.read(kit.attachments.get(row["letter"]))


def _left(row: Row, view: Kit, kit: Kit) -> Left:
    if stated := view.store.row("review_by_letter", letter=row["letter"]):
        same = all(stated[name] == row[name] for name in ("case_no", "stage_id", "item", "decision", "by_whom"))
        return Left(row, Fate.STATED if same else Fate.DIFFERS, int(stated["seq"]))
    try:
        overtaken = is_overtaken(letter_of(row, kit), view)
    except EvidenceError:  # of this bureau's own disk; `verify` names it
        overtaken = False
    return Left(row, Fate.OVERTAKEN if overtaken else Fate.WAITING)


def _leave(objects: Objects, row: Row, kit: Kit) -> bool:
    name = f"{row['seq']:012d}-{row['letter']}{ENDING}"  # stations take them by name: in this order
    key = f"{reply_prefix(row['of_station'])}{REVIEWS}{name}"
    objects.put(f"{key}.sig", kit.attachments.get(row["signature"]))
    return objects.put(key, kit.attachments.get(row["letter"]))
